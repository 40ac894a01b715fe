/**
 * Takes messages from sources, decodes them, and stores them in batches.
 *
 * `ingest` resolves when its messages are stored: a source that waits for it cannot run ahead of the store. When
 * the store refuses to write (disk full), the ingestor tries again until it works, and sources wait. A message
 * that alone is at fault is kept as a reject.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../errors.ts';
import type { DecodedMessage, SourceMessage } from '../model/message.ts';
import type { Statement } from '../model/statement.ts';
import { Mutex } from '../store/mutex.ts';
import type { WritableMessage } from '../store/writable-message.ts';
import type { CommitResult, StoreWriter } from '../store/writer.ts';

export interface IngestLimits {
  /** Messages are stored together until their records reach this number … */
  maxRecords: number;
  /** … or the first of them has waited this long, in milliseconds. */
  maxDelayMs: number;
  /** Bytes of messages that wait to be stored; above, `ingest` waits before it takes more. */
  maxBufferedBytes: number;
}

export interface IngestorOptions {
  writer: StoreWriter;
  /** Never throws. */
  decode: (body: Uint8Array) => DecodedMessage;
  /** The statements of each message, by record index. Never rejects. */
  statements: (messages: readonly DecodedMessage[]) => Promise<ReadonlyMap<number, Statement>[]>;
  redactBytes: (raw: Uint8Array) => Uint8Array;
  limits: IngestLimits;
  /** Told of every refused write; the ingestor goes on trying. */
  onRefused?: (error: string, retryInMs: number) => void;
  /** Told of every commit. */
  onCommit?: (result: CommitResult, bytes: number) => void;
  /**
   * What the messages of a commit make possible. The next commit waits for it; when it fails it is called again then.
   * Ends early when `signal` says that the time for stopping is over.
   */
  afterCommit?: (signal: AbortSignal) => Promise<void>;
  /** Releases what the other functions use. */
  close?: () => Promise<void>;
}

/** A decoded message that still knows its bytes, in case it has to be kept as a reject. */
interface Decoded extends WritableMessage {
  body: Uint8Array;
}

interface Pending {
  messages: Decoded[];
  bytes: number;
  records: number;
  stored: () => void;
}

const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 30_000;

export class Ingestor {
  readonly #options: IngestorOptions;
  readonly #queue: Pending[] = [];
  #queuedRecords = 0;
  #bufferedBytes = 0;
  /** Those who wait for room, in order of arrival. */
  readonly #waiting: (() => void)[] = [];
  /** Those whose messages are taken and not stored yet. */
  readonly #taken = new Set<() => void>();
  readonly #understanding = new Mutex();
  #wake: () => void = () => undefined;
  /** Nothing more is taken. */
  #closed = false;
  /** The loop ends when the queue is empty. */
  #stopping = false;
  readonly #aborted = new AbortController();
  /** Resolves when the time for stopping is over. */
  readonly #gaveUp: Promise<void>;
  readonly #loop: Promise<void>;

  constructor(options: IngestorOptions) {
    this.#options = options;
    this.#gaveUp = new Promise((resolve) => {
      this.#aborted.signal.addEventListener('abort', () => resolve());
    });
    this.#loop = this.#run();
  }

  /**
   * Resolves when all messages are stored; those of one partition must be in order. After `stop` nothing more is
   * taken: the positions have not moved, so the source delivers again at the next start.
   */
  async ingest(messages: readonly SourceMessage[], contiguous: boolean): Promise<void> {
    const bytes = messages.reduce((sum, message) => sum + message.body.byteLength, 0);
    while (
      !this.#closed &&
      this.#bufferedBytes > 0 &&
      this.#bufferedBytes + bytes > this.#options.limits.maxBufferedBytes
    ) {
      await new Promise<void>((room) => this.#waiting.push(room));
    }
    if (this.#closed || messages.length === 0) return;
    this.#bufferedBytes += bytes;
    await new Promise<void>((resolve, reject) => {
      const stored = () => {
        this.#taken.delete(stored);
        resolve();
      };
      this.#taken.add(stored);
      // In turn: what takes long to parse must not be overtaken by what follows it.
      this.#understanding.run(() => this.#enqueue(messages, contiguous, bytes, stored)).catch(reject);
    });
  }

  /**
   * Stores what was taken, and ends. What is not understood or stored within `deadlineMs` is let go: its position has not
   * moved.
   */
  async stop(deadlineMs = 10_000): Promise<void> {
    this.#closed = true;
    this.#makeRoom();
    const timer = setTimeout(() => this.#aborted.abort(), deadlineMs);
    await Promise.race([this.#understanding.run(async () => undefined), this.#gaveUp]);
    this.#stopping = true;
    this.#wake();
    await this.#loop;
    this.#queue.length = 0;
    for (const stored of this.#taken) stored();
    await Promise.race([this.#options.close?.(), this.#gaveUp]);
    clearTimeout(timer);
  }

  async #enqueue(
    messages: readonly SourceMessage[],
    contiguous: boolean,
    bytes: number,
    stored: () => void,
  ): Promise<void> {
    const { signal } = this.#aborted;
    if (signal.aborted) return;
    const writable = await this.#understand(messages, contiguous);
    // Too late: whoever waits for it was told to go.
    if (signal.aborted) return;
    const records = writable.reduce((sum, message) => sum + message.decoded.records.length, 0);
    this.#queue.push({ messages: writable, bytes, records, stored });
    this.#queuedRecords += records;
    this.#wake();
  }

  async #understand(messages: readonly SourceMessage[], contiguous: boolean): Promise<Decoded[]> {
    const decoded = messages.map(({ body }) => this.#options.decode(body));
    const statements = await this.#options.statements(decoded);
    return messages.map(({ body, ...position }, index) => ({
      position,
      body,
      decoded: decoded[index]!,
      statements: statements[index]!,
      contiguous,
    }));
  }

  async #run(): Promise<void> {
    while (true) {
      if (this.#queue.length === 0) {
        if (this.#stopping) return;
        await new Promise<void>((wake) => {
          this.#wake = wake;
        });
        continue;
      }
      if (!this.#stopping && this.#queuedRecords < this.#options.limits.maxRecords) {
        // A little patience makes one commit of what several partitions bring.
        await sleep(this.#options.limits.maxDelayMs);
      }
      const batch = this.#take();
      const stored = await this.#store(batch.flatMap((pending) => pending.messages));
      if (stored !== null) {
        this.#options.onCommit?.(
          stored,
          batch.reduce((sum, pending) => sum + pending.bytes, 0),
        );
      }
      for (const pending of batch) {
        this.#bufferedBytes -= pending.bytes;
        pending.stored();
      }
      this.#makeRoom();
      if (stored === null) return;
      await this.#followUp();
    }
  }

  async #followUp(): Promise<void> {
    try {
      await this.#options.afterCommit?.(this.#aborted.signal);
    } catch (error) {
      this.#options.onRefused?.(messageOf(error), this.#options.limits.maxDelayMs);
    }
  }

  #makeRoom(): void {
    for (const room of this.#waiting.splice(0)) room();
  }

  #take(): Pending[] {
    const batch: Pending[] = [];
    let records = 0;
    while (this.#queue.length > 0 && records < this.#options.limits.maxRecords) {
      const pending = this.#queue.shift() as Pending;
      batch.push(pending);
      records += pending.records;
    }
    this.#queuedRecords -= records;
    return batch;
  }

  /** Stores the messages, however long it takes; null when it had to give up because the worker stops. */
  async #store(messages: Decoded[]): Promise<CommitResult | null> {
    const total: CommitResult = { records: 0, rejects: 0, repeated: 0, copies: 0, missing: 0 };
    let left = messages;
    let delay = FIRST_RETRY_MS;
    while (true) {
      try {
        add(total, await this.#options.writer.commit(left));
        return total;
      } catch (error) {
        if (!isStoreFailure(error)) left = await this.#storeOneByOne(left, total);
        if (left.length === 0) return total;
        this.#options.onRefused?.(messageOf(error), delay);
        try {
          await sleep(delay, undefined, { signal: this.#aborted.signal });
        } catch {
          return null;
        }
        delay = Math.min(delay * 2, LAST_RETRY_MS);
      }
    }
  }

  /**
   * Tells a bad message from a store in trouble: a store that takes the message's bytes as a reject is sound.
   * Returns the messages that are left when the store is in trouble, and adds the others to `total`.
   */
  async #storeOneByOne(messages: Decoded[], total: CommitResult): Promise<Decoded[]> {
    for (const [index, message] of messages.entries()) {
      try {
        add(total, await this.#options.writer.commit([message]));
      } catch (error) {
        if (isStoreFailure(error)) return messages.slice(index);
        try {
          add(total, await this.#options.writer.commit([this.#asReject(message, messageOf(error))]));
        } catch {
          return messages.slice(index);
        }
      }
    }
    return [];
  }

  #asReject(message: Decoded, reason: string): WritableMessage {
    const raw = this.#options.redactBytes(message.body);
    return {
      ...message,
      decoded: {
        records: [],
        rejects: [{ index: null, code: 'NOT_STORABLE', reason, raw }],
        unexplained: [],
      },
      statements: new Map(),
    };
  }
}

/**
 * True for errors that no message is at fault for, so that none becomes a reject while the disk fills up. DuckDB puts
 * the kind of the error first; what follows may quote the message.
 */
function isStoreFailure(error: unknown): boolean {
  return /^(?:IO Error|TransactionContext Error: Failed to commit)/.test(messageOf(error));
}

function add(total: CommitResult, more: CommitResult): void {
  total.records += more.records;
  total.rejects += more.rejects;
  total.repeated += more.repeated;
  total.copies += more.copies;
  total.missing += more.missing;
}
