/**
 * Reads files as a source: one JSON document a line, gzip or not.
 *
 * Each line is a message: the body of an event as it was recorded, or a record of a storage archive
 * (`PT1H.json`). A file is known by its content, not by its name: read again, renamed or grown, it goes on where
 * the store stands; a file that only begins like another is a file of its own.
 */
import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { createGunzip } from 'node:zlib';
import { messageOf, PgvigilError } from '../errors.ts';
import type { SourceMessage } from '../model/message.ts';
import type { Position } from '../model/position.ts';

/** A longer line is cut at this length rather than held in memory: far above any hub's message limit. */
const MAX_LINE_BYTES = 16 * 1024 * 1024;
const PARTITION = '0';

export interface FileBatch {
  messages: SourceMessage[];
  /** Bytes read from disk so far (compressed size for `.gz`). */
  bytesRead: number;
  /**
   * Size of a last line that has no end yet and is no JSON: an archive that is still being written. It is left for
   * the next reading.
   */
  unfinishedBytes: number;
}

interface Progress {
  bytes: number;
  /** The line just yielded was not followed by a line end. */
  unterminated: boolean;
}

export interface FileInfo {
  path: string;
  bytes: number;
}

/**
 * Size of a file to be read.
 *
 * @throws PgvigilError FILE_UNREADABLE
 */
export async function fileInfo(path: string): Promise<FileInfo> {
  try {
    const found = await stat(path);
    if (!found.isFile()) throw new Error('not a file');
    return { path, bytes: found.size };
  } catch (error) {
    throw unreadable(path, error);
  }
}

/**
 * Reads the lines that are not stored yet, in batches of about `batchBytes`.
 *
 * @param position stored position of a source
 * @throws PgvigilError FILE_UNREADABLE, after all that could be read has been yielded
 */
export async function* readFileMessages(
  path: string,
  position: (source: string) => Position | undefined,
  batchBytes = 4 * 1024 * 1024,
): AsyncGenerator<FileBatch> {
  const start = await findStart(path, position);
  const progress: Progress = { bytes: 0, unterminated: false };
  let unfinishedBytes = 0;
  const digest = createHash('sha256');
  let line = 0;
  let messages: SourceMessage[] = [];
  let size = 0;
  let failure: unknown;
  try {
    for await (const body of lines(path, progress)) {
      digest.update(body).update('\n');
      if (line++ < start.skip) continue;
      if (body.length === 0) continue;
      if (progress.unterminated && !isJson(body)) {
        unfinishedBytes = body.length;
        break;
      }
      messages.push({
        source: start.source,
        partition: PARTITION,
        sequenceNumber: line - 1,
        offset: current(digest),
        body,
      });
      size += body.length;
      if (size >= batchBytes) {
        yield { messages, bytesRead: progress.bytes, unfinishedBytes };
        messages = [];
        size = 0;
      }
    }
  } catch (error) {
    failure = error;
  }
  yield { messages, bytesRead: progress.bytes, unfinishedBytes };
  if (failure !== undefined) throw failure;
}

function isJson(body: Buffer): boolean {
  try {
    JSON.parse(body.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}

/** Digest of everything up to here, as a position's offset. */
function current(digest: Hash): string {
  return digest.copy().digest('hex');
}

/**
 * Which stream the file is, and how many of its lines are stored. Files that share their first line share a name
 * up to the generation: the one whose stored lines this file repeats word for word, or a new one.
 */
async function findStart(
  path: string,
  position: (source: string) => Position | undefined,
): Promise<{ source: string; skip: number }> {
  const first = await firstLine(path);
  const name = `file:${createHash('sha256').update(first).digest('hex').slice(0, 32)}`;
  for (let generation = 1; ; generation++) {
    const source = generation === 1 ? name : `${name}:${generation}`;
    const stored = position(source);
    if (stored === undefined) return { source, skip: 0 };
    if (await repeats(path, stored)) return { source, skip: stored.sequenceNumber + 1 };
  }
}

async function firstLine(path: string): Promise<Buffer> {
  for await (const line of lines(path)) if (line.length > 0) return line;
  return Buffer.alloc(0);
}

/** Whether the file begins with the very lines that the position stands for. */
async function repeats(path: string, stored: Position): Promise<boolean> {
  const digest = createHash('sha256');
  let line = 0;
  for await (const body of lines(path)) {
    digest.update(body).update('\n');
    if (line++ === stored.sequenceNumber) return current(digest) === stored.offset;
  }
  return false;
}

/** Lines without their end (`\n` or `\r\n`). */
async function* lines(
  path: string,
  progress: Progress = { bytes: 0, unterminated: false },
): AsyncGenerator<Buffer> {
  let rest: Buffer[] = [];
  let restBytes = 0;
  const take = () => {
    const line = Buffer.concat(rest);
    rest = [];
    restBytes = 0;
    return line;
  };
  try {
    for await (const chunk of content(path, progress)) {
      let start = 0;
      while (start < chunk.length) {
        const end = chunk.indexOf(10, start);
        const stop = Math.min(end < 0 ? chunk.length : end, start + MAX_LINE_BYTES - restBytes);
        rest.push(chunk.subarray(start, stop));
        restBytes += stop - start;
        start = stop;
        if (stop === end) {
          yield trimmed(take());
          start++;
        } else if (restBytes === MAX_LINE_BYTES) {
          // At a fixed length, not at the end of a chunk: read again, the pieces must be the same.
          yield take();
        }
      }
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  if (restBytes === 0) return;
  progress.unterminated = true;
  yield trimmed(take());
}

function trimmed(line: Buffer): Buffer {
  return line.at(-1) === 13 ? line.subarray(0, -1) : line;
}

async function* content(path: string, progress: Progress): AsyncGenerator<Buffer> {
  const gzip = await isGzip(path);
  // Closed by the loop that reads it, also when that is left early.
  const chunks = counted(createReadStream(path, { highWaterMark: 64 * 1024 }), progress);
  yield* gzip ? gunzipped(chunks) : chunks;
}

async function* counted(raw: AsyncIterable<Buffer>, progress: Progress): AsyncGenerator<Buffer> {
  for await (const chunk of raw) {
    progress.bytes += chunk.length;
    yield chunk;
  }
}

/** Everything that can be unpacked, then the error if there is one; a piped stream would drop what it holds by then. */
async function* gunzipped(packed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  let unpacked: Buffer[] = [];
  gunzip.on('data', (chunk: Buffer) => unpacked.push(chunk));
  let failure: Error | undefined;
  const ended = new Promise<void>((resolve) => {
    gunzip.on('end', resolve);
    gunzip.on('error', (error) => {
      failure = error;
      resolve();
    });
  });
  try {
    for await (const chunk of packed) {
      // A write that fails is never called back.
      await Promise.race([new Promise((resolve) => gunzip.write(chunk, resolve)), ended]);
      yield* unpacked;
      unpacked = [];
      if (failure !== undefined) throw failure;
    }
    gunzip.end();
    await ended;
    yield* unpacked;
    if (failure !== undefined) throw failure;
  } finally {
    gunzip.destroy();
  }
}

async function isGzip(path: string): Promise<boolean> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(2), 0, 2, 0);
    return bytesRead === 2 && buffer[0] === 0x1f && buffer[1] === 0x8b;
  } finally {
    await file.close();
  }
}

function unreadable(path: string, error: unknown): PgvigilError {
  if (error instanceof PgvigilError) return error;
  return new PgvigilError(
    'FILE_UNREADABLE',
    `cannot read ${path}: ${messageOf(error)}`,
    'Check the path and its permissions. A cut .gz file is read up to the cut; the rest needs an intact copy.',
    error,
  );
}
