/**
 * Reads a blob of JSON from where the store stands: archives of diagnostic settings, which grow while they are read, data exports
 * of Log Analytics, files that were put there; gzip or not.
 */
import { unpacked } from '../unpack.ts';
import type { Chunk } from './chunks.ts';
import { Documents } from './documents.ts';
import { partitionOf, type Stored } from './generations.ts';
import { type Layout, type Mark, markText } from './mark.ts';
import type { Placed } from './placed.ts';
import { isChange } from './refusal.ts';
import { Tail } from './tail.ts';

/** A blob changes under our hands this often without a new line in it before it is left for the next reading. */
const MAX_CHANGES = 20;

export interface DocumentBlob {
  source: string;
  name: string;
  stored: Stored;
  /** The blob from `startOf` of what is stored, as it was listed; throws HTTP 412 when it has changed. */
  chunks: AsyncIterable<Chunk>;
  /** The blob from an offset on, as it is by now. */
  again: (offset: number) => AsyncIterable<Chunk>;
  /** The text ends with what is no document yet: where that begins, and its length in bytes. */
  onUnfinished: (start: number, bytes: number) => void;
  /** A packed blob is cut, or damaged. */
  onDamage: () => void;
}

/** What is stored is not what the blob begins with. */
class Replaced extends Error {}

/** Where downloading has to begin, bytes. */
export function startOf(mark: Mark | null): number {
  return mark === null || mark.packed ? 0 : Tail.start(mark.end);
}

/**
 * The documents that are not stored yet. Their sequence numbers are offsets in bytes, unpacked.
 *
 * @throws the client's errors; HTTP 412 when the blob changes too often
 */
export async function* readDocuments(blob: DocumentBlob): AsyncGenerator<Placed> {
  let { generation, mark } = blob.stored;
  let { chunks } = blob;
  for (let changes = 0; ; ) {
    try {
      for await (const found of newDocuments(blob, chunks, mark)) {
        const now = found.mark;
        mark = now;
        changes = 0;
        yield {
          source: blob.source,
          partition: partitionOf(blob.name, generation),
          sequenceNumber: found.start,
          body: found.body,
          offset: (settled) => markText({ ...now, settled }),
        };
      }
      return;
    } catch (error) {
      if (error instanceof Replaced) {
        generation++;
        mark = null;
      } else if (!isChange(error) || ++changes > MAX_CHANGES) throw error;
      chunks = blob.again(startOf(mark));
    }
  }
}

interface Found {
  start: number;
  body: Buffer;
  mark: Mark;
}

/** @throws Replaced; the client's errors */
async function* newDocuments(
  blob: DocumentBlob,
  chunks: AsyncIterable<Chunk>,
  mark: Mark | null,
): AsyncGenerator<Found> {
  const from = startOf(mark);
  const seen = { etag: '', created: 0, packed: mark?.packed ?? false };
  const tail = new Tail(from);
  const documents = new Documents(mark?.end ?? 0, mark?.layout ?? null);
  let end = mark?.end ?? 0;
  const found = (start: number, raw: Buffer, body: Buffer, layout: Layout): Found[] => {
    tail.add(raw);
    end += raw.length;
    if (body.length === 0) return [];
    const now = { ...seen, end, layout, digest: tail.digest(), settled: false };
    return [{ start, body, mark: now }];
  };
  let known = end - from;
  try {
    for await (const bytes of contentOf(chunks, mark, seen)) {
      const stored = bytes.subarray(0, known);
      tail.add(stored);
      known -= stored.length;
      if (stored.length > 0 && known === 0 && tail.digest() !== mark?.digest) throw new Replaced();
      for (const { start, raw, body, layout } of documents.push(bytes.subarray(stored.length)))
        yield* found(start, raw, body, layout);
    }
  } catch (error) {
    if (!isDamage(error)) throw error;
    blob.onDamage();
    return;
  }
  if (known > 0) throw new Replaced();
  for (const { start, raw, body, layout } of documents.end()) yield* found(start, raw, body, layout);
  const { start, bytes } = documents.unfinished;
  if (bytes > 0) blob.onUnfinished(start, bytes);
}

/** Bytes of the text; `seen` tells what they were read from. */
async function* contentOf(
  chunks: AsyncIterable<Chunk>,
  mark: Mark | null,
  seen: { etag: string; created: number; packed: boolean },
): AsyncGenerator<Buffer> {
  const read = (async function* () {
    for await (const { bytes, etag, created } of chunks) {
      if (mark !== null && created !== mark.created) throw new Replaced();
      seen.etag = etag;
      seen.created = created;
      yield bytes;
    }
  })();
  const first = await read.next();
  if (first.done) return;
  if (mark === null) seen.packed = first.value[0] === 0x1f && first.value[1] === 0x8b;
  const all = (async function* () {
    yield first.value;
    yield* read;
  })();
  yield* unpacked(all, seen.packed ? 'gzip' : 'none', 'a blob');
}

/** Whether an error is one of zlib. */
function isDamage(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' && code.startsWith('Z_');
}
