/** Opens a data folder in a process of its own and prints what came of it: `opener.ts write|read <folder> [file]`. */
import { messageOf, PgvigilError } from '../../src/errors.ts';
import { openForReading } from '../../src/store/database.ts';
import { Store } from '../../src/store/store.ts';

const [mode = '', folder = '', file] = process.argv.slice(2);

async function records(): Promise<string> {
  if (mode === 'write') {
    const store = await Store.open(folder);
    await store.close();
    return 'opened';
  }
  const instance = await openForReading(folder, file);
  const connection = await instance.connect();
  const reader = await connection.runAndReadAll('SELECT count(*) FROM records');
  return `${reader.value(0, 0)} records`;
}

try {
  console.log(await records());
} catch (error) {
  console.log(error instanceof PgvigilError ? error.code : messageOf(error));
}
