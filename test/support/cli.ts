/** The command line as its users have it: what `npm run build` makes of the sources. `npm test` builds it first. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { packagePath } from '../../src/paths.ts';

/** Path of the command line, for node. */
export const CLI = packagePath('dist/cli.js');

const built = statSync(CLI, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const sources = packagePath('src');
const newer = readdirSync(sources, { recursive: true, encoding: 'utf8' }).find(
  (name) => name.endsWith('.ts') && statSync(join(sources, name)).mtimeMs > built,
);
if (newer !== undefined) throw new Error(`src/${newer} is newer than dist: run \`npm run build\``);
