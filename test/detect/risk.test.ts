/** Risk of users and clients, and the chain that is made of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { saveChanges } from '../../src/alerts/alert-store.ts';
import { insertEntry } from '../../src/alerts/allow-list/allow-table.ts';
import { foldEvidence, type Lane } from '../../src/alerts/lifecycle.ts';
import { collectEvidence } from '../../src/detect/evidence.ts';
import { bindParameters } from '../../src/detect/parameters.ts';
import { timestamp } from '../../src/store/rows.ts';
import type { Store } from '../../src/store/store.ts';
import { armDetectors } from '../../src/worker/arming.ts';
import { Detection } from '../../src/worker/detection.ts';
import { allowEntry, evidenceRow } from '../alerts/allow-list/support.ts';
import { temporaryStore } from '../store/support.ts';
import { audited, detectorOf, HOUR, MINUTE, signIn, storedAlerts, T0, write } from './support.ts';

interface Found {
  id: string;
  tactic: string | null;
  risk: number | null;
  at: number;
  user?: string | null;
  client?: string | null;
  server?: string;
  lane?: Lane;
}

/** Alerts of detectors, one row of evidence each. */
async function store(target: Store, found: readonly Found[]): Promise<void> {
  await target.transaction(async (transaction) => {
    for (const [index, { id, tactic, risk, at, lane = 'open', ...who }] of found.entries()) {
      const kind = {
        id,
        name: 'a.b',
        title: 't',
        severity: 'low' as const,
        quiet: MINUTE,
        lane,
        tactic,
        risk,
      };
      const row = evidenceRow(BigInt(index + 1), { user: 'bob', ...who, entity: `${index}`, eventTime: at });
      await saveChanges(transaction, foldEvidence(kind, [], [row], T0));
    }
  });
}

const risks = async (target: Store) =>
  (
    await target.rows<{ line: string }>(
      `SELECT concat_ws(' ', server, entity_kind, entity, score, alert_count, array_to_string(tactics, '+'),
         array_to_string(detectors, '>')) AS line FROM risk ORDER BY line`,
    )
  ).map(({ line }) => line);

test('a detector adds its risk once, for the user, or for the client where no user is known', async (t) => {
  const target = await temporaryStore(t);
  await store(target, [
    { id: 'B', tactic: 'impact', risk: 50, at: T0 + 2 },
    { id: 'A', tactic: 'discovery', risk: 20, at: T0 },
    { id: 'A', tactic: 'discovery', risk: 30, at: T0 + 1 },
    { id: 'A', tactic: 'discovery', risk: 20, at: T0, user: null },
    { id: 'A', tactic: 'discovery', risk: 20, at: T0, server: 'pg-2' },
  ]);
  assert.deepEqual(await risks(target), [
    'pg-1 client 203.0.113.7 20 1 discovery A',
    'pg-1 user bob 80 3 discovery+impact A>B',
    'pg-2 user bob 20 1 discovery A',
  ]);
});

test('only the last day of an entity counts, and no shadow, nothing allowed or suppressed, no correlation', async (t) => {
  const target = await temporaryStore(t);
  await store(target, [
    { id: 'A', tactic: 'discovery', risk: 20, at: T0 },
    { id: 'B', tactic: 'impact', risk: 30, at: T0 + 24 * HOUR },
    { id: 'C', tactic: 'stealth', risk: 40, at: T0 + 24 * HOUR, lane: 'shadow' },
    { id: 'D', tactic: 'stealth', risk: 40, at: T0 + 24 * HOUR, lane: 'allowed' },
    { id: 'E', tactic: 'stealth', risk: 40, at: T0 + 24 * HOUR, lane: 'suppressed' },
    { id: 'F', tactic: null, risk: null, at: T0 + 30 * HOUR },
    { id: 'H', tactic: 'stealth', risk: 0, at: T0 + 30 * HOUR },
    { id: 'I', tactic: 'stealth', risk: 9, at: T0, user: null, client: null },
  ]);
  assert.deepEqual(await risks(target), ['pg-1 user bob 30 1 impact B']);
});

const attack = [
  ...signIn(T0, { session: 's', user: 'bob', client: '203.0.113.7' }),
  audited(T0 + MINUTE, { session: 's' }, 'CREATE ROLE evil SUPERUSER', {
    class: 'ROLE',
    command: 'CREATE ROLE',
  }),
  audited(T0 + 2 * MINUTE, { session: 's' }, "COPY t FROM PROGRAM 'id'", { class: 'WRITE', command: 'COPY' }),
];

async function detect(target: Store, shadows: readonly string[] = []): Promise<string[]> {
  const { armed } = await armDetectors(target, { detectorFolders: [], modes: {}, parameters: {} });
  assert.equal(armed.at(-1)?.detector.id, 'C01', 'it runs after the others');
  const detectors = armed
    .filter(({ detector }) => ['P02', 'E01', 'C01'].includes(detector.id))
    .map((one) => ({ ...one, mode: shadows.includes(one.detector.id) ? ('shadow' as const) : one.mode }));
  await new Detection({
    store: target,
    detectors,
    latenessMs: 0,
    timeoutMs: 30_000,
    now: Date.now,
  }).finish();
  return (await storedAlerts(target)).map(({ detector, status }) => `${detector} ${status}`).sort();
}

test('a chain is seen in the same look as its parts, and told once', async (t) => {
  const target = await temporaryStore(t);
  await write(target, attack);
  assert.deepEqual(await detect(target), ['C01 open', 'E01 open', 'P02 open']);
  await write(target, [
    audited(T0 + 3 * MINUTE, { session: 's' }, "COPY t FROM PROGRAM 'x'", { class: 'WRITE' }),
  ]);
  assert.deepEqual(await detect(target), ['C01 open', 'E01 open', 'P02 open']);
  const [chain] = (await storedAlerts(target)).filter(({ detector }) => detector === 'C01');
  assert.equal(chain?.evidence_count, 3n);
});

test('a part that is a shadow or allowed is no part', async (t) => {
  const shadowed = await temporaryStore(t);
  await write(shadowed, attack);
  assert.deepEqual(await detect(shadowed, ['P02']), ['E01 open', 'P02 shadow']);

  const allowed = await temporaryStore(t);
  const entry = allowEntry({ detector: 'P02', user: 'bob', startsAt: 0, expiresAt: Date.UTC(2100, 0) });
  await allowed.transaction((transaction) => insertEntry(transaction, entry));
  await write(allowed, attack);
  assert.deepEqual(await detect(allowed), ['E01 open', 'P02 allowed']);
});

test('a long chain is not told anew at every look', async (t) => {
  const target = await temporaryStore(t);
  await write(target, attack);
  await detect(target);
  const detector = await detectorOf('C01');
  const connection = await target.connect();
  t.after(() => connection.closeSync());
  const values = { ...bindParameters(detector), since: timestamp(T0), until: timestamp(T0 + HOUR) };
  assert.deepEqual(await collectEvidence(connection, detector, values), []);
});
