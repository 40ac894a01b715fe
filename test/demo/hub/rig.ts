import assert from 'node:assert/strict';
import {
  EventHubConsumerClient,
  EventHubProducerClient,
  type EventPosition,
  earliestEventPosition,
  type ReceivedEventData,
  type SubscribeOptions,
  type Subscription,
} from '@azure/event-hubs';
import { LoopbackHub, type LoopbackHubOptions, type ReaderStats } from '../../../src/demo/hub/hub.ts';

// Two timers of the client (6.0.4) outlive its close(): the token renewal of a link that was detached (45 minutes, for
// ever again) and the buffered producer's look for new partitions (10 seconds). They must not hold the test process;
// all else that a test leaves behind still does.
const TIMERS_THAT_OUTLIVE_CLOSE = [45 * 60_000, 10_000];
const { setTimeout: setTimer } = globalThis;
globalThis.setTimeout = Object.assign((...args: Parameters<typeof setTimer>) => {
  const timer = setTimer(...args);
  return TIMERS_THAT_OUTLIVE_CLOSE.includes(args[1] ?? 0) ? timer.unref() : timer;
}, setTimer);

/** The client's defaults (30 s between tries, 60 s each) are for the cloud. */
export const ONE_TRY = { maxRetries: 0, timeoutInMs: 4000 };
export const SOME_TRIES = { maxRetries: 5, retryDelayInMs: 100, timeoutInMs: 4000 };

export interface Reading {
  events: ReceivedEventData[];
  errors: Error[];
  closes: string[];
  /** `trackLastEnqueuedEventProperties` of the last call that brought events. */
  lastEnqueued: object | undefined;
  subscription: Subscription;
}

/** A hub with clients; all of them are closed when the test ends. */
export interface Rig {
  hub: LoopbackHub;
  producer(connectionString?: string, retryOptions?: object): EventHubProducerClient;
  consumer(group?: string, connectionString?: string, retryOptions?: object): EventHubConsumerClient;
  /** Reads a partition in the background. */
  read(partition: string, options?: SubscribeOptions & { group?: string; retryOptions?: object }): Reading;
  /** Sequence numbers that a reader gets from a position, once the newest event of the partition has come. */
  readAll(partition: string, startPosition: EventPosition): Promise<number[]>;
  readersOf(partition: string): ReaderStats[];
}

export async function withHub(options: LoopbackHubOptions, run: (rig: Rig) => Promise<void>): Promise<void> {
  const hub = await LoopbackHub.start(options);
  const open: Array<{ close(): Promise<void> }> = [];
  const keep = <T extends { close(): Promise<void> }>(client: T): T => {
    open.unshift(client);
    return client;
  };
  const rig: Rig = {
    hub,
    producer: (connectionString = hub.connectionString, retryOptions = ONE_TRY) =>
      keep(new EventHubProducerClient(connectionString, { retryOptions })),
    consumer: (group = '$Default', connectionString = hub.connectionString, retryOptions = ONE_TRY) =>
      keep(new EventHubConsumerClient(group, connectionString, { retryOptions })),
    read: (partition, { group, retryOptions, ...subscribeOptions } = {}) => {
      const reading: Omit<Reading, 'subscription'> = {
        events: [],
        errors: [],
        closes: [],
        lastEnqueued: undefined,
      };
      const subscription = rig.consumer(group, undefined, retryOptions).subscribe(
        partition,
        {
          processEvents: async (events, context) => {
            reading.events.push(...events);
            if (events.length > 0) reading.lastEnqueued = { ...context.lastEnqueuedEventProperties };
          },
          processError: async (error) => void reading.errors.push(error),
          processClose: async (reason) => void reading.closes.push(reason),
        },
        {
          startPosition: earliestEventPosition,
          maxBatchSize: 100,
          maxWaitTimeInSeconds: 0.2,
          ...subscribeOptions,
        },
      );
      keep(subscription);
      return Object.assign(reading, { subscription });
    },
    readAll: async (partition, startPosition) => {
      const newest = hub.stats().partitions[Number(partition)]!.nextSequenceNumber - 1;
      const reading = rig.read(partition, { startPosition });
      await until(
        () => reading.events.at(-1)?.sequenceNumber === newest || reading.errors[0],
        'the newest event',
      );
      assert.deepEqual(reading.errors, []);
      await within(2000, reading.subscription.close());
      return reading.events.map((event) => event.sequenceNumber);
    },
    readersOf: (partition) => hub.stats().partitions[Number(partition)]!.readers,
  };
  try {
    await run(rig);
  } finally {
    for (const client of open) await within(2000, client.close()).catch(() => {});
    await hub.close();
  }
}

/** The client's close() can hang for ever after a disconnect: nothing waits for it without a deadline. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

export async function until<T>(condition: () => T, what: string, ms = 8000): Promise<NonNullable<T>> {
  for (const end = Date.now() + ms; ; await sleep(10)) {
    const value = condition();
    if (value) return value;
    if (Date.now() > end) throw new Error(`not within ${ms} ms: ${what}`);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}
