import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type Detector, loadDetectors, parseDetector } from '../../src/detect/detector.ts';
import { checkDetector, collectEvidence } from '../../src/detect/evidence.ts';
import { bindParameters } from '../../src/detect/parameters.ts';
import { PgvigilError } from '../../src/errors.ts';
import { timestamp } from '../../src/store/rows.ts';
import { temporaryStore } from '../store/support.ts';

const FRONT_MATTER = `id: T01
name: test.detector
title: A detector for tests
severity: medium
risk: 50
tactic: credential-access
attack: [T1110.001]
quiet: 4h
requires: []
parameters:
  window: { type: duration, default: 10m, help: Time. }
  least: { type: number, default: 10, min: 3, max: 100, help: Number. }
  names: { type: strings, default: [], help: Names. }
  pattern: { type: string, default: '^x', help: Pattern. }
false_positives: []
runbook:
  - Do something.
`;
const SELECT = `SELECT record_id, event_time, server, server AS entity, session_id, NULL AS user_name, NULL AS client,
  'it happened' AS summary
FROM records WHERE event_time > $since AND event_time <= $until`;

const fileText = (frontMatter = FRONT_MATTER, sql = SELECT) => `/*---\n${frontMatter}---*/\n${sql}\n`;

/** Code and message of the refusal. */
function refusal(text: string): string {
  try {
    parseDetector('/etc/T01.sql', text);
  } catch (error) {
    assert.ok(error instanceof PgvigilError);
    assert.equal(error.code, 'DETECTOR_INVALID');
    assert.ok(error.hint.length > 20);
    return error.message;
  }
  throw new Error('it was taken');
}

test('a detector file is read: front matter, durations in milliseconds, the SELECT', () => {
  const detector = parseDetector('/etc/T01.sql', fileText());
  assert.equal(detector.id, 'T01');
  assert.equal(detector.quiet, 4 * 3_600_000);
  assert.equal(detector.sql, SELECT);
  assert.deepEqual(Object.keys(detector.parameters), ['window', 'least', 'names', 'pattern']);
  assert.deepEqual(parseDetector('/etc/T01.sql', fileText().replaceAll('\n', '\r\n')).id, 'T01');
});

test('a mistake in the front matter is told with file and line', () => {
  const change = (from: string, to: string) => refusal(fileText(FRONT_MATTER.replace(from, to)));
  assert.match(refusal('SELECT 1'), /^\/etc\/T01\.sql:1: .*front matter/);
  assert.match(change('id: T01', 'id: t01'), /^\/etc\/T01\.sql:2: id: an upper-case letter/);
  assert.match(change('name: test.detector', 'name: Test'), /^\/etc\/T01\.sql:3: name: group\.name/);
  assert.match(change('severity: medium', 'severity: awful'), /^\/etc\/T01\.sql:5: severity: /);
  assert.match(change('quiet: 4h', 'quiet: 4 hours'), /^\/etc\/T01\.sql:9: quiet: "4 hours" is no duration/);
  assert.match(change('attack: [T1110.001]', 'attack: [brute force]'), /^\/etc\/T01\.sql:8: attack\.0: /);
  assert.match(change('runbook:\n  - Do something.', 'runbook: []'), /^\/etc\/T01\.sql:17: runbook: /);
  assert.match(change('type: number', 'type: integer'), /^\/etc\/T01\.sql:11: parameters\.least\.type: /);
  assert.match(change('requires: []\n', ''), /^\/etc\/T01\.sql:1: requires: /);
  assert.match(change('title:', 'titel:'), /^\/etc\/T01\.sql:\d+: /);
  // YAML that breaks off: the line is that of the YAML error.
  assert.match(change('requires: []', 'requires: ['), /^\/etc\/T01\.sql:1[01]: /);
  assert.match(change('severity: medium', 'severity: medium\nseverity: low'), /^\/etc\/T01\.sql:6: /);
});

test('why it matters may be left out, and otherwise is one line of at most 240 characters', () => {
  const withWhy = (why: string) =>
    fileText(FRONT_MATTER.replace('severity: medium', `why: ${JSON.stringify(why)}\nseverity: medium`));
  assert.equal(parseDetector('/etc/T01.sql', fileText()).why, null);
  for (const why of ['Ordinary work has no use for it.', `${'…'.repeat(239)}.`])
    assert.equal(parseDetector('/etc/T01.sql', withWhy(why)).why, why);
  assert.match(
    refusal(withWhy(`${'x'.repeat(240)}.`)),
    /^\/etc\/T01\.sql:5: why: longer than 240 characters$/,
  );
  for (const why of [
    '',
    'It is rare',
    'It is rare.\nIt is bad.',
    'It is rare.\u2028It is bad.',
    'It is rare.\n',
  ])
    assert.match(refusal(withWhy(why)), /^\/etc\/T01\.sql:5: why: one line that ends with a full stop$/);
});

test('an unknown key of the front matter is named', () => {
  assert.match(refusal(fileText(`${FRONT_MATTER}colour: red\n`)), /colour/);
});

async function folder(t: TestContext, files: Record<string, string>): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'pgvigil-detectors-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) await writeFile(join(path, name), text);
  return path;
}

test('a broken file and one with a taken id are refused, the others are loaded', async (t) => {
  const path = await folder(t, {
    'a.sql': fileText(),
    'b.sql': fileText(), // the same id
    'c.sql': 'SELECT 1',
    'd.sql': fileText(FRONT_MATTER.replace('T01', 'A01')), // an id of ours
    'e.sql': fileText(FRONT_MATTER.replace('T01', 'T02')),
    'notes.md': 'not a detector',
  });
  const { detectors, refused } = await loadDetectors([path]);
  const theirs = detectors.filter((detector) => detector.file.startsWith(path));
  assert.deepEqual(
    theirs.map((detector) => detector.id),
    ['T01', 'T02'],
  );
  assert.equal(detectors.length, theirs.length + (await loadDetectors()).detectors.length);
  assert.deepEqual(
    refused.map(({ file, error }) => [basename(file), error.message.slice(file.length)]),
    [
      ['b.sql', ':1: id T01 is that of a.sql'],
      ['c.sql', ':1: the file does not begin with /*--- front matter ---*/'],
      ['d.sql', ':1: id A01 is that of A01-brute-force-account.sql'],
    ],
  );
});

test('a detector folder that does not exist is a mistake in the configuration', async () => {
  await assert.rejects(loadDetectors(['/nowhere/detectors']), { code: 'CONFIG_INVALID' });
});

const configError = (parameter: string) => (error: unknown) =>
  error instanceof PgvigilError &&
  error.code === 'CONFIG_INVALID' &&
  error.message.startsWith(`detection.parameters.T01.${parameter}: `);

test('parameters: unknown names, wrong types and values out of bounds are mistakes in the configuration', () => {
  const detector = parseDetector('/etc/T01.sql', fileText());
  const bind = (overrides: Record<string, unknown>) => bindParameters(detector, overrides);
  assert.deepEqual(Object.keys(bind({})), ['window', 'least', 'names', 'pattern']);
  assert.equal(bind({ least: 3 }).least, 3);
  assert.equal(bind({ least: 100 }).least, 100);
  assert.equal(String(bind({ window: '90s' }).window), '00:01:30');
  for (const [name, value] of [
    ['lesat', 10],
    ['least', 2],
    ['least', 101],
    ['least', '10'],
    ['least', Number.NaN],
    ['least', null],
    ['window', 600],
    ['window', '10 minutes'],
    ['names', 'alice'],
    ['names', [1]],
    ['pattern', ['x']],
    ['toString', 1],
  ] as const) {
    assert.throws(() => bind({ [name]: value }), configError(name), `${name} = ${value}`);
  }
});

test('the hint for an unknown parameter lists those that there are', () => {
  const detector = parseDetector('/etc/T01.sql', fileText());
  assert.throws(() => bindParameters(detector, { lesat: 1 }), { hint: /window, least, names, pattern/ });
});

async function connect(t: TestContext): Promise<DuckDBConnection> {
  const connection = await (await temporaryStore(t)).connect();
  t.after(() => connection.closeSync());
  return connection;
}

async function check(connection: DuckDBConnection, sql: string): Promise<void> {
  const detector = parseDetector('/etc/T01.sql', fileText(undefined, sql));
  await checkDetector(connection, detector, bindParameters(detector));
}

test('SQL that does not run, or returns other columns, is refused with its file and reason', async (t) => {
  const connection = await connect(t);
  const refused = (reason: RegExp) => (error: unknown) =>
    error instanceof PgvigilError &&
    error.code === 'DETECTOR_INVALID' &&
    error.message.startsWith('/etc/T01.sql: ') &&
    reason.test(error.message);
  await check(connection, SELECT);
  await assert.rejects(check(connection, SELECT.replace('FROM records', 'FROM recrods')), refused(/recrods/));
  await assert.rejects(check(connection, 'SELEC 1'), refused(/syntax error/i));
  await assert.rejects(check(connection, `${SELECT} AND 1 = $limit`), refused(/\$limit/));
  await assert.rejects(
    check(connection, SELECT.replace('server AS entity,', '')),
    refused(/columns missing: entity/),
  );
  const extra = SELECT.replace('server AS entity,', 'server AS entity, 1 AS colour,');
  await assert.rejects(check(connection, extra), refused(/unknown columns: colour/));
  await check(connection, SELECT); // the connection works on
});

test('all shipped detectors are taken, run on an empty store, and tell people why it matters and what to do', async (t) => {
  const connection = await connect(t);
  const { detectors, refused } = await loadDetectors();
  assert.deepEqual(refused, []);
  assert.ok(detectors.length >= 58);
  assert.deepEqual(
    detectors.map((detector) => detector.id),
    detectors.map((detector) => basename(detector.file).split('-')[0]),
  );
  for (const detector of detectors) {
    const values = bindParameters(detector);
    await checkDetector(connection, detector, values);
    const always = { since: timestamp(Date.UTC(1990, 0, 1)), until: timestamp(Date.UTC(2090, 0, 1)) };
    assert.deepEqual(await collectEvidence(connection, detector, { ...values, ...always }), []);
    assert.ok(detector.why !== null, detector.id);
    assert.notEqual(detector.why, detector.title, detector.id);
    assert.ok(detector.runbook.length >= 3, detector.id);
    assert.ok(detector.falsePositives.length >= 1, detector.id);
    assert.equal(detector.attack.length >= 1, detector.tactic !== 'several', detector.id);
    assert.ok(detector.quiet >= 60_000, detector.id);
    assert.ok(declaredButUnused(detector).length === 0, `${detector.id}: ${declaredButUnused(detector)}`);
    const clock = /\b(now|today|get_current_\w+)\s*\(|\bcurrent_(timestamp|date|time)\b/i;
    assert.doesNotMatch(detector.sql.replaceAll(/--.*$/gm, ''), clock, detector.id);
  }
  assert.equal(new Set(detectors.map((detector) => detector.name)).size, detectors.length);
});

function declaredButUnused(detector: Detector): string[] {
  return Object.keys(detector.parameters).filter((name) => !new RegExp(`\\$${name}\\b`).test(detector.sql));
}
