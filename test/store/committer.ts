/**
 * Commits messages in a loop until it is killed, and prints each sequence number once its commit has returned:
 * `committer.ts <folder> <seed>`. Some commits are large, some carry rejects or new statements.
 */
import { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { audit, features, logRecord, message, reject, SOURCE } from './support.ts';

const [folder = '', seed = '1'] = process.argv.slice(2);
const store = await Store.open(folder);
const writer = await StoreWriter.create(store);
let random = Number(seed);
const below = (limit: number) => {
  random = (random * 48271) % 2147483647;
  return random % limit;
};

let sequence = writer.position(SOURCE, '0')?.sequenceNumber ?? 0;
for (let round = 0; round < 5_000; round++) {
  const messages = Array.from({ length: 1 + below(4) }, () => {
    sequence++;
    const records = Array.from({ length: 1 + below(60) }, (_, index) =>
      logRecord(audit(), { index, message: `line ${sequence}.${index}` }),
    );
    return message(sequence, {
      records,
      features: [[0, features(`hash-${sequence}`)]],
      rejects: below(3) === 0 ? [reject()] : [],
    });
  });
  await writer.commit(messages);
  process.stdout.write(`${sequence}\n`);
  if (below(20) === 0)
    await store.transaction((transaction) => transaction.run('CHECKPOINT').catch(() => undefined));
}
