import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreWriter } from '../../src/store/writer.ts';
import { count, openStore, SOURCE, startChild, temporaryFolder } from './support.ts';

test('kill -9 at any moment: what was acknowledged is there, and rows are those that the position says', async (t) => {
  const folder = await temporaryFolder(t);
  let acknowledged = 0;
  for (const [seed, lifeMs] of [
    [11, 150],
    [23, 320],
    [37, 40],
  ] as const) {
    const child = startChild('./committer.ts', folder, String(seed));
    let output = '';
    const started = new Promise<void>((first) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        first();
      });
    });
    const ended = new Promise((closed) => child.once('close', closed));
    await Promise.race([started, ended]);
    await sleep(lifeMs);
    assert.ok(child.kill('SIGKILL'), 'the child ended by itself');
    await ended;
    // A number whose line was cut by the kill is shorter than it should be, so only whole lines count.
    const before = acknowledged;
    acknowledged = Number(output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1));
    assert.ok(acknowledged > before);

    const store = await openStore(t, folder);
    const position = (await StoreWriter.create(store)).position(SOURCE, '0')?.sequenceNumber ?? 0;
    assert.ok(position >= acknowledged, `${acknowledged} was acknowledged, ${position} is stored`);
    const [row] = await store.rows(
      `SELECT count(DISTINCT sequence_number) AS messages, max(sequence_number) AS last,
              count(*) = count(DISTINCT record_id) AS unique_ids, max(record_id) = count(*) AS no_holes
       FROM store.records`,
    );
    assert.deepEqual(row, {
      messages: BigInt(position),
      last: BigInt(position),
      unique_ids: true,
      no_holes: true,
    });
    assert.equal(await count(store, 'activities'), await count(store, 'records'));
    assert.equal(await count(store, 'statements'), position);
    assert.equal(await count(store, 'gaps'), 0);
    await store.close();
  }
});
