import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { LoopbackHub, type LoopbackHubOptions } from '../../src/demo/hub/hub.ts';
import type { SourceMessage } from '../../src/model/message.ts';
import type { Position } from '../../src/model/position.ts';
import {
  EventHubSource,
  type EventHubSourceOptions,
  type SourceEvent,
} from '../../src/sources/event-hubs.ts';
import { until, within } from '../demo/hub/rig.ts';

// A client that is closed in the middle of connecting leaves the idle timer of its connection behind, two minutes
// (rhea 3.0.5); it must not hold the test process.
const { setTimeout: setTimer } = globalThis;
globalThis.setTimeout = Object.assign((...args: Parameters<typeof setTimer>) => {
  const timer = setTimer(...args);
  return args[1] === 120_000 ? timer.unref() : timer;
}, setTimer);

/** What the source promises to have in memory at most: a batch with the handler, and what is prefetched. */
export const MAX_BATCH = 50;
export const PREFETCH = 100;
/** Twice the deadline of the source's own `close`: what hangs would hang for a minute or more. */
export const CLOSE_MS = 10_000;
/** For what must not wait for anything; below the third pause between two tries, and the deadline of `close`. */
export const AT_ONCE_MS = 4_000;
/** For what takes a second or two, on a machine that has much else to do. */
export const PATIENCE_MS = 30_000;

/** Stores as the writer does: in order, with the position, and nothing twice. */
export class Ledger {
  readonly positions = new Map<string, Position>();
  readonly stored: SourceMessage[] = [];
  repeated = 0;

  readonly position = (source: string, partition: string): Position | undefined =>
    this.positions.get(`${source} ${partition}`);

  readonly ingest = async (messages: SourceMessage[]): Promise<void> => {
    for (const message of messages) {
      const last = this.position(message.source, message.partition)?.sequenceNumber ?? -1;
      if (message.sequenceNumber <= last) {
        this.repeated++;
        continue;
      }
      this.positions.set(`${message.source} ${message.partition}`, message);
      this.stored.push(message);
    }
  };

  /** Sequence numbers of a partition, in the order in which they were stored. */
  of(partition: string): number[] {
    return this.stored
      .filter((message) => message.partition === partition)
      .map((message) => message.sequenceNumber);
  }

  get texts(): string[] {
    return this.stored.map(({ body }) => Buffer.from(body).toString());
  }
}

export interface Reading {
  source: EventHubSource;
  events: SourceEvent[];
  /** Settles with `source.start()`. */
  started: Promise<void>;
}

export interface SourceRig {
  hub: LoopbackHub;
  /** Creates a source that reads into the ledger; quick to give up and to look again. */
  open(ledger: Ledger, options?: Partial<EventHubSourceOptions>): Reading;
  append(partition: string, from: number, to: number, body?: (index: number) => string): void;
  readers(partition: string): { credit: number; sent: number; next: number }[];
}

/** A hub with sources; sources are closed before the hub, as the client's close can hang without one. */
export async function withSources(
  options: LoopbackHubOptions,
  run: (rig: SourceRig) => Promise<void>,
): Promise<void> {
  const hub = await LoopbackHub.start(options);
  const sources: EventHubSource[] = [];
  const rig: SourceRig = {
    hub,
    open: (ledger, sourceOptions = {}) => {
      const events: SourceEvent[] = [];
      const source = new EventHubSource({
        address: { connectionString: hub.connectionString, hub: undefined },
        consumerGroup: '$Default',
        startPosition: 'earliest',
        ingest: ledger.ingest,
        position: ledger.position,
        onEvent: (event) => events.push(event),
        operationTimeoutMs: 2_000,
        balanceIntervalMs: 500,
        ...sourceOptions,
      });
      sources.push(source);
      const started = source.start();
      started.catch(() => undefined);
      return { source, events, started };
    },
    append: (partition, from, to, body = String) => {
      for (let index = from; index < to; index++) hub.append(partition, Buffer.from(body(index)));
    },
    readers: (partition) => hub.stats().partitions[Number(partition)]!.readers,
  };
  try {
    await run(rig);
  } finally {
    for (const source of sources) await within(CLOSE_MS, source.close());
    await hub.close();
  }
}

export const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, index) => from + index);

export async function untilStored(ledger: Ledger, count: number, ms = PATIENCE_MS): Promise<void> {
  await until(() => ledger.stored.length >= count, `${count} stored messages`, ms);
  assert.equal(ledger.stored.length, count);
}

/** Every text that an error carries, causes and private details included. */
export const everythingIn = (value: unknown): string =>
  inspect(value, { depth: Infinity, showHidden: true, maxStringLength: null, maxArrayLength: null });
