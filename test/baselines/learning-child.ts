/** Stores and learns the days of a seed in small steps until it is done or killed: `learning-child.ts <folder> <seed>`. */
import { Learner } from '../../src/baselines/learner.ts';
import { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { write } from '../detect/support.ts';
import { Random } from '../fuzz/random.ts';
import { SOURCE } from '../store/support.ts';
import { DAY, FIRST_DAY, FOREVER, SETTINGS, someDays } from './support.ts';

const [folder = '', seed = '1'] = process.argv.slice(2);
const lines = someDays(new Random(Number(seed)), 2, 10);
const store = await Store.open(folder);
const learner = await Learner.open(store, SETTINGS, FOREVER);
// One message for so many lines, so that the position says how many are stored.
const PER_MESSAGE = 4;
const done = (await StoreWriter.create(store)).position(SOURCE, '0')?.sequenceNumber ?? 0;
process.stdout.write('started\n');
for (let at = done * PER_MESSAGE; at < lines.length; at += PER_MESSAGE) {
  const batch = lines.slice(at, at + PER_MESSAGE);
  await write(store, batch);
  await learner.learn(batch.at(-1)!.record.eventTime);
}
await learner.learn(FIRST_DAY + 5 * DAY);
await store.close();
process.stdout.write('done\n');
