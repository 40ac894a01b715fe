/** `pgvigil detectors backtest`: what people and programs read of it, beside a worker too, and what it has against a file. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packagePath } from '../../src/paths.ts';
import { Store } from '../../src/store/store.ts';
import { startControl } from '../../src/worker/control.ts';
import { partsOf } from '../worker/control-parts.ts';
import { atTerminal, type Outcome, pgvigil, workFolder } from './pgvigil.ts';
import { refusedPasswords } from './records.ts';

/** Line of the file in which the SELECT begins. */
let firstLine: number;
let a01: string;
let cwd: string;
let remove: () => Promise<void>;

before(async () => {
  ({ path: cwd, remove } = await workFolder());
  a01 = await readFile(packagePath('queries/detectors/A01-brute-force-account.sql'), 'utf8');
  firstLine = a01.split('\n').indexOf('---*/') + 2;
  // In sessions of their own.
  const others = JSON.stringify(refusedPasswords('ev\u001b[2Jil', '203.0.113.67', 6)).replaceAll(
    '-6968baa0.',
    '-6968baa1.',
  );
  const records = [
    ...refusedPasswords('svc_report', '203.0.113.66', 12),
    ...(JSON.parse(others) as object[]),
  ];
  await writeFile(
    join(cwd, 'lines.ndjson'),
    records.map((one) => JSON.stringify({ records: [one] })).join('\n'),
  );
  const { stderr } = await pgvigil(cwd, ['backfill', 'lines.ndjson', '-d', 'data']);
  assert.match(stderr, /36 records stored, 0 rejects, 1 new alerts/);
});
after(() => remove());

const run = (...args: string[]): Promise<Outcome> =>
  pgvigil(cwd, ['detectors', 'backtest', ...args, '-d', 'data']);

test('people read days, entities, the difference to what is stored, the cost and examples', async () => {
  const { exitCode, stdout, stderr } = await run('A01', '--set', 'min_failures=5');
  assert.equal(exitCode, 0, stderr);
  assert.equal(stderr, '');
  assert.match(
    stdout,
    /^A01 auth\.brute_force_account, .*\n {2}min_failures: 5\n2026-01-01 10:00:11 to 2026-01-15 10:00:11/,
  );
  assert.match(stdout, /^2 alerts \(2 medium\) of 18 events, by the day of the first$/m);
  assert.match(stdout, /^day +records +medium\n[- ]+\n2026-01-15 +36 +2$/m);
  assert.match(stdout, /^svc_report@203\.0\.113\.66 +contoso-pg +medium +1 +12 +2026-01-15 10:00:11$/m);
  assert.match(stdout, /^Beside what is stored of A01 in this time: 1 new, 1 same, 0 gone$/m);
  assert.match(stdout, /^36 records judged in 1 slice and .*: median .*, slowest .*$/m);
  assert.match(stdout, /\nThe newest\n(.*\n){2}$/);
  assert.match(stdout, /^ {2}2026-01-15 10:00:05 {2}medium {2}contoso-pg: .*ev\\u001b\[2Jil/m);
  assert.doesNotMatch(stdout, /\u001b/);
});

test('a higher threshold finds nothing, and what is gone is told', async () => {
  const { exitCode, stdout } = await run('auth.brute_force_account', '--set', 'min_failures=50');
  assert.equal(exitCode, 0);
  assert.match(stdout, /^It finds nothing in 36 records\.$/m);
  assert.match(
    stdout,
    /0 new, 0 same, 1 gone\n {2}gone: 2026-01-15 10:00:11 {2}medium {2}contoso-pg: 12 sign-ins as svc_report/,
  );
});

test('programs get one object for each alert, and the cost beside it', async () => {
  const { stdout, stderr } = await run('A01', '--set', 'min_failures=5', '-f', 'json');
  const alerts = JSON.parse(stdout) as Record<string, unknown>[];
  const { id, ...first } = alerts.find(({ user }) => user === 'svc_report')!;
  assert.match(String(id), /^al_[0-9a-f]{24}$/);
  assert.deepEqual(first, {
    verdict: 'same',
    detector: 'A01',
    severity: 'medium',
    status: 'open',
    server: 'contoso-pg',
    entity: 'svc_report@203.0.113.66',
    summary: first.summary,
    user: 'svc_report',
    client: '203.0.113.66',
    database: null,
    application: null,
    first_seen: '2026-01-15T10:00:00.000Z',
    last_seen: '2026-01-15T10:00:11.000Z',
    count: 12,
    observed: 12,
    threshold: 5,
    allowed_by: [],
  });
  assert.deepEqual(alerts.map(({ verdict }) => verdict).sort(), ['new', 'same']);
  assert.match(stderr, /^36 records judged in 1 slice and .*\n$/);
  const csv = await run('A01', '-f', 'csv');
  assert.match(csv.stdout, /^verdict,detector,severity,.*\r\nsame,A01,medium,open,contoso-pg,svc_report@/);
});

test('a terminal shows how far it is, and the line goes away', async () => {
  const shown = await atTerminal(cwd, ['detectors', 'backtest', 'A01', '-d', 'data']);
  assert.match(shown, /\r\u001b\[Kslice 1 of 1 {2}2026-01-15 {2}0 alerts\r\u001b\[K/);
});

test('beside a running worker it reads a copy, and leaves none behind', async () => {
  const dataDir = join(cwd, 'data');
  const store = await Store.open(dataDir);
  const control = await startControl({
    dataDir,
    port: 0,
    store,
    status: () => null,
    ...partsOf(store),
  });
  try {
    const { exitCode, stdout, stderr } = await run('A01');
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /0 new, 1 same, 0 gone/);
    // The one that the worker keeps for the next reader.
    assert.equal((await readdir(join(dataDir, 'snapshots'))).length, 1);
  } finally {
    await control.close();
    await store.close();
  }
});

test('a file is refused with line and reason', async () => {
  const refused = async (name: string, text: string, pattern: RegExp) => {
    await writeFile(join(cwd, name), text);
    const { exitCode, stdout, stderr } = await run(name);
    assert.equal(exitCode, 2, stderr);
    assert.equal(stdout, '');
    assert.match(stderr, pattern);
    assert.match(stderr, /\[DETECTOR_INVALID\]/);
  };
  const [head = ''] = a01.split('---*/\n');
  const file = (sql: string) => `${head}---*/\n\n${sql}`;
  await refused('front.sql', a01.replace('severity: medium', 'severity: grave'), /front\.sql:6: severity: /);
  await refused(
    'syntax.sql',
    file('SELECT 1\nFROM FROM x'),
    new RegExp(`syntax\\.sql:${firstLine + 2}: .*syntax error`),
  );
  await refused(
    'column.sql',
    file('SELECT record_id,\n  nonsense\nFROM sign_ins WHERE event_time > $since - $window'),
    new RegExp(`column\\.sql:${firstLine + 2}: .*"nonsense" not found`),
  );
  await refused(
    'write.sql',
    file('DELETE FROM alerts'),
    /write\.sql: the query was refused: only queries that read/,
  );
  await refused(
    'missing.sql',
    file('SELECT record_id FROM records'),
    /missing\.sql: columns missing: event_time, /,
  );
});

test('what does not exist or is empty is told with what there is', async () => {
  const told = async (args: string[], exitCode: number, pattern: RegExp) => {
    const outcome = await run(...args);
    assert.equal(outcome.exitCode, exitCode, outcome.stderr);
    assert.match(outcome.stderr, pattern);
  };
  await told(['A99'], 8, /there is no detector A99 \[NOT_FOUND\]\n {2}Did you mean A/);
  await told(['nowhere.sql'], 5, /cannot read nowhere\.sql/);
  await told(
    ['A01', '--set', 'failures=3'],
    2,
    /A01 has no such parameter \[USAGE\]\n {2}Parameters of A01: /,
  );
  await told(
    ['A01', '--from', '2025-01-01', '--to', '2025-02-01'],
    8,
    /nothing is stored from 2025-01-01 .*\n {2}Stored: 2026-01-15 10:00:00 to 2026-01-15 10:00:11 \(UTC\)/,
  );
});
