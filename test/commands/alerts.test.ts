import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Store } from '../../src/store/store.ts';
import { atTerminal, pgvigil, RECORDING, workFolder } from './pgvigil.ts';
import { refusedPasswords } from './records.ts';

const UTC = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d+Z$/;
const FIELDS = [
  'id',
  'detector',
  'name',
  'title',
  'severity',
  'status',
  'server',
  'entity',
  'summary',
  'user',
  'client',
  'database',
  'application',
  'first_seen',
  'last_seen',
  'count',
  'sessions',
  'observed',
  'baseline',
  'threshold',
  'evidence',
];

interface Listed {
  id: string;
  detector: string;
  client: string | null;
  severity: string;
  first_seen: string;
  last_seen: string;
  count: number;
  sessions: string[];
  evidence: Record<string, unknown>[];
}

let cwd: string;
let remove: () => Promise<void>;

before(async () => {
  ({ path: cwd, remove } = await workFolder());
  await pgvigil(cwd, ['backfill', RECORDING, '-d', 'data']);
});
after(() => remove());

async function list(format: string, ...more: string[]): Promise<string> {
  const outcome = await pgvigil(cwd, ['alerts', 'list', '-d', 'data', '--format', format, ...more]);
  assert.equal(outcome.exitCode, 0, outcome.stderr);
  assert.equal(outcome.stderr, '');
  assert.doesNotMatch(outcome.stdout, /\u001b/);
  return outcome.stdout;
}

test('ndjson and json hold every field of the contract', async () => {
  const ndjson = await list('ndjson');
  const listed = ndjson
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Listed);
  assert.ok(listed.length >= 11);
  for (const alert of listed) {
    assert.deepEqual(Object.keys(alert), FIELDS);
    assert.match(alert.id, /^al_[0-9a-f]{24}$/);
    assert.match(alert.first_seen, UTC);
    assert.match(alert.last_seen, UTC);
    assert.ok(alert.first_seen <= alert.last_seen);
    assert.ok(Number.isInteger(alert.count) && alert.count > 0);
    assert.equal(alert.evidence.length, alert.count);
    assert.ok(
      alert.sessions.length > 0 && alert.sessions.every((session) => /^[0-9a-f]+\.[0-9a-f]+$/.test(session)),
    );
    for (const event of alert.evidence) {
      assert.deepEqual(Object.keys(event), [
        'record_id',
        'event_time',
        'session_id',
        'user',
        'client',
        'summary',
        'statement',
      ]);
      assert.match(String(event.event_time), UTC);
    }
  }
  const times = listed.map((alert) => alert.first_seen);
  assert.deepEqual(times, [...times].sort().reverse());
  const bruteForce = listed.find(({ detector }) => detector === 'A01');
  assert.equal(bruteForce?.client, '203.0.113.66');
  assert.deepEqual(JSON.parse(await list('json')), listed);
});

test('a limit keeps the newest', async () => {
  const all = JSON.parse(await list('json')) as Listed[];
  assert.deepEqual(JSON.parse(await list('json', '--limit', '2')), all.slice(0, 2));
});

test('the list can be narrowed to what somebody looks for', async () => {
  const all = JSON.parse(await list('json')) as (Listed & { status: string; server: string })[];
  const narrowed = async (...options: string[]) =>
    (JSON.parse(await list('json', ...options)) as Listed[]).map(({ id }) => id);
  const ids = (test: (alert: (typeof all)[number]) => boolean) => all.filter(test).map(({ id }) => id);
  assert.deepEqual(
    await narrowed('--severity', 'critical', 'low'),
    ids(({ severity }) => /critical|low/.test(severity)),
  );
  assert.deepEqual(
    await narrowed('--detector', 'A01'),
    ids(({ detector }) => detector === 'A01'),
  );
  assert.deepEqual(
    await narrowed('--detector', 'auth.brute_force_account'),
    ids(({ detector }) => detector === 'A01'),
  );
  assert.deepEqual(
    await narrowed('--status', 'open'),
    ids(({ status }) => status === 'open'),
  );
  assert.deepEqual(
    await narrowed('--server', all[0]!.server.toUpperCase()),
    ids(({ server }) => server === all[0]!.server),
  );
  const since = all[3]!.last_seen.slice(0, 19);
  assert.deepEqual(
    await narrowed('--since', since),
    ids(({ last_seen: last }) => last >= since),
  );
  assert.deepEqual(await narrowed('--since', '1h'), []);
  const wrong = await pgvigil(cwd, ['alerts', 'list', '-d', 'data', '--since', 'yesterday']);
  assert.match(wrong.stderr, /--since yesterday is no time \[USAGE\]/);
});

test('csv has one line of names and one record an alert', async () => {
  const [names, first] = (await list('csv', '--limit', '1')).split(/\r?\n/);
  assert.equal(names, FIELDS.join(','));
  assert.match(first!, /^al_[0-9a-f]{24},/);
});

test('the table fits what a person looks for', async () => {
  const table = await list('table');
  assert.match(table, /^first_seen +severity +status +detector +server +count +summary +id\n/);
  assert.match(table, /\n\(\d+ rows\)\n$/);
  assert.match(table, /16 sign-ins as svc_report from 203\.0\.113\.66 refused/);
});

test('show tells what happened, the evidence and what to do, by the beginning of an id', async () => {
  const [alert] = JSON.parse(await list('json', '--limit', '1')) as [Listed];
  const { exitCode, stdout, stderr } = await pgvigil(cwd, [
    'alerts',
    'show',
    alert.id.slice(0, 12),
    '-d',
    'data',
  ]);
  assert.equal(exitCode, 0, stderr);
  for (const part of [
    /^detector: +M02 impact\.ransom_sequence$/m,
    /^.* and left a note that demands money\nWhy it matters: .+\.\n\n/m,
    /^severity: +critical$/m,
    /^user: +svc_wiki$/m,
    /^client: +198\.51\.100\.77$/m,
    /^observed: +6 \(threshold 1\)$/m,
    /^Evidence$/m,
    /DROP TABLE IF EXISTS pages CASCADE/,
    /^What to do\n {2}1\. /m,
    new RegExp(`pgvigil query "SELECT \\* FROM evidence WHERE alert_id = '${alert.id}'`),
  ])
    assert.match(stdout, part);
});

test('show holds what was observed against what is usual and the threshold, as far as they are known', async () => {
  const records = refusedPasswords('app_rw', '203.0.113.52', 12);
  await writeFile(join(cwd, 'usual.json'), `${JSON.stringify({ records })}\n`);
  await pgvigil(cwd, ['backfill', 'usual.json', '-d', 'usual']);
  for (const [values, shown] of [
    ['observed = 5210, baseline = 300, threshold = 5000', '5210 (usual 300, threshold 5000)'],
    ['baseline = 0, threshold = NULL', '5210 (usual 0)'],
    ['observed = NULL, baseline = NULL', '-'],
  ]) {
    const store = await Store.open(join(cwd, 'usual'));
    await store.transaction((transaction) => transaction.run(`UPDATE store.alerts SET ${values}`));
    await store.close();
    const { stdout } = await pgvigil(cwd, ['alerts', 'show', 'al_', '-d', 'usual']);
    assert.equal(/^observed: +(.*)$/m.exec(stdout)?.[1], shown);
  }
});

test('an id that nothing or several things have is NOT_FOUND', async () => {
  const none = await pgvigil(cwd, ['alerts', 'show', 'al_zz\u001b[2J', '-d', 'data']);
  assert.equal(none.exitCode, 8);
  assert.equal(
    none.stderr,
    'pgvigil: there is no alert al_zz\\u001b[2J [NOT_FOUND]\n  `pgvigil alerts list` shows their ids.\n',
  );
  const several = await pgvigil(cwd, ['alerts', 'show', 'al_', '-d', 'data']);
  assert.equal(several.exitCode, 8);
  assert.match(several.stderr, /several alerts begin with al_ \[NOT_FOUND\]/);
});

test('a user name that drives terminals or starts lines is shown as text', async () => {
  const hostile = 'ev\u001b[2J\u009b31m\u001b]0;owned\u0007\npgvigil: all is well \u202eil';
  const records = refusedPasswords(hostile, '203.0.113.50', 12);
  await writeFile(join(cwd, 'hostile.json'), `${JSON.stringify({ records })}\n`);
  const backfill = await pgvigil(cwd, ['backfill', 'hostile.json', '-d', 'hostile']);
  assert.match(backfill.stderr, /^24 records stored, 0 rejects, 1 new alerts/);
  const json = await pgvigil(cwd, ['alerts', 'list', '-d', 'hostile', '-f', 'json']);
  const [alert] = JSON.parse(json.stdout) as [Listed & { user: string }];
  assert.match(alert.user, /owned/);
  const outputs = await Promise.all([
    pgvigil(cwd, ['alerts', 'list', '-d', 'hostile']),
    pgvigil(cwd, ['alerts', 'show', alert.id, '-d', 'hostile']),
    pgvigil(cwd, ['query', 'SELECT user_name, client FROM sign_ins', '-d', 'hostile']),
    pgvigil(cwd, ['query', 'SELECT error(user_name) FROM sign_ins', '-d', 'hostile']),
  ]);
  for (const { stdout, stderr } of [json, backfill, ...outputs]) {
    assert.doesNotMatch(
      stdout + stderr,
      /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]|^pgvigil: all is well/m,
    );
  }
  assert.match(outputs[1].stdout, /^user: +ev\\u001b\[2J/m);
});

test('at a terminal the only control characters are those of pgvigil', {
  skip: process.platform !== 'linux',
}, async () => {
  const records = refusedPasswords('ev\u001b[2Jil\u0007', '203.0.113.51', 12);
  await writeFile(join(cwd, 'tty.json'), `${JSON.stringify({ records })}\n`);
  await pgvigil(cwd, ['backfill', 'tty.json', '-d', 'tty']);
  for (const [command, colours] of [
    [['alerts', 'list'], false],
    [['query', 'SELECT user_name FROM sign_ins', '--format', 'csv'], false],
    [['doctor'], true],
  ] as const) {
    const shown = await atTerminal(cwd, [...command, '-d', 'tty']);
    assert.match(shown, command[0] === 'doctor' ? /no connection|AUDIT/ : /ev\\u001b\[2Jil\\u0007/);
    assert.doesNotMatch(shown, /\u001b\[2J|\u0007/);
    assert.equal(/\u001b\[3[123]m/.test(shown), colours);
  }
});
