// TypeScript for this process and its worker threads: `node --import ./test/typescript.mjs file.ts`.
// `--import tsx` alone leaves worker threads of Node 20 without it.
import { register } from 'tsx/esm/api';

register();
