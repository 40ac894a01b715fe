import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pgvigil, RECORDING, workFolder } from './pgvigil.ts';

interface StatusRow {
  server: string;
  detector: string;
  mode: string;
  state: string;
  reason: string;
  actions: string[];
}

describe('detectors status', () => {
  let cwd: string;
  let remove: () => Promise<void>;

  before(async () => {
    ({ path: cwd, remove } = await workFolder());
    await writeFile(
      join(cwd, 'pgvigil.yaml'),
      `networks: [{ name: office, cidrs: [198.51.100.0/24] }]
enrichment: { threatLists: [{ name: tor, path: tor.txt }] }
detection: { modes: { Y03: shadow } }
`,
    );
    await writeFile(join(cwd, 'tor.txt'), '203.0.113.5\nnonsense\n');
    await pgvigil(cwd, ['backfill', RECORDING]);
  });
  after(() => remove());

  async function status(...args: string[]): Promise<Map<string, StatusRow>> {
    const { exitCode, stdout, stderr } = await pgvigil(cwd, ['detectors', 'status', '-f', 'json', ...args]);
    assert.equal(exitCode, 0, stderr);
    return new Map((JSON.parse(stdout) as StatusRow[]).map((row) => [row.detector, row]));
  }

  test('what the recording shows is armed, and what is missing names the command', async () => {
    const rows = await status();
    for (const id of ['A01', 'D01', 'I01', 'P01', 'R01', 'X06'])
      assert.equal(rows.get(id)?.state, 'armed', rows.get(id)?.reason);
    assert.equal(rows.get('A07')?.state, 'blind');
    assert.deepEqual(
      [rows.get('X09')?.state, rows.get('X09')?.actions],
      [
        'partly',
        [
          'az postgres flexible-server parameter set -g <group> -s pgvigil-demo --name pgaudit.log_relation --value on',
        ],
      ],
    );
    assert.deepEqual([rows.get('Y03')?.state, rows.get('Y03')?.mode], ['armed', 'shadow']);
    assert.match(rows.get('A09')?.reason ?? '', /tor\.txt:2: "nonsense" is no address/);
  });

  test('of one server, in any case of letters; of one that is not known an error that names the others', async () => {
    assert.ok((await status('--server', 'PGVIGIL-demo')).size > 0);
    const { exitCode, stderr } = await pgvigil(cwd, ['detectors', 'status', '--server', 'other']);
    assert.equal(exitCode, 8);
    assert.match(stderr, /nothing is stored of a server other \[NOT_FOUND\]\n {2}Servers: pgvigil-demo\./);
  });

  test('the table shows entries and age of the files, as the doctor does', async () => {
    const { stdout } = await pgvigil(cwd, ['detectors', 'status']);
    assert.match(stdout, /^threat list tor: 1 entries, of \d{4}-\d\d-\d\d, 0 days old$/m);
    const doctor = await pgvigil(cwd, ['doctor']);
    assert.match(doctor.stdout, /^ok {4}threat list tor: 1 entries, 0 days old$/m);
    assert.match(doctor.stdout, /^warn {2}.*tor\.txt:2: "nonsense"/m);
  });
});
