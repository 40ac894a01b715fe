/** Detectors as people name them on the command line: by file, or by id or name. */
import { readFile } from 'node:fs/promises';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { type Limits, withinLimit } from '../backtest/time-limit.ts';
import { closest } from '../closest.ts';
import { type Detector, loadDetectors, parseDetector } from '../detect/detector.ts';
import { checkDetector } from '../detect/evidence.ts';
import { messageOf, PgvigilError } from '../errors.ts';
import { vetDetector } from '../worker/arming.ts';

/**
 * The detector of a file.
 *
 * @throws PgvigilError FILE_UNREADABLE, DETECTOR_INVALID
 */
export async function readDetector(file: string): Promise<Detector> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw new PgvigilError(
      'FILE_UNREADABLE',
      `cannot read ${file}: ${messageOf(error)}`,
      'Name the SQL file of a detector.',
      error,
    );
  }
  return parseDetector(file, text);
}

/**
 * The detector with this id or name, of pgvigil or of the folders; else that of the file.
 *
 * @throws PgvigilError NOT_FOUND for an id that no detector has, FILE_UNREADABLE, DETECTOR_INVALID
 */
export async function findDetector(asked: string, folders: readonly string[]): Promise<Detector> {
  const { detectors, refused } = await loadDetectors(folders);
  const found = detectors.find(({ id, name }) => id === asked || name === asked);
  if (found !== undefined) return found;
  if (/\.sql$|[/\\]/.test(asked)) return readDetector(asked);
  const guess = closest(
    asked,
    detectors.flatMap(({ id, name }) => [id, name]),
  );
  const hints = [
    guess === undefined
      ? 'Name the SQL file of a detector, or an id that `pgvigil detectors list` shows.'
      : `Did you mean ${guess}?`,
    ...refused.map(({ error }) => `Refused: ${error.message}`),
  ];
  throw new PgvigilError('NOT_FOUND', `there is no detector ${asked}`, hints.join('\n'));
}

/**
 * Holds a detector to what the worker holds it to: one SELECT over the public views, with the columns of evidence.
 *
 * @throws PgvigilError DETECTOR_INVALID with file, line and reason; QUERY_FAILED when it takes too long over no time at all
 */
export async function checkSelect(
  connection: DuckDBConnection,
  detector: Detector,
  values: Readonly<Record<string, DuckDBValue>>,
  limits: Limits,
): Promise<void> {
  try {
    await parse(connection, detector);
    await vetDetector(connection, detector);
    await withinLimit(connection, limits, `${detector.file}: the SELECT, over no time at all,`, () =>
      checkDetector(connection, detector, values),
    );
  } catch (error) {
    throw error instanceof PgvigilError && error.code === 'DETECTOR_INVALID'
      ? await withLine(detector, error)
      : error;
  }
}

/** Only the parser itself says in which line it gave up. */
async function parse(connection: DuckDBConnection, { file, sql }: Detector): Promise<void> {
  try {
    await connection.extractStatements(sql);
  } catch (error) {
    const hint = 'The dialect is that of DuckDB: https://duckdb.org/docs/current/sql/introduction';
    const reason = messageOf(error).replace(/^Failed to extract statements: /, '');
    throw new PgvigilError('DETECTOR_INVALID', `${file}: ${reason}`, hint, error);
  }
}

/** The same error with the line of the file, where DuckDB names one of the SELECT. */
async function withLine({ file, sql }: Detector, error: PgvigilError): Promise<PgvigilError> {
  const match = /\n*LINE (\d+):[^\n]*(\n[ ]*\^)?/.exec(error.message);
  if (match === null) return error;
  const text = await readFile(file, 'utf8');
  const linesBefore = text.slice(0, text.lastIndexOf(sql)).split('\n').length - 1;
  const reason = error.message.slice(`${file}: `.length).replace(match[0], '').trim();
  const message = `${file}:${linesBefore + Number(match[1])}: ${reason}`;
  return new PgvigilError('DETECTOR_INVALID', message, error.hint, error);
}
