/** Alerts close by themselves when nothing more can come, so that one thing never has two open alerts. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { CHANNEL_EVENTS } from '../../src/alerts/channels/channel.ts';
import { AlertDesk } from '../../src/alerts/desk.ts';
import { Notifier } from '../../src/alerts/notifier.ts';
import { bindParameters } from '../../src/detect/parameters.ts';
import type { Store } from '../../src/store/store.ts';
import { Detection } from '../../src/worker/detection.ts';
import { temporaryStore } from '../store/support.ts';
import { audited, detectorOf, HOUR, refusals, signIn, T0, write } from './support.ts';

const who = { user: 'app_rw', client: '203.0.113.7' };
const notifier = new Notifier({ routes: [{ name: 'soc', minSeverity: 'info', events: CHANNEL_EVENTS }] });

async function started(t: TestContext): Promise<{ store: Store; look: () => Promise<void> }> {
  const store = await temporaryStore(t);
  const detector = await detectorOf('A01'); // quiet: 4h
  const detection = new Detection({
    store,
    notifier,
    detectors: [{ detector, values: bindParameters(detector), mode: 'on' }],
    latenessMs: 0,
    timeoutMs: 30_000,
    now: Date.now,
  });
  return { store, look: () => detection.finish() };
}

/** Something that is no evidence, by which detection gets on. */
const later = (at: number) => {
  const other = { session: `x.${at}`, user: 'bob', client: '10.0.0.9' };
  return [...signIn(at, other), audited(at + 10, other, 'SELECT 1')];
};

async function life(store: Store): Promise<string[]> {
  const rows = await store.rows<{ step: string }>(
    `SELECT concat_ws(' ', action, reason) AS step FROM alert_history JOIN alerts USING (alert_id) ORDER BY first_seen, sequence`,
  );
  return rows.map(({ step }) => step);
}

async function statuses(store: Store): Promise<string[]> {
  const rows = await store.rows<{ status: string }>('SELECT status FROM alerts ORDER BY first_seen');
  return rows.map(({ status }) => status);
}

describe('an alert to which nothing more can come', () => {
  it('is closed once detection is past its quiet time, and not before; those who want to know are told', async (t) => {
    const { store, look } = await started(t);
    await write(store, refusals(T0, 12, 5_000, who));
    await look();
    await write(store, later(T0 + 55_000 + 4 * HOUR - 1_000));
    await look();
    assert.deepEqual(await statuses(store), ['open']);
    await write(store, later(T0 + 56_000 + 4 * HOUR));
    await look();
    assert.deepEqual(await statuses(store), ['closed']);
    assert.deepEqual(
      await life(store),
      ['opened', 'updated', 'closed quiet'].filter((step) => step !== 'updated'),
    );
    const commits = store.commits;
    await look();
    assert.equal(store.commits, commits, 'a look at nothing new is no commit');
    const [message] = await store.rows<{ what: string }>(
      "SELECT body->>'$.data.change.what' AS what FROM store.outbox WHERE body->>'$.type' = 'alert.closed'",
    );
    assert.equal(message?.what, 'closed, as nothing more came for 4 h');
  });

  it('is never open beside a newer one about the same', async (t) => {
    const { store, look } = await started(t);
    await write(store, refusals(T0, 12, 5_000, who));
    await look();
    await write(store, refusals(T0 + 6 * HOUR, 12, 5_000, who));
    await look();
    assert.deepEqual(await statuses(store), ['closed', 'open']);
  });

  it('is closed though somebody has it, and not when somebody closed it before', async (t) => {
    const { store, look } = await started(t);
    await write(store, refusals(T0, 12, 5_000, who));
    await look();
    const desk = new AlertDesk({ store, notifier, detectorFolders: [] });
    await desk.decide('al_', { action: 'acknowledge', note: null }, { name: 'dba', via: 'cli' });
    await write(store, later(T0 + 6 * HOUR));
    await look();
    assert.deepEqual(await life(store), ['opened', 'acknowledged', 'closed quiet']);
    await look();
    assert.equal((await life(store)).length, 3);
  });

  it('opens again when it goes on after somebody closed it', async (t) => {
    const { store, look } = await started(t);
    await write(store, refusals(T0, 12, 5_000, who));
    await look();
    const desk = new AlertDesk({ store, notifier, detectorFolders: [] });
    await desk.decide(
      'al_',
      { action: 'close', reason: 'resolved', note: null },
      { name: 'dba', via: 'cli' },
    );
    await write(store, refusals(T0 + 20 * 60_000, 12, 5_000, who));
    await look();
    assert.deepEqual(await statuses(store), ['open']);
    assert.deepEqual(await life(store), ['opened', 'closed resolved', 'reopened']);
    const types = await store.rows('SELECT type FROM deliveries ORDER BY created_at, type');
    assert.ok(types.some(({ type }) => type === 'alert.reopened'));
  });

  it('stays open while its detector fails: nobody has looked', async (t) => {
    const { store, look } = await started(t);
    await write(store, refusals(T0, 12, 5_000, who));
    await look();
    const detector = { ...(await detectorOf('A01')), sql: 'SELECT * FROM nowhere' };
    await write(store, later(T0 + 6 * HOUR));
    await new Detection({
      store,
      detectors: [{ detector, values: {}, mode: 'on' }],
      latenessMs: 0,
      timeoutMs: 30_000,
      now: Date.now,
      onFailure: () => undefined,
    }).finish();
    assert.deepEqual(await statuses(store), ['open']);
  });
});
