/** Rows of a slice as messages: what the hub would have sent, a few thousand records in each. */
import { quoteLongNumbers } from '../../decode/envelope/kept.ts';
import type { SourceMessage } from '../../model/message.ts';
import { partitionOf, positionAt, type Stretch } from './coverage.ts';
import type { Span } from './span.ts';

/** A message is closed at the first millisecond after this many bytes. */
export const MESSAGE_BYTES = 2 * 1024 * 1024;

/** A row: its TimeGenerated in milliseconds since 1970, and itself as JSON. */
export interface Row {
  time: number;
  json: string;
}

/** A message, and the time before which all rows of the stretch are in it or in those before. */
export interface SlicedMessage {
  message: SourceMessage;
  end: number;
}

/**
 * Messages of the rows in a slice, by time. Rows of one millisecond are in one message: lines that are equal are counted
 * within one delivery only. The last message stands for all of the slice, so that reading goes on behind it; at the end of a
 * stretch it may be empty, else that end would be asked for again and again.
 */
export function* messagesOf(
  source: string,
  table: string,
  stretch: Stretch,
  slice: Span,
  rows: Row[],
): Generator<SlicedMessage> {
  const partition = partitionOf(table, stretch);
  const upTo = (records: readonly string[], end: number): SlicedMessage => {
    const body = Buffer.from(`{"records":[${records.join(',')}]}`);
    return { message: { source, partition, ...positionAt(stretch, end), body }, end };
  };
  // Sorted already, unless the service fails to: then a row would be left behind the position.
  rows.sort((a, b) => a.time - b.time);
  let records: string[] = [];
  let bytes = 0;
  for (const [index, { time, json }] of rows.entries()) {
    if (bytes >= MESSAGE_BYTES && time > rows[index - 1]!.time) {
      yield upTo(records, time);
      records = [];
      bytes = 0;
    }
    const record = canonical(json);
    records.push(record);
    bytes += record.length;
  }
  if (records.length > 0 || slice.end === stretch.end) yield upTo(records, slice.end);
}

/**
 * The same object with its keys in order: `pack_all` promises none, and of some categories the JSON is what a copy is known
 * by. What is no JSON becomes a string, which the decoder refuses and keeps.
 */
function canonical(json: string): string {
  try {
    const row = JSON.parse(quoteLongNumbers(json)) as object;
    return JSON.stringify(Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1))));
  } catch {
    return JSON.stringify(json);
  }
}
