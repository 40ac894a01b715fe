/** Holds a data folder until its input ends: `holder.ts <folder>`. */
import { Store } from '../../src/store/store.ts';

const store = await Store.open(process.argv[2]!);
console.log('holding');
process.stdin.resume().on('end', () => store.close());
