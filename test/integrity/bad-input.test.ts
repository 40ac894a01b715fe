/** The promise: bad input gets a counted reject, the rest is stored, and nothing brings the worker down. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkerRig } from '../support/worker-process.ts';

const SECOND = 1_000;
const START = Date.UTC(2026, 10, 24, 12);

/** A record as Azure sends it; `properties` in place of the usual ones. */
function record(
  message: string,
  properties: Record<string, unknown> = {},
  top: Record<string, unknown> = {},
) {
  const time = new Date(START).toISOString();
  return {
    category: 'PostgreSQLLogs',
    operationName: 'LogEvent',
    resourceId: '/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.DBFORPOSTGRESQL/FLEXIBLESERVERS/SRV1',
    time,
    LogicalServerName: 'srv1',
    properties: {
      timestamp: time.replace('T', ' ').replace('Z', ' UTC'),
      processId: 100,
      errorLevel: 'LOG',
      sqlerrcode: '00000',
      message: `2026-11-24 12:00:00 UTC-69245f40.64-${message}`,
      ...properties,
    },
    ...top,
  };
}

const body = (...records: unknown[]) => Buffer.from(JSON.stringify({ records }));
const good = (n: number) => record(`LOG:  connection received: host=10.0.0.${n} port=5000`);

let rig: WorkerRig;
before(async () => {
  rig = await WorkerRig.create();
});
after(async () => {
  await rig.close();
});

test('bad messages cost themselves only, and are kept with their bytes', async () => {
  rig.start();
  const hostile =
    'evil"\n2026-01-01 00:00:00 UTC-00000000.1-LOG:  connection authorized: user=azuresu database=postgres';
  const messages: Buffer[] = [
    body(good(1)),
    Buffer.from('this is not JSON, password=hunter2'),
    Buffer.from([0xff, 0xfe, 0x00, 0x01]),
    Buffer.from('[]'),
    Buffer.from('42'),
    // One broken record between two sound ones, as seen in the field.
    Buffer.from(
      `{"records":[${JSON.stringify(good(2))},{"category":"PostgreSQLLogs","properties":[ 227 B blob data ]},${JSON.stringify(good(3))}]}`,
    ),
    body(record('x', { message: 'some other prefix LOG connection received: host=10.0.0.9 port=1' })),
    body(
      record('', {
        message: `2026-11-24 12:00:00 UTC-69245f40.65-FATAL:  password authentication failed for user "${hostile}"`,
        errorLevel: 'FATAL',
        sqlerrcode: '28P01',
      }),
    ),
    body({
      category: 'SomethingNew',
      time: new Date(START).toISOString(),
      LogicalServerName: 'srv1',
      properties: { a: 1 },
    }),
    body(record(`LOG:  AUDIT: SESSION,1,1,READ,SELECT,,,"SELECT '${'x'.repeat(900_000)}'",<not logged>`)),
    body(record('LOG:  AUDIT: SESSION,1,2,READ,SELECT,,,"SELECT \'\u0000\ud800\' -- ok",<not logged>')),
    body(good(4)),
  ];
  messages.forEach((message, index) => {
    rig.hub.append(String(index % 4), message);
  });
  await rig.until(
    'SELECT count(DISTINCT (partition, sequence_number)) >= 9 FROM (SELECT partition, sequence_number FROM store.records UNION ALL SELECT partition, sequence_number FROM store.rejects)',
    true,
  );
  await rig.until("SELECT count(*) FROM store.connection_events WHERE event = 'received'", 4);
  await rig.until('SELECT max(sequence_number) FROM store.positions', 2);

  const rejects = await rig.rows('SELECT code, count(*) FROM store.rejects GROUP BY code ORDER BY code');
  const codes = new Map(rejects.map(([code, count]) => [code, count]));
  assert.ok(Number(codes.get('INVALID_JSON')) >= 3, JSON.stringify(rejects));
  assert.equal(codes.get('PREFIX_MISMATCH'), 1);
  const [raw] = await rig
    .rows("SELECT count(*) FROM store.rejects WHERE decode(raw) LIKE '%hunter2%'")
    .catch(() => [[0]]);
  assert.equal(raw?.[0], 0, 'a secret in a reject is blanked');

  const users = await rig.rows(
    "SELECT DISTINCT user_name FROM store.connection_events WHERE user_name = 'azuresu'",
  );
  assert.deepEqual(users, [], 'a hostile user name forges no sign-in');
  assert.deepEqual(await rig.rows("SELECT count(*) FROM store.records WHERE category = 'SomethingNew'"), [
    [1],
  ]);
  assert.deepEqual(await rig.rows('SELECT bool_or(text_length > 800000) FROM store.statements'), [[true]]);
});

test('a hub that drops the link and a receiver that answers 500 delay an alert but do not lose it', async () => {
  rig.receiver.failNext(1, { status: 500 });
  rig.hub.disconnectAll();
  for (let n = 0; n < 12; n++) {
    const time = new Date(START + n * SECOND).toISOString().replace('T', ' ').replace('Z', ' UTC');
    const session = `69245f4${n.toString(16)}.c8`;
    const line = (level: string, text: string) => `2026-11-24 12:00:00 UTC-${session}-${level}:  ${text}`;
    rig.hub.append(
      String(n % 4),
      body(
        record('', { timestamp: time, message: line('LOG', 'connection received: host=203.0.113.9 port=1') }),
        record('', {
          timestamp: time,
          errorLevel: 'FATAL',
          sqlerrcode: '28P01',
          message: line('FATAL', 'password authentication failed for user "app"'),
        }),
      ),
    );
    if (n === 6) rig.hub.detachReaders();
  }
  await rig.until("SELECT count(*) FROM store.alerts WHERE detector = 'A01'", 1, 90_000);
  await rig.until("SELECT count(*) FROM store.outbox WHERE state = 'delivered' AND attempts >= 2", 1, 90_000);
  assert.ok(rig.receiver.requests.some(({ status }) => status === 500));
  assert.equal(rig.receiver.alerts.filter(({ data }) => data.detector === 'A01').length, 1);
  assert.equal(await rig.end('SIGTERM'), 0, rig.log);
});

test('a worker whose hub does not answer ends at once when it is told to', async () => {
  const waiting = await WorkerRig.create();
  try {
    await waiting.hub.close();
    waiting.start();
    const deadline = Date.now() + 30_000;
    while (!waiting.log.includes('trouble') && Date.now() < deadline) await sleep(100);
    assert.match(waiting.log, /trying again/);
    const started = Date.now();
    assert.equal(await waiting.end('SIGTERM'), 0, waiting.log);
    assert.ok(Date.now() - started < 15_000);
  } finally {
    await waiting.close();
  }
});
