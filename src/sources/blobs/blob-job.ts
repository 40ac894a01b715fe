/** One blob in a reading: whether it is downloaded at all, from where, and what its messages are. */
import type { LRUCache } from 'lru-cache';
import type { SourceMessage } from '../../model/message.ts';
import type { Position } from '../../model/position.ts';
import type { CaptureCoverage } from './capture-coverage.ts';
import { type CapturePlace, capturePlaceOf } from './capture-path.ts';
import type { Chunk, Chunks } from './chunks.ts';
import { readDocuments, startOf } from './document-blob.ts';
import { ownRun, readEvents } from './event-blob.ts';
import { type Stored, storedOf } from './generations.ts';
import type { ListedBlob } from './listed-blob.ts';
import { settling } from './placed.ts';
import { codeOf, statusOf } from './refusal.ts';

export interface JobContext {
  /** Name of the stream of blobs that are streams of their own. */
  source: string;
  chunks: Chunks;
  position: (source: string, partition: string) => Position | undefined;
  coverage: CaptureCoverage;
  exhausted: LRUCache<string, string>;
  /** Told once for a key. */
  leftOut: (key: string, what: string, hint: string) => void;
}

const INTACT = 'What came before is stored. The rest needs an intact copy of the blob under the same name.';

export class BlobJob {
  readonly blob: ListedBlob;
  /** Where the download begins, bytes; the size of the blob where nothing is to be read. */
  readonly start: number;
  /** Its events are numbered by their hub. */
  readonly isContiguous: boolean;
  /** Nothing is to be downloaded any more. */
  isOver = false;
  /** Bytes that were read. */
  done = 0;
  readonly #context: JobContext;
  readonly #isAvro: boolean;
  readonly #place: CapturePlace | null;
  readonly #stored: Stored;

  constructor(context: JobContext, blob: ListedBlob) {
    this.#context = context;
    this.blob = blob;
    this.#isAvro = /\.avro$/i.test(blob.name);
    this.#place = this.#isAvro ? capturePlaceOf(blob.name) : null;
    this.isContiguous = this.#place !== null;
    this.#stored = storedOf(blob.name, (partition) => context.position(context.source, partition));
    this.start = this.#isRead() ? blob.size : this.#isAvro ? 0 : startOf(this.#stored.mark);
  }

  /** All that is in the blob is stored. */
  #isRead(): boolean {
    const { name, etag, size } = this.blob;
    if (this.#context.exhausted.get(name) === etag) return true;
    if (this.#place !== null) return this.#context.coverage.covers(this.blob, this.#place);
    const { mark } = this.#stored;
    if (mark === null || mark.etag !== etag) return false;
    return mark.settled || (!this.#isAvro && !mark.packed && mark.end === size);
  }

  /**
   * What of the blob is not stored yet.
   *
   * @param chunks the blob from `start`, as it was listed
   * @throws the client's errors that are about more than this blob
   */
  async *messages(chunks: AsyncIterable<Chunk>): AsyncGenerator<SourceMessage> {
    const { name } = this.blob;
    if (this.#isRead()) return;
    try {
      let isNew = false;
      for await (const message of settling(this.#placed(chunks))) {
        isNew = true;
        yield message;
      }
      if (!isNew) this.#context.exhausted.set(name, this.blob.etag);
    } catch (error) {
      const reason = leftOutFor(error);
      if (reason === null) throw error;
      this.#context.leftOut(`${name} ${codeOf(error)}`, `${name} ${reason.what}`, reason.hint);
    }
  }

  #placed(chunks: AsyncIterable<Chunk>) {
    const { source, coverage, leftOut } = this.#context;
    const { blob } = this;
    const { name } = blob;
    const again = (offset: number) => this.#counted(this.#context.chunks.from(name, offset), offset);
    const counted = this.#counted(chunks, this.start);
    if (!this.#isAvro)
      return readDocuments({
        source,
        name,
        stored: this.#stored,
        chunks: counted,
        again,
        onUnfinished: (start, bytes) =>
          leftOut(
            `${name} ${start}`,
            `${name} ends in the middle of a record: its last ${bytes} bytes are left for the next reading`,
            'Azure is still writing it. If it is no longer, its end was lost there.',
          ),
        onDamage: () =>
          leftOut(`${name} damaged`, `${name} is cut or damaged: it cannot be unpacked to its end`, INTACT),
      });
    const place = this.#place;
    return readEvents({
      chunks: counted,
      again: () => again(0),
      run: (first) =>
        place === null ? ownRun(source, name, this.#stored, blob.etag) : coverage.run(blob, place, first),
      countsFromZero: place === null,
      onDamage: (reason) =>
        leftOut(`${name} ${reason}`, `${name} is left out from there on: ${reason}`, INTACT),
    });
  }

  /** Passes chunks on and counts them. */
  async *#counted(chunks: AsyncIterable<Chunk>, from: number): AsyncGenerator<Chunk> {
    let at = from;
    for await (const chunk of chunks) {
      at += chunk.bytes.length;
      this.done = Math.max(this.done, Math.min(at, this.blob.size));
      yield chunk;
    }
  }
}

/** What is wrong with this blob alone; null when it is more. */
function leftOutFor(error: unknown): { what: string; hint: string } | null {
  const code = codeOf(error);
  switch (statusOf(error)) {
    case 404:
      if (code === 'ContainerNotFound') return null;
      return {
        what: 'was deleted before it was read',
        hint: 'Look at the lifecycle rules of the storage account, and read archives before their rules delete them.',
      };
    case 409:
      if (!/^Blob(?:Archived|BeingRehydrated)$/.test(code)) return null;
      return {
        what: 'lies in the archive tier and cannot be read',
        hint: 'Change its access tier to Hot or Cool (az storage blob set-tier) and read again when that is done.',
      };
    case 412:
    case 416:
      return { what: 'changes all the time', hint: 'The rest of it is left for the next reading.' };
    default:
      return null;
  }
}
