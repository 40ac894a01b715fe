/** A detector file that is added, changed, broken or removed counts without a restart, and never stops the others. */
import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { packagePath } from '../../src/paths.ts';
import { DetectorBook } from '../../src/worker/detector-book.ts';
import { temporaryFolder, temporaryStore } from '../store/support.ts';

async function rig(t: TestContext, parameters = {}) {
  const folder = await temporaryFolder(t);
  const text = await readFile(packagePath('queries/detectors/E01-copy-program.sql'), 'utf8');
  const own = text.replace('id: E01', 'id: Z01');
  const events: string[] = [];
  const settings = { detectorFolders: [folder], modes: {}, parameters };
  const open = async () =>
    DetectorBook.open(await temporaryStore(t), settings, {
      onReload: (armed, refused) => events.push(`${armed.length} armed, ${refused.length} refused`),
      onTrouble: (error) => events.push(error),
    });
  return { file: join(folder, 'Z01.sql'), own, events, open };
}

test('files come, change, break and go', async (t) => {
  const { file, own, events, open } = await rig(t);
  const book = await open();
  const shipped = book.armed.length;
  const titles = () =>
    book.armed.filter(({ detector }) => detector.id === 'Z01').map(({ detector }) => detector.title);
  await book.refresh();
  assert.deepEqual(events.splice(0), [], 'nothing changed');
  await writeFile(file, own);
  await book.refresh();
  assert.deepEqual(events.splice(0), [`${shipped + 1} armed, 0 refused`]);
  await writeFile(file, own.replace(/^title: .*$/m, 'title: Another title'));
  await book.refresh();
  assert.deepEqual(titles(), ['Another title']);
  await writeFile(file, `${own}\nDELETE FROM alerts`);
  events.length = 0;
  await book.refresh();
  assert.deepEqual(events.splice(0), [`${shipped} armed, 1 refused`]);
  assert.match(book.refused[0]?.error.message ?? '', /Z01\.sql/);
  await rm(file);
  await book.refresh();
  assert.deepEqual(events, [`${shipped} armed, 0 refused`]);
});

test('when the configuration names a detector that went away, all stay as they were', async (t) => {
  const { file, own, events, open } = await rig(t, { Z01: {} });
  await writeFile(file, own);
  const book = await open();
  const before = book.armed;
  await rm(file);
  await book.refresh();
  assert.match(events[0] ?? '', /there is no detector Z01/);
  assert.equal(book.armed, before);
  await book.refresh();
  assert.equal(events.length, 1, 'it is told once');
});
