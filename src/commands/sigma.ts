/** `pgvigil sigma`: detectors as Sigma rules, and Sigma rules as detectors. */
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { type Detector, loadDetectors, parseDetector } from '../detect/detector.ts';
import { checkDetector } from '../detect/evidence.ts';
import { bindParameters } from '../detect/parameters.ts';
import { messageOf, PgvigilError } from '../errors.ts';
import { printable } from '../printable.ts';
import { checkExpressions, readKnown, serialize } from '../sigma/database.ts';
import { exportDetector } from '../sigma/export.ts';
import { importRule } from '../sigma/import.ts';
import { MAX_RULE_LENGTH, parseRule } from '../sigma/rule.ts';
import { Store } from '../store/store.ts';
import { vetDetector } from '../worker/arming.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { printRows, rowsOf } from './output.ts';

/** UTF-8 has at most three bytes for one unit of UTF-16. */
const MAX_RULE_BYTES = 3 * MAX_RULE_LENGTH;

/**
 * Writes the rules of these detectors, or of all, and a table of what has none and why.
 *
 * @throws PgvigilError NOT_FOUND for an id that is not there, FILE_UNREADABLE for a folder that cannot be written
 */
export async function exportSigmaCommand(
  ids: readonly string[],
  options: GlobalOptions & { out?: string },
): Promise<void> {
  const { config, out, err } = await createContext(options);
  const { detectors, refused } = await loadDetectors(config.detection.detectorFolders);
  const chosen = chosenOf(detectors, ids);
  const exported = await withViews(async (connection) => {
    const known = await readKnown(connection);
    const results = [];
    for (const detector of chosen) {
      const serialized = await serialize(connection, detector.sql);
      results.push({ detector, ...exportDetector(detector, serialized, known) });
    }
    return results;
  });
  const rows: Record<string, string>[] = [];
  for (const result of exported) {
    const { id, name } = result.detector;
    if ('reason' in result) {
      rows.push({ id, name, exported: 'no', 'file or reason': result.reason });
      continue;
    }
    rows.push({ id, name, exported: 'yes', 'file or reason': result.fileName });
    if (options.out === undefined) out.write(`---\n${result.rule}`);
    else await write(options.out, result.fileName, result.rule);
  }
  // Without a folder the rules are the output, and the table must not get among them.
  const columns = ['id', 'name', 'exported', 'file or reason'];
  await printRows(options.out === undefined ? err : out, 'table', rowsOf(columns, rows));
  for (const { error } of refused) err.write(`refused: ${error.message}\n  ${error.hint}\n`);
}

/**
 * Makes a detector file of a Sigma rule, after the checks that a worker makes before it runs one.
 *
 * @throws PgvigilError DETECTOR_INVALID for a rule that does not fit, FILE_UNREADABLE
 */
export async function importSigmaCommand(
  file: string,
  options: GlobalOptions & { id: string; out?: string },
): Promise<void> {
  const { config, out } = await createContext(options);
  const { detectors } = await loadDetectors(config.detection.detectorFolders);
  const twin = detectors.find(({ id }) => id === options.id);
  if (twin !== undefined)
    throw new PgvigilError(
      'DETECTOR_INVALID',
      `${options.id} is the id of ${twin.file}`,
      'Choose another with --id: an upper-case letter and two or three digits, such as Z01.',
    );
  const rule = parseRule(await readRule(file));
  const path = options.out ?? `${options.id}.sql`;
  const { text, view, name } = await withViews(async (connection) => {
    const imported = importRule(rule, options.id, (await readKnown(connection)).views);
    await checkExpressions(connection, imported.expressions);
    const detector = parseDetector(path, imported.text);
    await vetDetector(connection, detector);
    await checkDetector(connection, detector, bindParameters(detector));
    return { ...imported, name: detector.name };
  });
  if (options.out === undefined) {
    out.write(text);
    return;
  }
  try {
    await writeFile(options.out, text, { flag: 'wx' });
  } catch (error) {
    throw unwritable(options.out, error);
  }
  out.write(
    `${printable(options.out)}: ${options.id} ${name}, over the view ${view}\n` +
      'Write cases beside it (`pgvigil detectors test`), and name its folder in detection.detectorFolders.\n',
  );
}

function chosenOf(detectors: readonly Detector[], ids: readonly string[]): Detector[] {
  const unknown = ids.find((id) => !detectors.some((detector) => detector.id === id));
  if (unknown !== undefined)
    throw new PgvigilError(
      'NOT_FOUND',
      `there is no detector ${printable(unknown)}`,
      '`pgvigil detectors list` shows them.',
    );
  return detectors.filter(({ id }) => ids.length === 0 || ids.includes(id));
}

/** Does something with an empty database that has all views, and removes it. */
async function withViews<T>(use: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-sigma-'));
  try {
    const store = await Store.open(folder);
    try {
      const connection = await store.connect();
      try {
        return await use(connection);
      } finally {
        connection.closeSync();
      }
    } finally {
      await store.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function write(folder: string, fileName: string, text: string): Promise<void> {
  const path = join(folder, fileName);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(path, text);
  } catch (error) {
    throw unwritable(path, error);
  }
}

async function readRule(file: string): Promise<string> {
  try {
    const { size } = await stat(file);
    if (size > MAX_RULE_BYTES) throw new Error(`it has ${size} bytes, which no rule has`);
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new PgvigilError(
      'FILE_UNREADABLE',
      `cannot read ${printable(file)}: ${messageOf(error)}`,
      'Name the YAML file of a Sigma rule.',
      error,
    );
  }
}

function unwritable(path: string, error: unknown): PgvigilError {
  return new PgvigilError(
    'FILE_UNREADABLE',
    `cannot write ${printable(path)}: ${messageOf(error)}`,
    'A detector file that exists is not overwritten; name another file or folder with --out.',
    error,
  );
}
