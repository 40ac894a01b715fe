/**
 * Archives in Azure Blob Storage as a history: what diagnostic settings, the data export of Log Analytics and Event Hubs Capture
 * write into a container, and any other blobs of JSON lines.
 *
 * Requests and memory: blobs are downloaded in chunks, `concurrency` of them at a time and in order, so that no more
 * are held besides a batch and the longest record; and what is known of the next 20 000 blobs, about
 * 0.5 kB each.
 */
import { LRUCache } from 'lru-cache';
import type { History, HistoryBatch, Reading } from '../history.ts';
import { type BlobAddress, type BlobPlace, placeOf } from './address.ts';
import { ahead, withTotal } from './ahead.ts';
import { Batches } from './batches.ts';
import { BlobJob, type JobContext } from './blob-job.ts';
import { CaptureCoverage } from './capture-coverage.ts';
import { Chunks } from './chunks.ts';
import { listBlobs } from './listing.ts';
import { Patience } from './patience.ts';
import { hoursAround, type Period } from './period.ts';
import { isOfService, refusalOf } from './refusal.ts';

const MAX_LISTED = 20_000;
const HOUR_MS = 3_600_000;
/** Azure writes to the folder of an hour for as long after its end, and longer only if it has trouble … */
const SETTLE_MS = 3 * HOUR_MS;
/** … so all hours are looked through this often, and the newest at each reading. */
const FULL_EVERY_MS = HOUR_MS;

export interface BlobHistoryOptions {
  address: BlobAddress;
  /** Chunks downloaded at a time. Default 4. */
  concurrency?: number;
  /** Default 1 MiB. */
  chunkBytes?: number;
  /** Messages come in batches of about as many bytes. Default 4 MiB. */
  batchBytes?: number;
  /** Waits between attempts where the service names none, milliseconds; after the last an error is final. */
  retryMs?: readonly number[];
}

/**
 * Opens an archive, without a request.
 *
 * @throws PgvigilError SOURCE_REFUSED for a malformed address, without quoting it
 */
export function blobHistory(options: BlobHistoryOptions): History {
  return new BlobHistory(options);
}

/** What an earlier reading has seen all of. */
interface Looked {
  since: number;
  /** Hours before this hold nothing new. */
  upTo: number;
  /** When all hours were looked through. */
  fullAt: number;
}

class BlobHistory implements History {
  readonly title: string;
  readonly #place: BlobPlace;
  readonly #options: BlobHistoryOptions;
  #looked: Looked | undefined;
  /** ETags of blobs that hold nothing new, where no position tells. */
  readonly #exhausted = new LRUCache<string, string>({ max: 50_000 });
  /** What was told to be left out. */
  readonly #told = new LRUCache<string, true>({ max: 50_000 });

  constructor(options: BlobHistoryOptions) {
    this.#options = options;
    this.#place = placeOf(options.address);
    this.title = this.#place.title;
  }

  async *read(reading: Reading): AsyncGenerator<HistoryBatch> {
    const { signal } = reading;
    // Downloads ahead end with this reading, also when it is left early.
    const over = new AbortController();
    const startedAt = Date.now();
    const { span, isFull } = this.#spanOf(reading, startedAt);
    const batches = new Batches(this.#options.batchBytes ?? 4 * 1024 * 1024);
    try {
      const guarded = { ...reading, signal: AbortSignal.any([signal, over.signal]) };
      yield* this.#readSpan(guarded, span, batches);
    } catch (error) {
      if (signal.aborted) return;
      const rest = batches.take();
      if (rest !== null) yield rest;
      throw isOfService(error) ? refusalOf(error, this.title) : error;
    } finally {
      over.abort();
    }
    if (signal.aborted) return;
    const upTo = Math.min(reading.until, startedAt) - SETTLE_MS;
    const fullAt = isFull ? startedAt : (this.#looked?.fullAt ?? startedAt);
    this.#looked = { since: reading.since, upTo, fullAt };
  }

  /** The hours to be listed: not those that were looked through a short time ago. */
  #spanOf({ since, until }: Reading, now: number): { span: Period; isFull: boolean } {
    const looked = this.#looked;
    if (looked === undefined || since < looked.since || now - looked.fullAt >= FULL_EVERY_MS)
      return { span: hoursAround(since, until), isFull: true };
    return { span: hoursAround(Math.max(since, looked.upTo), until), isFull: false };
  }

  async *#readSpan(reading: Reading, span: Period, batches: Batches): AsyncGenerator<HistoryBatch> {
    const onEvent = reading.onEvent ?? (() => undefined);
    const { container, prefix, source } = this.#place;
    const { retryMs, chunkBytes = 1024 * 1024, concurrency = 4 } = this.#options;
    const patience = new Patience(reading.signal, onEvent, retryMs);
    const chunks = new Chunks(container, patience, chunkBytes);
    const context: JobContext = {
      source,
      chunks,
      position: reading.position,
      coverage: new CaptureCoverage(reading.position, span.from),
      exhausted: this.#exhausted,
      leftOut: (key, what, hint) => {
        if (this.#told.has(key)) return;
        this.#told.set(key, true);
        onEvent({ kind: 'left-out', what, hint });
      },
    };
    const blobs = withTotal(listBlobs({ container, patience, span }, prefix), MAX_LISTED);
    const parts = (async function* () {
      for await (const { value, total } of blobs) {
        const job = new BlobJob(context, value);
        if (job.start >= value.size) yield { job, total, offset: 0, length: 0 };
        for (let offset = job.start; offset < value.size && !job.isOver; offset += chunkBytes)
          yield { job, total, offset, length: Math.min(chunkBytes, value.size - offset) };
      }
    })();
    const downloads = ahead(
      parts,
      async ({ job, offset, length }) =>
        length === 0 || job.isOver ? null : chunks.read(job.blob.name, offset, length, job.blob.etag),
      concurrency,
    );
    let next = await downloads.next();
    while (!next.done) {
      const { job, total } = next.value.task;
      const downloaded = (async function* () {
        while (!next.done && next.value.task.job === job) {
          const chunk = await next.value.result;
          if (chunk !== null) yield chunk;
          next = await downloads.next();
        }
      })();
      batches.total = total;
      for await (const message of job.messages(downloaded)) {
        yield* batches.add(message, job.isContiguous, job.done);
      }
      job.isOver = true;
      batches.finished(job.blob.size);
      while (!next.done && next.value.task.job === job) next = await downloads.next();
    }
    const rest = batches.take();
    if (rest !== null) yield rest;
  }
}
