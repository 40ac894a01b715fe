/** Reads files again and again, each from where it stands. What has not changed since the last time is not opened. */
import { stat } from 'node:fs/promises';
import { PgvigilError } from '../../errors.ts';
import type { SourceMessage } from '../../model/message.ts';
import type { Reading } from '../history.ts';
import type { Packing } from '../unpack.ts';
import { fileContent, fileSlice, type Progress, packingOfFile, peek, unreadable } from './content.ts';
import { type Cursor, candidatesFor, locate } from './cursor.ts';
import { type Format, HEAD_BYTES, isJson, type ToldFormat, tellFormat } from './format.ts';
import type { InputFile } from './inputs.ts';
import type { LogClock } from './log-time.ts';
import { type Entry, LineSplitter, type Rest } from './splitter.ts';

/** A log that has not changed for so long ends with a whole entry, milliseconds: the server writes an entry at once. */
const SETTLED_MS = 1_000;

/** Bytes in front of a place by which it is known again. */
const MARK_BYTES = 1_024;

export interface FileBatch {
  messages: SourceMessage[];
  /** Of the file, as stored. */
  bytesRead: number;
}

/** What is left out at the end of a file, for the next reading. */
export interface LeftOut {
  bytes: number;
}

export interface FileOptions {
  server: string;
  clock: LogClock;
  /** Bytes of bodies that are handed out together. */
  batchBytes: number;
}

/** What is known of a file since its last reading. */
interface Standing {
  bytes: number;
  changed: number;
  packing: Packing;
  format: Format;
  cursor: Cursor;
  /** Bytes in front of the cursor. */
  mark: Buffer;
  /** Its end was too young to be whole. */
  isYoung: boolean;
  failure: unknown;
}

export class FileReader {
  readonly #options: FileOptions;
  readonly #standings = new Map<string, Standing>();

  constructor(options: FileOptions) {
    this.#options = options;
  }

  /** Forgets files other than these. */
  keep(files: readonly InputFile[]): void {
    const ids = new Set(files.map(({ id }) => id));
    for (const id of this.#standings.keys()) if (!ids.has(id)) this.#standings.delete(id);
  }

  /**
   * What is not stored yet of a file. What is handed out is stored before more is asked for.
   *
   * @throws PgvigilError FILE_UNREADABLE, after all that could be read
   */
  async *read(
    file: InputFile,
    reading: Pick<Reading, 'position' | 'signal'>,
    onLeftOut: (left: LeftOut) => void,
  ): AsyncGenerator<FileBatch> {
    const known = await this.#known(file, reading.position);
    const isUnchanged = known !== null && known.bytes === file.bytes && known.changed === file.changed;
    if (isUnchanged && known.failure !== null) throw known.failure;
    if (isUnchanged && !known.isYoung) return;
    // Set again at the end: one that is left early is located anew.
    this.#standings.delete(file.id);
    try {
      let from = known ?? (await this.#open(file.path, reading.position));
      while (!(yield* this.#readOn(file, from, reading, onLeftOut)))
        from = await this.#open(file.path, reading.position);
    } catch (error) {
      throw unreadable(file.path, error);
    }
  }

  /** What is known of a file that has only grown, if at all, and of which the store has what was handed out. */
  async #known(file: InputFile, position: Reading['position']): Promise<Standing | null> {
    const known = this.#standings.get(file.id);
    if (known === undefined || !known.cursor.isStored(position)) return null;
    if (known.bytes === file.bytes && known.changed === file.changed) return known;
    const { cursor, mark } = known;
    if (known.packing !== 'none' || file.bytes <= known.bytes) return null;
    const now = await fileSlice(file.path, cursor.offset - mark.length, cursor.offset).catch(() => null);
    return now?.equals(mark) ? known : null;
  }

  async #open(
    path: string,
    position: Reading['position'],
  ): Promise<Pick<Standing, 'packing' | 'format' | 'cursor'>> {
    const packing = await packingOfFile(path);
    const { format } = checkZone(await told(path, packing), this.#options.clock, path);
    const candidates = candidatesFor(await firstLine(path, packing), position);
    return { packing, format, cursor: await locate(candidates, entriesOf(path, packing, format)) };
  }

  /** Returns false when the file is another than the one that the cursor is in: it has to be found anew. */
  async *#readOn(
    file: InputFile,
    { packing, format, cursor }: Pick<Standing, 'packing' | 'format' | 'cursor'>,
    { signal }: Pick<Reading, 'signal'>,
    onLeftOut: (left: LeftOut) => void,
  ): AsyncGenerator<FileBatch, boolean> {
    const { server, clock, batchBytes } = this.#options;
    const progress: Progress = { bytes: 0 };
    let messages: SourceMessage[] = [];
    let size = 0;
    const take = (entry: Entry, isTerminated?: boolean): void => {
      const place = cursor.pass(entry, isTerminated);
      if (place === null) return;
      const body = format.body(entry, server, clock);
      messages.push({ ...place, body });
      size += body.length;
    };
    const splitter = format.splitter(cursor.offset);
    let failure: unknown = null;
    try {
      for await (const chunk of fileContent(file.path, packing, cursor.offset, progress)) {
        if (signal.aborted) return true;
        for (const entry of splitter.push(chunk)) {
          take(entry);
          if (cursor.isOther) return false;
          if (size < batchBytes) continue;
          yield { messages, bytesRead: progress.bytes };
          messages = [];
          size = 0;
        }
      }
    } catch (error) {
      failure = error;
    }
    const rest = failure === null ? splitter.rest() : [];
    const isSettled = rest.length > 0 && (await isUnchangedSince(file));
    let left = 0;
    for (const part of rest) {
      if (left === 0 && isEntry(format, part, isSettled)) take(part.entry, part.isTerminated);
      else left += part.entry.bytes.length;
    }
    if (cursor.isOther) return false;
    if (messages.length > 0) yield { messages, bytesRead: progress.bytes };
    if (left > 0) onLeftOut({ bytes: left });
    // What names the file may not have been whole either.
    if (cursor.index > 0) {
      const mark =
        packing === 'none'
          ? await fileSlice(file.path, Math.max(0, cursor.offset - MARK_BYTES), cursor.offset)
          : Buffer.alloc(0);
      const isYoung = left > 0 && !isSettled;
      const { bytes, changed } = file;
      this.#standings.set(file.id, { bytes, changed, packing, format, cursor, mark, isYoung, failure });
    }
    if (failure !== null) throw failure;
    return true;
  }
}

/**
 * Whether what is left at the end is an entry: a line that has its end, or whose JSON is whole. A row of a csvlog without its
 * line end may be longer.
 */
function isEntry({ name }: Format, { entry, isTerminated }: Rest, isSettled: boolean): boolean {
  if (name === 'messages' || name === 'jsonlog') return isJson(entry.bytes);
  return name === 'stderr' && isTerminated && isSettled;
}

async function isUnchangedSince({ path, bytes, changed }: InputFile): Promise<boolean> {
  const now = await stat(path, { bigint: true }).catch(() => null);
  if (now === null) return true;
  const isSame = Number(now.size) === bytes && Number(now.mtimeNs) / 1e6 === changed;
  return isSame && Date.now() - changed >= SETTLED_MS;
}

async function told(path: string, packing: Packing): Promise<ToldFormat> {
  const { head, close } = await peek(fileContent(path, packing, 0, { bytes: 0 }), HEAD_BYTES);
  await close();
  return tellFormat(head);
}

/** @throws PgvigilError FILE_UNREADABLE when the times of a log cannot be told */
export function checkZone(found: ToldFormat, clock: LogClock, title: string): ToldFormat {
  if (found.time === null || clock.read(found.time) !== null) return found;
  throw new PgvigilError(
    'FILE_UNREADABLE',
    `cannot read ${title}: the time zone of ${JSON.stringify(found.time)} is not certain`,
    'Say which it is, by its name in the time zone database: America/Chicago, Asia/Kolkata.',
  );
}

async function firstLine(path: string, packing: Packing): Promise<Buffer> {
  const splitter = new LineSplitter(0);
  try {
    for await (const chunk of fileContent(path, packing, 0, { bytes: 0 }))
      for (const { bytes } of splitter.push(chunk)) if (bytes.length > 0) return bytes;
  } catch {
    // Reading it will say why.
  }
  return splitter.rest()[0]?.entry.bytes ?? Buffer.alloc(0);
}

/** All entries of a file, the last one too; of a damaged one what can be read. */
async function* entriesOf(
  path: string,
  packing: Packing,
  format: Format,
): AsyncGenerator<{ entry: Entry; isTerminated: boolean }> {
  const splitter = format.splitter(0);
  try {
    for await (const chunk of fileContent(path, packing, 0, { bytes: 0 }))
      for (const entry of splitter.push(chunk)) yield { entry, isTerminated: true };
  } catch {
    // Reading it will say why.
    return;
  }
  yield* splitter.rest();
}
