import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { saveChanges } from '../../src/alerts/alert-store.ts';
import { CHANNEL_EVENTS } from '../../src/alerts/channels/channel.ts';
import { AlertDesk } from '../../src/alerts/desk.ts';
import type { Actor } from '../../src/alerts/history.ts';
import type { AlertMessage } from '../../src/alerts/message.ts';
import { Notifier } from '../../src/alerts/notifier.ts';
import type { Route } from '../../src/alerts/routing.ts';
import type { Alert } from '../../src/model/alert.ts';
import type { Store } from '../../src/store/store.ts';
import { alertWith, NOW, temporaryStore } from './support.ts';

const DBA: Actor = { name: 'dba@example.com', via: 'cli' };
const ALL: Route = { name: 'soc', minSeverity: 'info', events: CHANNEL_EVENTS };

async function deskWith(
  t: TestContext,
  alerts: readonly Partial<Alert>[],
  routes: readonly Route[] = [ALL],
): Promise<{ store: Store; desk: AlertDesk }> {
  const store = await temporaryStore(t);
  const changes = alerts.map((one) => ({
    alert: alertWith(one),
    added: [],
    change: 'opened' as const,
    before: null,
  }));
  await store.transaction((transaction) => saveChanges(transaction, changes));
  const desk = new AlertDesk({
    store,
    notifier: new Notifier({ routes }),
    detectorFolders: [],
    now: () => NOW + 1,
  });
  return { store, desk };
}

async function messages(store: Store): Promise<AlertMessage[]> {
  const rows = await store.rows<{ body: string }>('SELECT body FROM store.outbox ORDER BY rowid');
  return rows.map(({ body }) => JSON.parse(body) as AlertMessage);
}

describe('the desk', () => {
  it('acknowledges, closes and reopens; who did what is on record, and the channels are told', async (t) => {
    const { store, desk } = await deskWith(t, [{}]);
    const id = alertWith().alertId.slice(0, 8);
    await desk.decide(id, { action: 'acknowledge', note: null }, DBA);
    await desk.decide(id, { action: 'close', reason: 'false-positive', note: 'a test' }, DBA);
    const alert = await desk.decide(id, { action: 'reopen', note: null }, { name: 'bob', via: 'api' });
    assert.deepEqual([alert.status, alert.updatedAt], ['open', NOW + 1]);
    assert.deepEqual(
      await store.rows(
        'SELECT sequence, action, actor, via, reason, note, severity FROM alert_history ORDER BY sequence',
      ),
      [
        ['acknowledged', DBA.name, 'cli', null, null],
        ['closed', DBA.name, 'cli', 'false-positive', 'a test'],
        ['reopened', 'bob', 'api', null, null],
      ].map(([action, actor, via, reason, note], index) => ({
        sequence: BigInt(index + 1),
        action,
        actor,
        via,
        reason,
        note,
        severity: 'high',
      })),
    );
    const told = await messages(store);
    assert.deepEqual(
      told.map(({ type, data }) => [type, data.status, data.change?.by, data.change?.reason]),
      [
        ['alert.acknowledged', 'acknowledged', DBA.name, null],
        ['alert.closed', 'closed', DBA.name, 'false-positive'],
        ['alert.reopened', 'open', 'bob', null],
      ],
    );
    assert.ok(
      (told[0]?.data.runbook.length ?? 0) > 0 && told[0]?.data.why !== null,
      'with what its detector says',
    );
  });

  it('tells each channel what it wants to know', async (t) => {
    const routes: Route[] = [ALL, { ...ALL, name: 'chat', events: ['opened', 'updated'] }];
    const { store, desk } = await deskWith(t, [{}], routes);
    await desk.decide('al_', { action: 'close', reason: 'resolved', note: null }, DBA);
    await desk.decide('al_', { action: 'reopen', note: null }, DBA);
    const rows = await store.rows("SELECT channel || ' ' || type AS told FROM deliveries ORDER BY told");
    assert.deepEqual(
      rows.map(({ told }) => told),
      ['chat alert.reopened', 'soc alert.closed', 'soc alert.reopened'],
    );
  });

  it('gives two equal steps two ids', async (t) => {
    const { store, desk } = await deskWith(t, [{}]);
    await desk.decide('al_', { action: 'acknowledge', note: null }, DBA);
    await desk.decide('al_', { action: 'acknowledge', note: null }, { name: 'bob', via: 'cli' });
    const [row] = await store.rows(
      'SELECT count(DISTINCT webhook_id) AS ids, count(*) AS n FROM store.outbox',
    );
    assert.deepEqual({ ...row }, { ids: 2n, n: 2n });
  });

  it('refuses what makes no sense, and changes nothing then', async (t) => {
    const { store, desk } = await deskWith(t, [
      { alertId: 'al_open1' },
      { alertId: 'al_open2' },
      { alertId: 'al_closed', status: 'closed' },
      { alertId: 'al_shadow', status: 'shadow' },
      { alertId: 'al_held', status: 'held' },
    ]);
    const close = { action: 'close', reason: 'resolved', note: null } as const;
    for (const [id, decision, code, text] of [
      ['al_none', close, 'NOT_FOUND', /there is no alert al_none/],
      ['', close, 'NOT_FOUND', /there is no alert/],
      ['al_open', close, 'NOT_FOUND', /several alerts begin with al_open/],
      ['al_closed', close, 'USAGE', /closed already/],
      ['al_closed', { action: 'acknowledge', note: null }, 'USAGE', /closed already/],
      ['al_open1', { action: 'reopen', note: null }, 'USAGE', /is open, not closed/],
      ['al_shadow', close, 'USAGE', /nobody was told/],
      ['al_held', { action: 'acknowledge', note: null }, 'USAGE', /nobody was told/],
    ] as const) {
      await assert.rejects(desk.decide(id, decision, DBA), { code, message: text });
    }
    assert.deepEqual(await messages(store), []);
    assert.deepEqual(await store.rows('FROM alert_history'), []);
  });

  it('stores the step, the alert and the messages together or not at all', async (t) => {
    const { store, desk } = await deskWith(t, [{ summary: 'x' }]);
    await store.transaction((transaction) => transaction.run('ALTER TABLE store.outbox RENAME TO elsewhere'));
    await assert.rejects(desk.decide('al_', { action: 'acknowledge', note: null }, DBA), /outbox/);
    assert.deepEqual(await store.rows('FROM store.alert_history'), []);
    assert.deepEqual(await store.rows('SELECT status FROM store.alerts'), [{ status: 'open' }]);
  });

  it('says when there is no dead letter, and no disabled channel', async (t) => {
    const { desk } = await deskWith(t, []);
    await assert.rejects(desk.replay({ channel: null, delivery: null }), { code: 'NOT_FOUND' });
    await assert.rejects(desk.enable('soc'), { code: 'NOT_FOUND', message: /no channel soc is disabled/ });
  });
});
