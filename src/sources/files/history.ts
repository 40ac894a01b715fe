/**
 * Files and standard input as a source: JSON of Azure (the bodies of events, records of a storage archive, one a line), and
 * the logs that a PostgreSQL server writes itself (stderr, csvlog, jsonlog), packed with gzip or zstd or not. What a file is
 * is told from its content.
 */
import { hostname } from 'node:os';
import { DateTime } from 'luxon';
import { PgvigilError } from '../../errors.ts';
import type { History, HistoryBatch, Reading } from '../history.ts';
import { unreadable } from './content.ts';
import { type FileBatch, type FileOptions, FileReader } from './file-reader.ts';
import { findInputs, type Inputs } from './inputs.ts';
import { LogClock } from './log-time.ts';
import { readStream } from './stream-reader.ts';

export { checkInputs } from './inputs.ts';

export interface FileHistoryOptions {
  /**
   * Name of the server that wrote the logs, which do not say it; the name of this host without it. Records of Azure name
   * theirs.
   */
  server?: string;
  /**
   * The server's `log_timezone`, by its name in the time zone database. Needed only where the abbreviation in its log may
   * stand for several zones (CST, IST); times of another zone are refused then.
   */
  timezone?: string;
  /** Bytes of bodies that are handed out together; 4 MB without it. */
  batchBytes?: number;
  /** What `-` reads; standard input without it. */
  stdin?: AsyncIterable<Uint8Array>;
}

const BATCH_BYTES = 4 * 1024 * 1024;

/**
 * A history of files, folders, patterns (`*`, `?`, `**`) and standard input (`-`). Files are read in the order of the paths,
 * those of a folder or pattern by name, standard input last. A further `read` goes on: it finds new files, and reads of those
 * it knows what they have grown by. Holds an entry of at most 16 MB, and a batch of about 4 MB.
 *
 * Files have no order by time, so `until` does not apply to them; one that was last changed before `since` is not read.
 *
 * @throws PgvigilError USAGE for an unknown time zone
 */
export function fileHistory(paths: readonly string[], options: FileHistoryOptions = {}): History {
  const { timezone = null } = options;
  if (timezone !== null && !DateTime.utc().setZone(timezone).isValid)
    throw new PgvigilError(
      'USAGE',
      `${JSON.stringify(timezone)} is no time zone`,
      'Give its name in the time zone database, as SHOW log_timezone prints it: Europe/Berlin.',
    );
  return new FileHistory(paths, options, new LogClock(timezone));
}

class FileHistory implements History {
  readonly title: string;
  readonly #paths: readonly string[];
  readonly #options: FileOptions;
  readonly #reader: FileReader;
  readonly #stdin: AsyncIterable<Uint8Array>;
  #isStdinRead = false;

  constructor(paths: readonly string[], { server, batchBytes, stdin }: FileHistoryOptions, clock: LogClock) {
    this.title = paths.map((path) => (path === '-' ? 'standard input' : path)).join(', ');
    this.#paths = paths;
    this.#options = { server: server ?? hostname(), clock, batchBytes: batchBytes ?? BATCH_BYTES };
    this.#reader = new FileReader(this.#options);
    this.#stdin = stdin ?? process.stdin;
  }

  async *read(reading: Reading): AsyncGenerator<HistoryBatch> {
    const inputs = await findInputs(this.#paths);
    this.#reader.keep(inputs.files);
    const hasStdin = inputs.hasStdin && !this.#isStdinRead;
    const total = hasStdin ? null : inputs.files.reduce((sum, { bytes }) => sum + bytes, 0);
    const failures: unknown[] = [...inputs.failures];
    tellDoubles(inputs, reading);
    let done = 0;
    const batch = ({ messages, bytesRead }: FileBatch): HistoryBatch => ({
      messages,
      contiguous: false,
      done: done + bytesRead,
      total,
      unit: 'bytes',
    });
    for (const file of inputs.files) {
      if (reading.signal.aborted) return;
      if (file.changed >= reading.since) {
        const onLeftOut = ({ bytes }: { bytes: number }): void =>
          reading.onEvent?.({
            kind: 'left-out',
            what: `${file.path}: the last ${bytes.toLocaleString('en')} bytes, an entry that has no end yet`,
            hint: 'Read it again once it is complete.',
          });
        try {
          for await (const part of this.#reader.read(file, reading, onLeftOut)) yield batch(part);
        } catch (error) {
          failures.push(error);
        }
      }
      done += file.bytes;
    }
    if (hasStdin && !reading.signal.aborted) {
      this.#isStdinRead = true;
      try {
        const title = 'standard input';
        for await (const part of readStream(this.#stdin, title, this.#options, reading)) yield batch(part);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw together(failures.map((failure) => unreadable(this.title, failure)));
  }
}

function tellDoubles({ doubles }: Inputs, { onEvent }: Reading): void {
  for (const { path, of } of doubles)
    onEvent?.({
      kind: 'left-out',
      what: `${path}: the server wrote the same into ${of}`,
      hint: 'Name it to read it nevertheless.',
    });
}

function together(failures: readonly PgvigilError[]): PgvigilError {
  const [first, ...others] = failures;
  if (others.length === 0) return first!;
  const more = others.map(({ message }) => message).join('; ');
  return new PgvigilError(first!.code, `${first!.message}; ${more}`, first!.hint, first);
}
