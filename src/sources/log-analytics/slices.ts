/** Reads a stretch in slices of time that the service can answer, each whole or not at all. */
import type { HistoryEvent } from '../history.ts';
import type { Answer, LogsClient } from './client.ts';
import type { Stretch } from './coverage.ts';
import type { Amount, Histogram } from './histogram.ts';
import { rowsQuery, type TableName } from './kql.ts';
import type { Row } from './messages.ts';
import { iso, type Span } from './span.ts';

/** What a slice is meant to hold: far below what the service gives (500,000 rows, 100 MB), so that a slice fits in memory. */
export const SLICE: Amount = { rows: 20_000, bytes: 4 * 1024 * 1024 };

/** How far slices may depart from what the survey says. */
const LARGEST_SCALE = 8;

/** A slice of which all rows are here. */
export interface Slice extends Span {
  rows: Row[];
}

/** Slices are smaller after an answer that was too much, and grow again; kept from one stretch to the next. */
export class Slicer {
  readonly #client: LogsClient;
  readonly #servers: readonly string[];
  readonly #most: Amount;
  readonly #onEvent: (event: HistoryEvent) => void;
  #scale = 1;

  constructor(
    client: LogsClient,
    servers: readonly string[],
    most: Amount,
    onEvent: (event: HistoryEvent) => void,
  ) {
    this.#client = client;
    this.#servers = servers;
    this.#most = most;
    this.#onEvent = onEvent;
  }

  /**
   * All of a stretch, oldest first. A millisecond that the service cannot give is told as left out.
   *
   * @throws PgvigilError SOURCE_REFUSED as the client does
   */
  async *read(table: TableName, stretch: Stretch, histogram: Histogram): AsyncGenerator<Slice> {
    for (let start = stretch.start; start < stretch.end; ) {
      const rest = { start, end: stretch.end };
      let span = histogram.slice(rest, this.#scaled());
      let answer = await this.#ask(table, span);
      while (answer.kind === 'too-much' && span.end - span.start > 1) {
        span = { start, end: start + Math.floor((span.end - span.start) / 2) };
        this.#scale = Math.min(this.#scale, 1) / 2;
        answer = await this.#ask(table, span);
      }
      if (answer.kind === 'too-much') this.#onEvent(leftOut(table, start, answer.reason));
      const rows = answer.kind === 'rows' ? answer.rows.map(rowOf) : [];
      if (answer.kind !== 'too-much') this.#grow(rows);
      yield { ...span, rows };
      start = span.end;
    }
  }

  #ask(table: TableName, span: Span): Promise<Answer> {
    return this.#client.ask(rowsQuery(table, span, this.#servers), span, span.end - span.start === 1);
  }

  #scaled(): Amount {
    return { rows: this.#most.rows * this.#scale, bytes: this.#most.bytes * this.#scale };
  }

  #grow(rows: readonly Row[]): void {
    const bytes = rows.reduce((sum, { json }) => sum + json.length, 0);
    const filled = Math.max(rows.length / this.#most.rows, bytes / this.#most.bytes);
    if (filled < 0.5) this.#scale = Math.min(this.#scale * 2, LARGEST_SCALE);
    else if (filled > 1) this.#scale /= filled;
  }
}

/** Columns as `queries/kql/rows.kql` projects them. */
function rowOf([time, record]: unknown[]): Row {
  return { time: (time as Date).getTime(), json: String(record) };
}

function leftOut(table: TableName, time: number, reason: string): HistoryEvent {
  return {
    kind: 'left-out',
    what: `rows of ${table} in the millisecond ${iso(time)}: ${reason}`,
    hint: 'Log Analytics cannot give so many rows of one millisecond at once. Read this span again for fewer servers, one by one.',
  };
}
