import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pgvigil, workFolder } from './pgvigil.ts';

let cwd: string;
let remove: () => Promise<void>;

before(async () => {
  ({ path: cwd, remove } = await workFolder());
});
after(() => remove());

test('detectors are listed with the values in force', async () => {
  await writeFile(
    join(cwd, 'pgvigil.yaml'),
    'detection: { disabled: [X01], parameters: { A01: { min_failures: 20 } } }\n',
  );
  const { exitCode, stdout, stderr } = await pgvigil(cwd, ['detectors', 'list', '-f', 'json']);
  assert.equal(exitCode, 0, stderr);
  const listed = JSON.parse(stdout) as { id: string; enabled: boolean; parameters: string[] }[];
  assert.deepEqual(
    listed.map(({ id }) => id),
    ['A01', 'A02', 'A03', 'D01', 'E01', 'I01', 'M01', 'M02', 'P01', 'P02', 'R02', 'X01'],
  );
  assert.deepEqual(
    listed.filter(({ enabled }) => !enabled).map(({ id }) => id),
    ['X01'],
  );
  assert.deepEqual(listed[0]?.parameters, ['window=10m', 'min_failures=20']);
});

test('a detector file that cannot be used is named with line and reason; the others are listed', async () => {
  await mkdir(join(cwd, 'own'));
  await writeFile(join(cwd, 'own', 'Z01-broken.sql'), '/*---\nid: Z01\nname: nonsense\n---*/\nSELECT 1\n');
  await writeFile(join(cwd, 'own.yaml'), 'detection: { detectorFolders: [own] }\n');
  const { exitCode, stdout, stderr } = await pgvigil(cwd, [
    'detectors',
    'list',
    '-c',
    'own.yaml',
    '-f',
    'csv',
  ]);
  assert.equal(exitCode, 0);
  assert.equal(stdout.trimEnd().split('\n').length, 13);
  assert.match(stderr, /^refused: .*own\/Z01-broken\.sql:3: name: .*\n {2}Mend the file/);
});
