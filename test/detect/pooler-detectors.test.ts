/** Passwords guessed at the built-in PgBouncer: only its own log knows of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage } from '../../src/decode/message.ts';
import { alertsFrom, HOUR, type Line, SECOND, T0 } from './support.ts';

function pooler(at: number, text: string): Line {
  const time = new Date(at).toISOString();
  const log = `${time.replace('T', ' ').replace('Z', '')} UTC [1] LOG ${text}`;
  const raw = {
    category: 'PostgreSQLFlexPGBouncer',
    log,
    time,
    LogicalServerName: 'pg-1',
    resourceId: '/X/PG-1',
  };
  const { records } = decodeMessage(Buffer.from(JSON.stringify({ records: [raw] })), { prefixes: [] });
  return { record: records[0]!, features: null };
}

/** One sign-in at the pooler, and how it ends. */
function attempt(at: number, port: number, ending: string, lasts = 100): Line[] {
  const client = `C-0x55fdcb116670: orders/app_rw@203.0.113.7:${port}`;
  return [
    pooler(at, `${client} login attempt: db=orders user=app_rw tls=no replication=no`),
    pooler(at + lasts, `${client} closing because: ${ending} (age=0s)`),
  ];
}

const guesses = (count: number) =>
  Array.from({ length: count }, (_, n) =>
    attempt(T0 + n * SECOND, 40_000 + n, 'password authentication failed'),
  ).flat();

test('A01: a brute force through PgBouncer is found with the address of the client', async (t) => {
  const alerts = await alertsFrom(t, 'A01', guesses(12));
  assert.deepEqual(
    alerts.map(({ entity, evidence_count }) => [entity, evidence_count]),
    [['app_rw@203.0.113.7', 12n]],
  );
});

test('A02: one that succeeds is found when the client leaves', async (t) => {
  const success = attempt(T0 + 20 * SECOND, 50_000, 'client close request');
  const [alert] = await alertsFrom(t, 'A02', [...guesses(12), ...success]);
  assert.equal(alert?.entity, 'app_rw@203.0.113.7');
});

test('A02: one who stays for twenty hours is judged by the failures before he came', async (t) => {
  const stay = attempt(T0 + 20 * SECOND, 50_000, 'client close request', 20 * HOUR);
  const [alert] = await alertsFrom(t, 'A02', [...guesses(12), ...stay]);
  assert.match(alert?.summary ?? '', /after 12 refused passwords/);
});

test('A02 is silent: a client that was connected already when the guessing began', async (t) => {
  const early = attempt(T0 - SECOND, 50_000, 'client close request', HOUR);
  assert.deepEqual(await alertsFrom(t, 'A02', [...guesses(12), ...early]), []);
});

test('A01 is silent about clients that come and go', async (t) => {
  const visits = Array.from({ length: 30 }, (_, n) =>
    attempt(T0 + n * SECOND, 40_000 + n, 'client close request'),
  );
  assert.deepEqual(await alertsFrom(t, 'A01', visits.flat()), []);
});
