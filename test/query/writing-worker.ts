/** A process of its own that holds a data folder and keeps writing, until its standard input ends. */

import { Store } from '../../src/store/store.ts';
import { startControl } from '../../src/worker/control.ts';
import { partsOf } from '../worker/control-parts.ts';
import { fill } from './sample-store.ts';

const dataDir = process.argv[2]!;
const store = await Store.open(dataDir);
await fill(store);
const control =
  process.argv[3] === 'without-control'
    ? undefined
    : await startControl({
        dataDir,
        port: 0,
        store,
        status: () => ({ commits: store.commits }),
        ...partsOf(store),
      });
let open = true;
process.stdin.on('end', () => {
  open = false;
});
process.stdin.resume();
process.stdout.write('ready\n');
for (let second = 10; open; second++) {
  await store.transaction(async (transaction) => {
    // Both rows, or neither: a reader that sees an odd number sees half a transaction.
    for (const parameter of ['left', 'right']) {
      await transaction.run(
        `INSERT INTO store.setting_changes
         VALUES ($id, TIMESTAMP '2026-01-01 11:00:00' + to_seconds($id), 'pg1', $parameter, 'on')`,
        { id: second, parameter },
      );
    }
  });
  await new Promise((resolve) => setTimeout(resolve, 10));
}
await control?.close();
await store.close();
