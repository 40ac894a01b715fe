/**
 * Commits until the size of files is limited below what the log needs, goes on trying, and prints what came of it:
 * `filler.ts <folder>`. The limit stands in for a full disk: the system refuses the write in the same place.
 */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { messageOf } from '../../src/errors.ts';
import { Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { logRecord, message } from './support.ts';

process.on('SIGXFSZ', () => undefined); // the write fails instead
const limitFiles = (bytes: string) =>
  execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${bytes}:unlimited`]);

const store = await Store.open(process.argv[2] ?? '');
const writer = await StoreWriter.create(store);
const errors: string[] = [];
limitFiles('1000000');
let sequence = 1;
for (let attempt = 0; attempt < 60 && sequence <= 20; attempt++) {
  if (errors.length === 3) limitFiles('unlimited');
  const records = Array.from({ length: 100 }, (_, index) =>
    logRecord(null, { index, message: randomBytes(500).toString('base64') }),
  );
  try {
    await writer.commit([message(sequence, { records })]);
    sequence++;
  } catch (error) {
    errors.push(messageOf(error));
  }
}
await store.close();
console.log(JSON.stringify({ stored: sequence - 1, errors }));
