/**
 * Reads all partitions of an event hub with Microsoft's client.
 *
 * The handler never throws: an error that the client takes for retryable would make it go on with the next batch
 * and lose this one. It waits until its messages are stored, which is the back-pressure, and the client's link
 * credit is guarded (`credit-guard.ts`), which is the bound on memory.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type EventHubConsumerClient,
  earliestEventPosition,
  latestEventPosition,
  type PartitionContext,
  type ReceivedEventData,
  type Subscription,
} from '@azure/event-hubs';
import { messageOf } from '../errors.ts';
import type { Position, SourceMessage } from '../model.ts';
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
  /** Where to start in a partition of which nothing is stored yet. */
  startPosition: 'earliest' | 'latest';
  /** Stores messages; resolves when they are stored, never rejects. */
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

const MAX_BATCH = 100;
const PREFETCH = 200;
const MAX_WAIT_SECONDS = 5;
const RECONNECT_MS = [1_000, 2_000, 5_000, 10_000, 30_000];

export class EventHubSource {
  /** Name of the stream in positions and records. */
  readonly source: string;
  readonly #client: EventHubConsumerClient;
  readonly #options: EventHubSourceOptions;
  readonly #newest = new Map<string, number>();
  readonly #stop = new AbortController();
  #subscription: Subscription | undefined;
  #inFlight = new Set<Promise<void>>();

  constructor(options: EventHubSourceOptions) {
    installCreditGuard();
    this.#options = options;
    const checkpoints = new PositionsAsCheckpoints((partition) => options.position(this.source, partition));
    this.#client = createClient(options, checkpoints);
    this.source = sourceName(this.#client, options.consumerGroup);
  }

  /**
   * Waits until the hub answers, then reads until `close`.
   *
   * @throws PgvigilError SOURCE_REFUSED when the hub says no for good: wrong name, key or consumer group
   */
  async start(): Promise<void> {
    const partitions = await this.#reach();
    if (this.#stop.signal.aborted) return;
    this.#options.onEvent({ kind: 'connected', source: this.source, partitions });
    this.#subscription = this.#client.subscribe(
      {
        processEvents: (events, context) => this.#take(events, context),
        processError: async (error, context) => this.#report(error, context),
      },
      {
        startPosition:
          this.#options.startPosition === 'earliest' ? earliestEventPosition : latestEventPosition,
        maxBatchSize: MAX_BATCH,
        prefetchCount: PREFETCH,
        maxWaitTimeInSeconds: MAX_WAIT_SECONDS,
        skipParsingBodyAsJson: true,
        trackLastEnqueuedEventProperties: true,
      },
    );
  }

  /** Messages that wait in the hub, per partition. */
  lag(): PartitionLag[] {
    return [...this.#newest].map(([partition, newest]) => ({
      partition,
      messages: Math.max(0, newest - (this.#options.position(this.source, partition)?.sequenceNumber ?? -1)),
    }));
  }

  /** Stops reading. The client's own close can hang after a lost link, so it gets a deadline. */
  async close(): Promise<void> {
    this.#stop.abort();
    const closing = (async () => {
      await this.#subscription?.close();
      await this.#client.close();
    })().catch((error: unknown) => this.#report(error));
    await Promise.race([closing, sleep(CLOSE_DEADLINE_MS, undefined, { ref: false })]);
    await Promise.race([Promise.all(this.#inFlight), sleep(CLOSE_DEADLINE_MS, undefined, { ref: false })]);
  }

  async #reach(): Promise<number> {
    for (let attempt = 0; !this.#stop.signal.aborted; attempt++) {
      try {
        return (await this.#client.getPartitionIds()).length;
      } catch (error) {
        const refusal = refusalOf(error, this.source);
        if (refusal !== null) {
          await this.close();
          throw refusal;
        }
        this.#report(error);
        const wait = RECONNECT_MS[Math.min(attempt, RECONNECT_MS.length - 1)];
        await sleep(wait, undefined, { signal: this.#stop.signal }).catch(() => undefined);
      }
    }
    return 0;
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
    const storing = this.#options.ingest(messages).catch((error: unknown) => this.#report(error, context));
    this.#inFlight.add(storing);
    await storing;
    this.#inFlight.delete(storing);
  }

  #report(error: unknown, context?: PartitionContext): void {
    const partition = context?.partitionId ? context.partitionId : null;
    if (partition !== null && codeOf(error) === 'ReceiverDisconnectedError') {
      this.#options.onEvent({ kind: 'taken_over', partition });
    } else {
      this.#options.onEvent({ kind: 'trouble', partition, error: messageOf(error) || String(codeOf(error)) });
    }
  }
}

/** Body of an event as bytes. Azure sends data sections; other producers may send AMQP values. */
function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  return Buffer.from(JSON.stringify(body) ?? '', 'utf8');
}
