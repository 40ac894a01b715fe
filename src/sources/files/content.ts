/** Bytes of a file or of standard input, unpacked. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { messageOf, PgvigilError } from '../../errors.ts';
import { type Packing, packingOf, unpacked } from '../unpack.ts';

/** How far a reading has come, bytes as stored. */
export interface Progress {
  bytes: number;
}

/** Magic numbers are this long at most. */
const MAGIC_BYTES = 4;

export async function packingOfFile(path: string): Promise<Packing> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(MAGIC_BYTES), 0, MAGIC_BYTES, 0);
    return packingOf(buffer.subarray(0, bytesRead));
  } finally {
    await file.close();
  }
}

/**
 * Content of a file from `start` on, an offset in the unpacked bytes.
 *
 * @throws PgvigilError FILE_UNREADABLE, after all that can be read
 */
export async function* fileContent(
  path: string,
  packing: Packing,
  start: number,
  progress: Progress,
): AsyncGenerator<Buffer> {
  const from = packing === 'none' ? start : 0;
  progress.bytes = from;
  try {
    // Closed by the loop that reads it, also when that is left early.
    const stored = counted(createReadStream(path, { start: from, highWaterMark: 64 * 1024 }), progress);
    yield* behind(unpacked(stored, packing, path), start - from);
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** Bytes `from` to `to` of a file that is not packed; fewer where it ends before. */
export async function fileSlice(path: string, from: number, to: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(to - from), 0, to - from, from);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Content of standard input or another stream that can be read once. */
export async function* streamContent(
  stream: AsyncIterable<Uint8Array>,
  title: string,
  progress: Progress,
): AsyncGenerator<Buffer> {
  const { head, all, close } = await peek(counted(buffers(stream), progress), MAGIC_BYTES);
  try {
    yield* unpacked(all, packingOf(head), title);
  } catch (error) {
    throw unreadable(title, error);
  } finally {
    await close();
  }
}

/**
 * The first `length` bytes of a stream, or all it has, and the whole of it, which fails where the stream does. Who does not
 * read the whole calls `close`.
 */
export async function peek(
  stream: AsyncGenerator<Buffer>,
  length: number,
): Promise<{ head: Buffer; all: AsyncGenerator<Buffer>; close: () => Promise<void> }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let failure: unknown = null;
  try {
    while (bytes < length) {
      const next = await stream.next();
      if (next.done === true) break;
      chunks.push(next.value);
      bytes += next.value.length;
    }
  } catch (error) {
    failure = error;
  }
  return {
    head: Buffer.concat(chunks).subarray(0, length),
    all: chained(chunks, stream, failure),
    close: async () => void (await stream.return(undefined)),
  };
}

async function* chained(
  first: Buffer[],
  rest: AsyncGenerator<Buffer>,
  failure: unknown,
): AsyncGenerator<Buffer> {
  try {
    for (let chunk = first.shift(); chunk !== undefined; chunk = first.shift()) yield chunk;
    if (failure !== null) throw failure;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

async function* buffers(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const chunk of stream) yield Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

async function* counted(stored: AsyncIterable<Buffer>, progress: Progress): AsyncGenerator<Buffer> {
  for await (const chunk of stored) {
    progress.bytes += chunk.length;
    yield chunk;
  }
}

async function* behind(stream: AsyncGenerator<Buffer>, skipped: number): AsyncGenerator<Buffer> {
  let left = skipped;
  for await (const chunk of stream) {
    if (left < chunk.length) yield left === 0 ? chunk : chunk.subarray(left);
    left = Math.max(0, left - chunk.length);
  }
}

export function unreadable(title: string, error: unknown): PgvigilError {
  if (error instanceof PgvigilError) return error;
  return new PgvigilError(
    'FILE_UNREADABLE',
    `cannot read ${title}: ${messageOf(error)}`,
    'Check the path and its permissions. A cut .gz file is read up to the cut; the rest needs an intact copy.',
    error,
  );
}
