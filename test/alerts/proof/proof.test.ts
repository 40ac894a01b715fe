/** The promise: every alert reaches every channel, whatever becomes of receivers and worker. `npm run proof:alerts` is the long form. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { SEED } from '../../support/seed.ts';
import { prove } from './proof.ts';

const ALERTS = 200;
const KILLS = 4;

test(`${ALERTS} alerts reach four receivers that fail, with ${KILLS} kills on the way (seed ${SEED})`, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-proof-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const { violations, counts } = await prove({ alerts: ALERTS, kills: KILLS, seed: SEED, folder });
  assert.deepEqual(violations, []);
  assert.ok((counts['repeats of what was taken'] ?? 0) > 0, 'nothing was sent twice: too little went wrong');
});
