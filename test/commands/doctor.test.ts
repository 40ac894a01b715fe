import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { judgeData } from '../../src/commands/findings.ts';
import type { Cell } from '../../src/query/values.ts';
import { pgvigil, RECORDING, workFolder } from './pgvigil.ts';

const NOW = Date.parse('2026-01-15T10:10:00Z');

/** What a healthy store answers. */
const HEALTHY: Record<string, Cell> = {
  records: 500,
  servers: ['contoso-pg'],
  newest: '2026-01-15T10:09:00.000Z',
  audited: 300,
  with_rows: 300,
  sign_ins: 20,
  errors: 5,
  errors_with_text: 5,
  rejects: 0,
  prefix_mismatches: 0,
  missing: 0,
  retrying: 0,
  dead: 0,
  failing: null,
};

describe('judgeData', () => {
  test('a healthy store gives one line', () => {
    assert.deepEqual(judgeData(HEALTHY, NOW), [{ state: 'ok', what: '500 records of 1 server: contoso-pg' }]);
  });

  test('an empty store says only that', () => {
    assert.deepEqual(judgeData({ ...HEALTHY, records: 0, servers: null, newest: null }, NOW), [
      { state: 'warn', what: 'nothing is stored yet' },
    ]);
  });

  const cases: [change: Record<string, Cell>, state: string, what: RegExp, hint: RegExp][] = [
    [
      { newest: '2026-01-15T09:39:59.000Z' },
      'warn',
      /newest event is of 2026-01-15T09:39:59/,
      /diagnostic settings/,
    ],
    [
      { audited: 0, with_rows: 0 },
      'fail',
      /no AUDIT line/,
      /--name pgaudit\.log --value read,write,function/,
    ],
    [{ with_rows: 0 }, 'warn', /no row counts/, /pgaudit\.log_rows --value on/],
    [{ sign_ins: 0 }, 'fail', /no connection line/, /log_connections --value on/],
    [{ errors_with_text: 0 }, 'warn', /without their text/, /do not ship STATEMENT/],
    [
      { rejects: 7, prefix_mismatches: 7 },
      'fail',
      /7 lines begin with no log_line_prefix that is known/,
      /Set logLinePrefix/,
    ],
    [
      { rejects: 7, prefix_mismatches: 7, mismatch_servers: ['srv1', null] },
      'fail',
      /7 lines begin with .*: srv1$/,
      /decoded again/,
    ],
    [
      { found_prefixes: ['srv1: "%m " explains 99.0 % of its lines'] },
      'warn',
      /found from the lines of srv1: "%m " explains 99\.0 %/,
      /add it to logLinePrefix/,
    ],
    [{ audit_gaps: 3 }, 'warn', /3 audited statements never arrived/, /FROM audit_gaps/],
    [{ rejects: 7 }, 'warn', /7 records could not be decoded/, /FROM rejects/],
    [{ missing: 3 }, 'warn', /3 messages aged out/, /FROM gaps/],
    [{ retrying: 2 }, 'warn', /2 alert messages wait/, /alerts deliveries --state pending/],
    [{ dead: 2 }, 'fail', /2 alert messages were given up/, /alerts replay --all/],
    [{ pending: 5_001 }, 'fail', /5001 messages wait in the outbox/, /alerts channels/],
    [{ disabled: ['soc'] }, 'fail', /channel soc is disabled/, /alerts channels enable soc/],
    [{ silent: ['no log line of pg-1'] }, 'fail', /^no log line of pg-1$/, /alerts list --detector G02/],
    [{ failing: ['A01: Out of Memory'] }, 'fail', /detector A01: Out of Memory/, /The others run/],
  ];
  for (const [change, state, what, hint] of cases) {
    test(`${JSON.stringify(change)} is one finding: ${state}`, () => {
      const [summary, finding, ...more] = judgeData({ ...HEALTHY, ...change }, NOW);
      assert.equal(summary?.state, 'ok');
      assert.equal(finding?.state, state);
      assert.match(finding.what, what);
      assert.match(finding.hint ?? '', hint);
      assert.deepEqual(more, []);
    });
  }

  test('rejects are counted without those of the prefix', () => {
    const findings = judgeData({ ...HEALTHY, rejects: 9, prefix_mismatches: 7 }, NOW);
    assert.deepEqual(
      findings.slice(1).map(({ what }) => what),
      ['7 lines begin with no log_line_prefix that is known', '2 records could not be decoded'],
    );
  });

  test('the commands that hints name are accepted', async (t) => {
    const { path, remove } = await workFolder();
    t.after(remove);
    await pgvigil(path, ['backfill', RECORDING, '-d', 'data']);
    const trouble = { rejects: 1, missing: 1, retrying: 1, pending: 9_999, dead: 1 };
    const hints = judgeData({ ...HEALTHY, ...trouble }, NOW).map(({ hint = '' }) => hint);
    const queries = hints.flatMap((hint) => /pgvigil query "([^"]+)"/.exec(hint)?.[1] ?? []);
    const commands = hints.flatMap(
      (hint) => /pgvigil (alerts (?:deliveries|channels)[a-z -]*)/.exec(hint)?.[1] ?? [],
    );
    assert.deepEqual([queries.length, commands.length], [2, 3]);
    for (const words of [
      ...queries.map((sql) => ['query', sql]),
      ...commands.map((text) => text.split(' ')),
    ]) {
      const { exitCode, stderr } = await pgvigil(path, [...words, '-d', 'data']);
      assert.equal(exitCode, 0, stderr);
    }
  });
});

describe('pgvigil doctor', () => {
  let cwd: string;
  let remove: () => Promise<void>;
  before(async () => {
    ({ path: cwd, remove } = await workFolder());
    await pgvigil(cwd, ['backfill', RECORDING, '-d', 'data']);
  });
  after(() => remove());

  test('a folder that was backfilled passes; what is missing is a warning with what to do', async () => {
    const { exitCode, stdout, stderr } = await pgvigil(cwd, ['doctor', '-d', 'data']);
    assert.equal(exitCode, 0, stdout);
    assert.equal(stderr, '');
    for (const line of [
      /^ok {4}\d+ detectors, \d+ switched off$/m,
      /^warn {2}no event hub is configured\n {6}`pgvigil run` needs/m,
      /^warn {2}no channel is configured\n {6}/m,
      /^ok {4}no worker runs on .*data$/m,
      /^ok {4}4220 records of 1 server: pgvigil-demo$/m,
    ])
      assert.match(stdout, line);
    assert.doesNotMatch(stdout, /^fail/m);
  });

  test('links are a line where they are configured, and fail without a usable key', async () => {
    const links = { publicUrl: 'https://sec.example/pgvigil', secret: { env: 'LINK_KEY' }, port: 8089 };
    await writeFile(join(cwd, 'links.yaml'), JSON.stringify({ links })); // JSON is YAML
    const doctor = (key: string) =>
      pgvigil(cwd, ['doctor', '-c', 'links.yaml', '-d', 'data'], { LINK_KEY: key });
    const good = await doctor(`whsec_${Buffer.alloc(32, 7).toString('base64')}`);
    assert.equal(good.exitCode, 0, good.stdout);
    assert.match(
      good.stdout,
      /^ok {4}links have a key, work for 7 days, and lead to https:\/\/sec\.example\/pgvigil; the worker listens on 127\.0\.0\.1:8089$/m,
    );
    const bad = await doctor('hunter2');
    assert.equal(bad.exitCode, 1);
    assert.match(bad.stdout, /^fail {2}links\.secret: .*\n {6}Make one with `pgvigil alerts keys`/m);
    assert.doesNotMatch(bad.stdout + bad.stderr, /hunter2/);
  });

  test('without a data folder it warns', async () => {
    const { exitCode, stdout } = await pgvigil(cwd, ['doctor', '-d', 'none']);
    assert.equal(exitCode, 0);
    assert.match(stdout, /^warn {2}.*none holds no pgvigil data\n {6}Name the data folder/m);
  });

  test('each channel without a usable key fails by name, and exit code is 1', async () => {
    const channel = (name: string, env: string) =>
      `  - { name: ${name}, type: webhook, url: 'https://example.com/x', secret: { env: ${env} } }\n`;
    const parameters = 'detection: { parameters: { A01: { min_failures: 1 } } }\n';
    await writeFile(
      join(cwd, 'channels.yaml'),
      `channels:\n${channel('good', 'KEY')}${channel('unset', 'NONE')}${channel('weak', 'WEAK')}${parameters}`,
    );
    const env = { KEY: `whsec_${Buffer.alloc(32, 7).toString('base64')}`, WEAK: 'hunter2' };
    const { exitCode, stdout } = await pgvigil(cwd, ['doctor', '-c', 'channels.yaml', '-d', 'data'], env);
    assert.equal(exitCode, 1);
    assert.match(stdout, /^fail {2}detection\.parameters\.A01\.min_failures: must lie between 3 and 10000$/m);
    assert.match(stdout, /^ok {4}channel good has an address and a key$/m);
    assert.match(stdout, /^fail {2}channel unset: .*NONE is not set$/m);
    assert.match(
      stdout,
      /^fail {2}channel weak: the webhook secret does not start with whsec_ or whsk_\n {6}Make one with `pgvigil alerts keys`/m,
    );
    assert.doesNotMatch(stdout, /hunter2/);
  });
});
