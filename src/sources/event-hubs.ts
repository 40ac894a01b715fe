/**
 * Reads all partitions of an event hub with Microsoft's client.
 *
 * The handler never throws: an error that the client takes for retryable would make it go on with the next batch
 * and lose this one. It waits until its messages are stored, which is the back-pressure, and the client's link
 * credit is guarded (`credit-guard.ts`), which is the bound on memory.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  EventHubConsumerClient,
  type EventHubConsumerClientOptions,
  earliestEventPosition,
  latestEventPosition,
  type PartitionContext,
  type ReceivedEventData,
  RetryMode,
  type Subscription,
} from '@azure/event-hubs';
import type { TokenCredential } from '@azure/identity';
import { messageOf, PgvigilError } from '../errors.ts';
import type { Position, SourceMessage } from '../model.ts';
import { installCreditGuard } from './credit-guard.ts';
import { PositionsAsCheckpoints } from './positions-as-checkpoints.ts';

/** How to reach the hub: a connection string (which may name the hub), or namespace and identity. */
export type HubAddress =
  | { connectionString: string; hub: string | undefined }
  | { fullyQualifiedNamespace: string; hub: string; credential: TokenCredential };

export interface EventHubSourceOptions {
  address: HubAddress;
  consumerGroup: string;
  /** Where to start in a partition of which nothing is stored yet. */
  startPosition: 'earliest' | 'latest';
  /** Stores messages; resolves when they are stored, never rejects. */
  ingest: (messages: SourceMessage[]) => Promise<void>;
  /** Stored position of a partition. */
  position: (source: string, partition: string) => Position | undefined;
  onEvent: (event: SourceEvent) => void;
  /** How long an operation of the client may take, milliseconds. Default 30 s. */
  operationTimeoutMs?: number;
  /** How often the client looks after its partitions, milliseconds. Default 10 s. */
  balanceIntervalMs?: number;
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
const CLOSE_DEADLINE_MS = 5_000;
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
    const { fullyQualifiedNamespace, eventHubName } = this.#client;
    this.source = `eventhub:${fullyQualifiedNamespace}/${eventHubName}/${options.consumerGroup}`;
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

function createClient(
  options: EventHubSourceOptions,
  checkpoints: PositionsAsCheckpoints,
): EventHubConsumerClient {
  const { address, consumerGroup } = options;
  const clientOptions: EventHubConsumerClientOptions = {
    retryOptions: {
      mode: RetryMode.Exponential,
      maxRetries: 3,
      retryDelayInMs: 500,
      maxRetryDelayInMs: 15_000,
      timeoutInMs: options.operationTimeoutMs ?? 30_000,
    },
    loadBalancingOptions: {
      strategy: 'greedy',
      updateIntervalInMs: options.balanceIntervalMs ?? 10_000,
      partitionOwnershipExpirationIntervalInMs: 60_000,
    },
  };
  try {
    if ('credential' in address) {
      const { fullyQualifiedNamespace, hub, credential } = address;
      return new EventHubConsumerClient(
        consumerGroup,
        fullyQualifiedNamespace,
        hub,
        credential,
        checkpoints,
        clientOptions,
      );
    }
    return address.hub === undefined
      ? new EventHubConsumerClient(consumerGroup, address.connectionString, checkpoints, clientOptions)
      : new EventHubConsumerClient(
          consumerGroup,
          address.connectionString,
          address.hub,
          checkpoints,
          clientOptions,
        );
  } catch {
    // The client's own message may quote the connection string.
    throw new PgvigilError(
      'SOURCE_REFUSED',
      'the connection string of the event hub is malformed, or names another hub than eventHub.name',
      'Copy it again from the portal: Event Hubs namespace → Shared access policies; it begins with Endpoint=sb://.',
    );
  }
}

function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null)?.code;
}

/** The error for a hub that says no for good; null for trouble that may pass. */
function refusalOf(error: unknown, source: string): PgvigilError | null {
  const codes = error instanceof AggregateError ? error.errors.map(codeOf) : [codeOf(error)];
  const hints: Record<string, string> = {
    UnauthorizedError:
      'Check the key, or give the identity the role "Azure Event Hubs Data Receiver" on the hub.',
    MessagingEntityNotFoundError: 'Check eventHub.name and eventHub.consumerGroup.',
    ArgumentError: 'Check eventHub.name and eventHub.consumerGroup.',
    CredentialUnavailableError: 'Sign in (`az login`) or give the host a managed identity.',
    AuthenticationRequiredError: 'Sign in (`az login`) or give the host a managed identity.',
  };
  for (const code of codes) {
    const hint = typeof code === 'string' ? hints[code] : undefined;
    if (hint !== undefined) {
      return new PgvigilError('SOURCE_REFUSED', `${source} refused us: ${messageOf(error)}`, hint, error);
    }
  }
  return null;
}

/** Body of an event as bytes. Azure sends data sections; other producers may send AMQP values. */
function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  return Buffer.from(JSON.stringify(body) ?? '', 'utf8');
}
