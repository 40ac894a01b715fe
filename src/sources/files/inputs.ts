/** Which files the paths of a command line stand for, and in which order they are read. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PgvigilError } from '../../errors.ts';
import { unreadable } from './content.ts';
import { expandPattern, isPattern } from './glob.ts';

/** A file to read; null stands for standard input. */
export interface InputFile {
  path: string;
  /** Device and inode: the same under any name. */
  id: string;
  bytes: number;
  /** Time of the last change, milliseconds since 1970, with its fraction. */
  changed: number;
}

export interface Inputs {
  files: InputFile[];
  /** Standard input is one of them; it is read last. */
  hasStdin: boolean;
  /** Files of a folder that hold what another file beside them holds, too. */
  doubles: { path: string; of: string }[];
  /** What a path stands for that cannot be read. */
  failures: PgvigilError[];
}

/**
 * Names of files that are taken from a folder: logs and archives as servers, logrotate (`.1`, `-20261101`) and Azure name
 * them. Other files in it are no logs.
 */
const LOG_NAME = /^(.+)\.(log|csv|json|ndjson|jsonl)((?:[.-]\d[\dT:_-]{0,24}){0,4})(\.gz|\.zst)?$/i;

/** Digits count as numbers: `-2` comes before `-10`. */
const NATURAL = new Intl.Collator('en', { numeric: true });

/** The files of files, folders, patterns and `-`, each once, in the order of the paths, within a path by name. */
export async function findInputs(paths: readonly string[]): Promise<Inputs> {
  const inputs: Inputs = { files: [], hasStdin: false, doubles: [], failures: [] };
  const seen = new Set<string>();
  for (const path of paths) {
    if (path === '-') inputs.hasStdin = true;
    else
      try {
        await addPath(path, inputs, seen);
      } catch (error) {
        inputs.failures.push(unreadable(path, error));
      }
  }
  return inputs;
}

/**
 * The same, for a first look.
 *
 * @throws PgvigilError FILE_UNREADABLE when one of them does not exist, cannot be read, or a pattern fits nothing
 */
export async function checkInputs(paths: readonly string[]): Promise<Inputs> {
  const inputs = await findInputs(paths);
  if (inputs.failures.length > 0) throw inputs.failures[0]!;
  return inputs;
}

async function addPath(path: string, inputs: Inputs, seen: Set<string>): Promise<void> {
  const exists = await stat(path).catch(() => null);
  if (exists !== null || !isPattern(path)) return addFileOrFolder(path, inputs, seen);
  const found = await expandPattern(path);
  if (found.length === 0)
    throw new PgvigilError(
      'FILE_UNREADABLE',
      `no file fits ${path}`,
      'Check the path; * fits no /, ** does.',
    );
  for (const one of found.sort(NATURAL.compare)) await addFileOrFolder(one, inputs, seen);
}

async function addFileOrFolder(path: string, inputs: Inputs, seen: Set<string>): Promise<void> {
  const found = await stat(path, { bigint: true });
  if (found.isDirectory()) {
    for (const file of await filesIn(path, inputs)) {
      // It may have been rotated away since.
      await addFileOrFolder(file, inputs, seen).catch((error) =>
        inputs.failures.push(unreadable(file, error)),
      );
    }
    return;
  }
  if (!found.isFile()) throw new Error('it is neither a file nor a folder');
  const id = `${found.dev}:${found.ino}`;
  if (seen.has(id)) return;
  seen.add(id);
  const changed = Number(found.mtimeNs) / 1e6;
  inputs.files.push({ path, id, bytes: Number(found.size), changed });
}

/** Logs in a folder and the folders in it, by name. A log that the server writes in two formats is taken once. */
async function filesIn(folder: string, inputs: Inputs): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = new Set(entries.map(({ name }) => name));
  const files: string[] = [];
  for (const entry of entries.sort((a, b) => NATURAL.compare(a.name, b.name))) {
    const path = join(folder, entry.name);
    if (entry.name.startsWith('.')) continue;
    if (entry.isDirectory()) files.push(...(await filesIn(path, inputs)));
    else if (LOG_NAME.test(entry.name)) {
      const better = betterFormat(entry.name, names);
      if (better === null) files.push(path);
      else inputs.doubles.push({ path, of: join(folder, better) });
    }
  }
  return files;
}

/** The file with the same entries in a format that tells them better: jsonlog and csvlog have names in fields. */
function betterFormat(name: string, names: ReadonlySet<string>): string | null {
  const [, stem, extension, rotation, packing] = LOG_NAME.exec(name)!;
  const better = { log: ['json', 'csv'], csv: ['json'] }[extension!] ?? [];
  for (const other of better)
    for (const packed of [packing ?? '', '', '.gz', '.zst']) {
      const candidate = `${stem}.${other}${rotation}${packed}`;
      if (names.has(candidate)) return candidate;
    }
  return null;
}
