/** What the tests of Log Analytics share: the service with the recording in it, and somebody who reads it. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { readRecording } from '../../../src/demo/recording.ts';
import type { SourceMessage } from '../../../src/model/message.ts';
import type { Position } from '../../../src/model/position.ts';
import type { History, HistoryBatch, HistoryEvent, Reading } from '../../../src/sources/history.ts';
import { type LogAnalyticsOptions, logAnalyticsHistory } from '../../../src/sources/log-analytics/history.ts';
import type { TableRow } from './kql.ts';
import type { HubRecord } from './rows.ts';
import { LogAnalyticsService, WORKSPACE } from './service.ts';

/** The day of the recording, and a time when nothing of it can still be late. */
export const DAY = Date.UTC(2026, 10, 24);
export const LATER = Date.UTC(2026, 11, 1);

/** A service for the tests of a file; each test makes it anew. */
export function serviceForTests(): () => LogAnalyticsService {
  let service: LogAnalyticsService;
  before(async () => {
    service = await LogAnalyticsService.start();
  });
  after(() => service.close());
  return () => service.reset();
}

export async function recordedRecords(): Promise<HubRecord[]> {
  const bodies = (await readRecording()).map(({ body }) => body);
  return bodies.flatMap((body) => (JSON.parse(body) as { records: HubRecord[] }).records);
}

export function historyOf(service: LogAnalyticsService, options: Partial<LogAnalyticsOptions> = {}): History {
  return logAnalyticsHistory({
    workspaceId: WORKSPACE,
    credential: service.credential,
    endpoint: service.endpoint,
    ca: service.ca,
    now: () => LATER,
    ...options,
    limits: { pauseMs: 1, patienceMs: 5_000, stallMs: 200, ...options.limits },
  });
}

/** What a store does with a history, but for copies: it keeps messages and positions, and skips what it has. */
export class Shelf {
  readonly positions = new Map<string, Position>();
  readonly stored: SourceMessage[] = [];
  readonly batches: HistoryBatch[] = [];
  readonly events: HistoryEvent[] = [];

  /** Rows of all messages that are stored, each as its JSON. */
  get rows(): string[] {
    return this.stored.flatMap(({ body }) => {
      const { records } = JSON.parse(Buffer.from(body).toString()) as { records: object[] };
      return records.map((record) => JSON.stringify(record));
    });
  }

  readonly position = (source: string, partition: string) => this.positions.get(`${source}\n${partition}`);

  /** Reads to the end, or until as many batches are stored; as if the process was killed then. */
  async read(
    history: History,
    reading: Partial<Reading> = {},
    batches = Number.POSITIVE_INFINITY,
  ): Promise<boolean> {
    let read = 0;
    const all: Reading = {
      position: this.position,
      since: DAY - 7 * 86_400_000,
      until: LATER,
      signal: new AbortController().signal,
      onEvent: (event) => this.events.push(event),
      ...reading,
    };
    for await (const batch of history.read(all)) {
      if (read++ >= batches) return false;
      this.batches.push(batch);
      assert.equal(batch.contiguous, false);
      for (const message of batch.messages) this.keep(message);
    }
    return true;
  }

  keep(message: SourceMessage): void {
    const key = `${message.source}\n${message.partition}`;
    const last = this.positions.get(key);
    assert.ok(last === undefined || last.sequenceNumber < message.sequenceNumber, 'positions move forward');
    assert.ok(Number.isSafeInteger(message.sequenceNumber) && message.sequenceNumber >= 0);
    const { body: _, ...position } = message;
    this.positions.set(key, position);
    this.stored.push(message);
  }
}

/** Small rows of a table, one each so many milliseconds. */
export function countedRows(
  count: number,
  from: number,
  everyMs: number,
  table = 'PGSQLServerLogs',
): TableRow[] {
  return Array.from({ length: count }, (_, number) => countedRow(number, from + number * everyMs, table));
}

/** A row that is like no other. @param ticks of 100 ns after the millisecond */
export function countedRow(number: number, time: number, table = 'PGSQLServerLogs', ticks = 0): TableRow {
  const TimeGenerated = new Date(time).toISOString().replace('Z', `${String(ticks).padStart(4, '0')}Z`);
  return {
    TimeGenerated,
    Type: table,
    LogicalServerName: 'srv1',
    ErrorLevel: 'LOG',
    Message: `2026-11-24 17:05:11 UTC-6b05c3c7.44ce-LOG:  line ${number}`,
    _ResourceId: '/subscriptions/0/providers/microsoft.dbforpostgresql/flexibleservers/srv1',
    _BilledSize: 100,
  };
}

/** The numbers of counted rows, as they were stored. */
export function numbersOf(shelf: Shelf): number[] {
  return shelf.rows.map((row) => Number(/line (\d+)/.exec(row)?.[1]));
}

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, number) => number);
