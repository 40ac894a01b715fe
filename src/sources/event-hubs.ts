/**
 * Reads all partitions of an event hub with Microsoft's client.
 *
 * The handler never throws: an error that the client takes for retryable would make it go on with the next batch
 * and lose this one. It waits until its messages are stored, which is the back-pressure, and the client's link
 * credit is guarded (`credit-guard.ts`), which is the bound on memory.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CloseReason,
  type EventHubConsumerClient,
  earliestEventPosition,
  type PartitionContext,
  type ReceivedEventData,
  type Subscription,
} from '@azure/event-hubs';
import { messageOf } from '../errors.ts';
import type { SourceMessage } from '../model/message.ts';
import type { Position } from '../model/position.ts';
import { installCreditGuard } from './credit-guard.ts';
import {
  CLOSE_DEADLINE_MS,
  codeOf,
  createClient,
  type HubClientOptions,
  refusalOf,
  sourceName,
} from './hub-client.ts';
import { PositionsAsCheckpoints } from './positions-as-checkpoints.ts';

export interface EventHubSourceOptions extends HubClientOptions {
  /** Where to start in a partition of which nothing is stored yet; `latest` is what the hub ends with at `start`. */
  startPosition: 'earliest' | 'latest';
  /** Stores messages; resolves when they are stored. Called again with the same messages if it rejects. */
  ingest: (messages: SourceMessage[]) => Promise<void>;
  /** Stored position of a partition. */
  position: (source: string, partition: string) => Position | undefined;
  onEvent: (event: SourceEvent) => void;
}

/** What a source has to say besides messages. */
export type SourceEvent =
  | { kind: 'connected'; source: string; partitions: number }
  /** It will try again by itself. */
  | { kind: 'trouble'; partition: string | null; error: string }
  /** Another process reads this partition in the same consumer group. */
  | { kind: 'taken_over'; partition: string };

/** Lag of one partition: messages in the hub behind the last one stored. */
export interface PartitionLag {
  partition: string;
  messages: number;
}

const MAX_BATCH = 50;
const PREFETCH = 100;
/** A partition without messages speaks up this often. */
const MAX_WAIT_SECONDS = 1;
/** A partition in which messages wait for longer is busy, not behind. */
const BUSY_MS = 60_000;
const RETRY_MS = [1_000, 2_000, 5_000, 10_000, 30_000];

export class EventHubSource {
  #source: string;
  readonly #client: EventHubConsumerClient;
  readonly #checkpoints: PositionsAsCheckpoints;
  readonly #options: EventHubSourceOptions;
  /** Where the partitions ended at `start`, if reading begins there. */
  readonly #begin = new Map<string, Position>();
  readonly #newest = new Map<string, number>();
  /** Of the hub, once it tells them. */
  #partitions: readonly string[] = [];
  /** Since when messages wait in a partition, as far as `behind` was asked; milliseconds. */
  readonly #waitingSince = new Map<string, number>();
  /** Last message of each partition that has any, at `start`. */
  readonly #ends = new Map<string, number>();
  readonly #stop = new AbortController();
  #subscription: Subscription | undefined;
  #closed: Promise<void> | undefined;
  readonly #inFlight = new Set<Promise<void>>();

  constructor(options: EventHubSourceOptions) {
    installCreditGuard();
    this.#options = options;
    this.#checkpoints = new PositionsAsCheckpoints((partition) => this.#position(partition));
    this.#client = createClient(options, this.#checkpoints);
    this.#source = sourceName(this.#client, options.consumerGroup);
  }

  /**
   * Name of the stream in positions and records. Once the hub has answered it holds the time of the hub's creation:
   * a hub that was deleted and made again counts from 0 and is another stream.
   */
  get source(): string {
    return this.#source;
  }

  /**
   * Waits until the hub answers and a partition can be read, then reads until `close`.
   *
   * @throws PgvigilError SOURCE_REFUSED when the hub says no for good: wrong name, key or consumer group
   */
  async start(): Promise<void> {
    try {
      const partitions = await this.#reach();
      if (!this.#stop.signal.aborted) await this.#read(partitions);
    } catch (refusal) {
      await this.close();
      throw refusal;
    }
  }

  /** Messages that wait in the hub, per partition. */
  lag(): PartitionLag[] {
    return [...this.#newest].map(([partition, newest]) => ({
      partition,
      messages: Math.max(0, newest - (this.#position(partition)?.sequenceNumber ?? -1)),
    }));
  }

  /**
   * Partitions in which messages wait: from before the start, or for less than a minute. On a busy hub some always wait; that is
   * no backlog.
   */
  behind(): string[] {
    const now = Date.now();
    return this.#partitions.filter((partition) => {
      const stored = this.#position(partition)?.sequenceNumber ?? -1;
      if ((this.#ends.get(partition) ?? -1) > stored) return true;
      const isWaiting = (this.#newest.get(partition) ?? -1) > stored;
      if (!isWaiting) this.#waitingSince.delete(partition);
      else if (!this.#waitingSince.has(partition)) this.#waitingSince.set(partition, now);
      return isWaiting && now - this.#waitingSince.get(partition)! < BUSY_MS;
    });
  }

  /** Stops reading, within a deadline: the client's own close can hang after a lost link. */
  close(): Promise<void> {
    this.#closed ??= this.#shutDown();
    return this.#closed;
  }

  async #shutDown(): Promise<void> {
    this.#stop.abort();
    const closing = (async () => {
      await this.#subscription?.close();
      await this.#client.close();
    })().catch(() => undefined);
    const over = new AbortController();
    const deadline = sleep(CLOSE_DEADLINE_MS, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([Promise.all([closing, ...this.#inFlight]), deadline]);
    over.abort();
  }

  /** Number of partitions, once the hub tells it. */
  async #reach(): Promise<number> {
    const abortSignal = this.#stop.signal;
    for (let attempt = 0; !abortSignal.aborted; attempt++) {
      try {
        const { partitionIds: partitions, createdOn } = await this.#client.getEventHubProperties({
          abortSignal,
        });
        this.#partitions = partitions;
        this.#source = `${sourceName(this.#client, this.#options.consumerGroup)}@${createdOn.toISOString()}`;
        await Promise.all(partitions.map((id) => this.#findEnd(id)));
        return partitions.length;
      } catch (error) {
        const refusal = refusalOf(error, this.source);
        if (refusal !== null) throw refusal;
        this.#report(error);
        await this.#pause(attempt);
      }
    }
    return 0;
  }

  /**
   * Where a partition ends, so that it is known to be behind before its first message is here. `latest` is this place: a reader
   * that loses its link before its first message must not skip what came meanwhile.
   */
  async #findEnd(partition: string): Promise<void> {
    const abortSignal = this.#stop.signal;
    const end = await this.#client.getPartitionProperties(partition, { abortSignal });
    const { lastEnqueuedSequenceNumber: sequenceNumber, lastEnqueuedOffset: offset } = end;
    if (!end.isEmpty) this.#ends.set(partition, sequenceNumber);
    if (this.#options.startPosition === 'latest' && sequenceNumber >= 0)
      this.#begin.set(partition, { source: this.source, partition, sequenceNumber, offset });
  }

  /** What is behind us in a partition. */
  #position(partition: string): Position | undefined {
    return this.#options.position(this.source, partition) ?? this.#begin.get(partition);
  }

  /** Subscribes; resolves at the first word from a partition, since only a reader learns of a wrong consumer group. */
  #read(partitions: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#stop.signal.addEventListener('abort', () => resolve(), { once: true });
      let connected = false;
      const answered = () => {
        if (connected || this.#stop.signal.aborted) return;
        connected = true;
        this.#options.onEvent({ kind: 'connected', source: this.source, partitions });
        resolve();
      };
      this.#subscription = this.#client.subscribe(
        {
          processEvents: (events, context) => {
            answered();
            return this.#take(events, context);
          },
          processError: async (error, context) => {
            const lost = this.#isPositionLost(error, context.partitionId);
            const refusal = lost ? null : refusalOf(error, this.source);
            if (!connected && refusal !== null) return reject(refusal);
            if (context.partitionId !== '') answered();
            this.#report(error, context);
          },
          processClose: async (reason, { partitionId }) => {
            if (reason !== CloseReason.OwnershipLost) this.#checkpoints.release(partitionId);
          },
        },
        {
          startPosition: earliestEventPosition,
          maxBatchSize: MAX_BATCH,
          prefetchCount: PREFETCH,
          maxWaitTimeInSeconds: MAX_WAIT_SECONDS,
          skipParsingBodyAsJson: true,
          trackLastEnqueuedEventProperties: true,
        },
      );
    });
  }

  async #take(events: ReceivedEventData[], context: PartitionContext): Promise<void> {
    const newest = context.lastEnqueuedEventProperties?.sequenceNumber;
    if (newest !== undefined) this.#newest.set(context.partitionId, newest);
    if (events.length === 0) return;
    const messages = events.map((event) => ({
      source: this.source,
      partition: context.partitionId,
      sequenceNumber: event.sequenceNumber,
      offset: event.offset,
      body: bytesOf(event.body),
    }));
    const storing = this.#store(messages, context);
    this.#inFlight.add(storing);
    await storing;
    this.#inFlight.delete(storing);
  }

  /** The next batch must not overtake this one: the position would move over it. */
  async #store(messages: SourceMessage[], context: PartitionContext): Promise<void> {
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      try {
        return await this.#options.ingest(messages);
      } catch (error) {
        this.#report(error, context);
        await this.#pause(attempt);
      }
    }
  }

  async #pause(attempt: number): Promise<void> {
    const wait = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)];
    await sleep(wait, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  /** Whether the hub does not know the position that is stored: it is another hub of the same name. */
  #isPositionLost(error: unknown, partition: string): boolean {
    return codeOf(error) === 'ArgumentError' && this.#position(partition) !== undefined;
  }

  #report(error: unknown, context?: PartitionContext): void {
    if (this.#stop.signal.aborted) return;
    const partition = context?.partitionId || null;
    if (partition !== null && codeOf(error) === 'ReceiverDisconnectedError') {
      this.#options.onEvent({ kind: 'taken_over', partition });
      return;
    }
    let text = messageOf(error) || String(codeOf(error));
    if (partition !== null && this.#isPositionLost(error, partition))
      text = `the hub does not know the stored position (${text}); to read what it has from the beginning, use another consumer group`;
    this.#options.onEvent({ kind: 'trouble', partition, error: text });
  }
}

/** Body of an event as bytes. Azure sends one data section; other producers may send several, or AMQP values. */
function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  if (Array.isArray(body) && body.length > 0 && body.every((part) => part instanceof Uint8Array))
    return Buffer.concat(body);
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  return Buffer.from(JSON.stringify(body) ?? '', 'utf8');
}
