/** The promise: no detector of the catalogue pays for what is stored. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { memoryFor, readsStore } from '../../src/detect/reading.ts';
import { armDetectors } from '../../src/worker/arming.ts';
import { temporaryStore } from '../store/support.ts';
import { HOUR } from './support.ts';

test('every detector of the catalogue reads the working set, which remembers a few hours for them', async (t) => {
  const store = await temporaryStore(t);
  const settings = { detectorFolders: [], modes: {}, parameters: {} };
  const { armed } = await armDetectors(store, settings);
  const connection = await store.connect();
  try {
    const slow = armed.filter((one) => readsStore(connection, one)).map(({ detector }) => detector.id);
    assert.deepEqual(slow, []);
    assert.ok(memoryFor(connection, armed) <= 3 * HOUR, `${memoryFor(connection, armed) / HOUR} h`);
  } finally {
    connection.closeSync();
  }
});
