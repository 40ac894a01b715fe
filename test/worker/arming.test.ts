/** The promise: a detector file may ask what anybody may ask, and one that may not does not stop the others. */
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadDetectors } from '../../src/detect/detector.ts';
import { packagePath } from '../../src/paths.ts';
import { Store } from '../../src/store/store.ts';
import { armDetectors } from '../../src/worker/arming.ts';

test('a detector that reads tables or files, changes data, or is several statements is refused', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-pipeline-'));
  const store = await Store.open(join(folder, 'data'));
  try {
    const shipped = await readFile(packagePath('queries/detectors/E01-copy-program.sql'), 'utf8');
    const [head = '', sql = ''] = shipped.split('---*/\n');
    const bodies = [
      // These two return all the right columns: nothing but the guard stands in their way.
      `SELECT * FROM (${sql}) WHERE (SELECT count(*) FROM store.outbox) >= 0`,
      `SELECT * FROM (${sql}) WHERE (SELECT count(*) FROM glob('/etc/*')) >= 0`,
      'DELETE FROM store.alerts',
      `${sql.trim()}; DROP TABLE store.alerts`,
      sql, // the one that is sound
    ];
    for (const [index, body] of bodies.entries()) {
      const text = `${head.replace('id: E01', `id: Z0${index}`)}---*/\n${body}`;
      await writeFile(join(folder, `Z0${index}.sql`), text);
    }
    const settings = { detectorFolders: [folder], modes: {}, parameters: {} };
    const { armed, refused } = await armDetectors(store, settings);
    assert.deepEqual(
      refused.map(({ file, error }) => [file, error.code]),
      [0, 1, 2, 3].map((index) => [join(folder, `Z0${index}.sql`), 'DETECTOR_INVALID']),
    );
    const on = (await loadDetectors()).detectors.filter(({ mode }) => mode !== 'off');
    assert.equal(armed.length, on.length + 1);
    assert.ok(armed.some(({ detector }) => detector.id === 'Z04'));
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
});

test('a detector runs in its own mode, or in that of the configuration; off is not armed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-pipeline-'));
  const store = await Store.open(join(folder, 'data'));
  try {
    const modes = { A01: 'shadow', A02: 'off' } as const;
    const { armed } = await armDetectors(store, { detectorFolders: [], modes, parameters: {} });
    const mode = (id: string) => armed.find(({ detector }) => detector.id === id)?.mode;
    assert.deepEqual([mode('A01'), mode('A02'), mode('A03')], ['shadow', undefined, 'on']);
    await assert.rejects(armDetectors(store, { detectorFolders: [], modes: { A99: 'on' }, parameters: {} }), {
      code: 'CONFIG_INVALID',
    });
  } finally {
    await store.close();
    await rm(folder, { recursive: true });
  }
});
