import assert from 'node:assert/strict';
import type { SourceMessage } from '../../../src/model/message.ts';
import type { Position } from '../../../src/model/position.ts';
import type { History, HistoryBatch, HistoryEvent, Reading } from '../../../src/sources/history.ts';

export const DAY = Date.UTC(2026, 6, 2);
export const HOUR_MS = 3_600_000;

/** What a store does with a history: it keeps messages and, with them, the position of the last one of each partition. */
export class Ledger {
  readonly positions = new Map<string, Position>();
  readonly stored: SourceMessage[] = [];
  readonly batches: HistoryBatch[] = [];
  readonly events: HistoryEvent[] = [];
  readonly #day: number;

  /** @param day the day that is read, if nothing else is asked for; milliseconds since 1970 */
  constructor(day = DAY) {
    this.#day = day;
  }

  readonly position = (source: string, partition: string) => this.positions.get(`${source}\n${partition}`);

  get lines(): string[] {
    return this.stored.map(({ body }) => Buffer.from(body).toString());
  }

  /** What was told to be left out. */
  get leftOut(): string[] {
    return this.events.flatMap((event) => (event.kind === 'left-out' ? event.what : []));
  }

  keep(batch: HistoryBatch): void {
    const last = this.batches.at(-1);
    assert.ok(batch.total === null || batch.done <= batch.total, `${batch.done} of ${batch.total}`);
    this.batches.push(batch);
    if (last !== undefined && batch.messages.length === 0) assert.fail('an empty batch');
    for (const message of batch.messages) {
      const key = `${message.source}\n${message.partition}`;
      const known = this.positions.get(key);
      assert.ok(
        known === undefined || known.sequenceNumber < message.sequenceNumber,
        `${key} moves from ${known?.sequenceNumber} to ${message.sequenceNumber}`,
      );
      const { source, partition, sequenceNumber, offset } = message;
      this.positions.set(key, { source, partition, sequenceNumber, offset });
      this.stored.push(message);
    }
  }

  reading(options: Partial<Reading> = {}): Reading {
    return {
      position: this.position,
      since: this.#day,
      until: this.#day + 24 * HOUR_MS,
      signal: new AbortController().signal,
      onEvent: (event) => this.events.push(event),
      ...options,
    };
  }

  /** Reads what is new, or its first batches; returns its lines. */
  async read(history: History, options: Partial<Reading> = {}, batches = Infinity): Promise<string[]> {
    const known = this.stored.length;
    let left = batches;
    if (left > 0)
      for await (const batch of history.read(this.reading(options))) {
        this.keep(batch);
        if (--left === 0) break;
      }
    return this.lines.slice(known);
  }
}

/** Name of a blob of a diagnostic setting. */
export function hourOf(server: string, hour: number, day = DAY): string {
  const at = new Date(day + hour * HOUR_MS).toISOString();
  const [y, m, d, h] = [at.slice(0, 4), at.slice(5, 7), at.slice(8, 10), at.slice(11, 13)];
  return `resourceId=/SUBSCRIPTIONS/5/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.DBFORPOSTGRESQL/FLEXIBLESERVERS/${server}/y=${y}/m=${m}/d=${d}/h=${h}/m=00/PT1H.json`;
}

/** Lines of a server's hour, each of its own. */
export const linesOf = (server: string, hour: number, from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) =>
    JSON.stringify({ server, hour, number: from + index, text: 'SELECT 1 -- ☃' }),
  );

export const text = (lines: readonly string[], end = '\n'): string =>
  lines.map((line) => line + end).join('');
