import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadDetectors } from '../../src/detect/detector.ts';
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
    'detection: { modes: { X01: shadow }, parameters: { A01: { min_failures: 20 } } }\n',
  );
  const { exitCode, stdout, stderr } = await pgvigil(cwd, ['detectors', 'list', '-f', 'json']);
  assert.equal(exitCode, 0, stderr);
  const listed = JSON.parse(stdout) as { id: string; mode: string; parameters: string[] }[];
  assert.deepEqual(
    listed.map(({ id }) => id),
    (await loadDetectors()).detectors.map(({ id }) => id),
  );
  assert.deepEqual(
    listed.filter(({ mode }) => mode !== 'on').map(({ id, mode }) => `${id} ${mode}`),
    ['X01 shadow', ...['Y01', 'Y02', 'Y03', 'Y04', 'Y05', 'Y06', 'Y07'].map((id) => `${id} off`)],
  );
  assert.deepEqual(listed[0]?.parameters.slice(0, 2), ['window=10m', 'min_failures=20']);
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
  assert.equal(stdout.trimEnd().split('\n').length, 1 + (await loadDetectors()).detectors.length);
  assert.match(stderr, /^refused: .*own\/Z01-broken\.sql:3: name: .*\n {2}Mend the file/);
});
