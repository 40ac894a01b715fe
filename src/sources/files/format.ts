/** What a file holds, told from what is in it. */

import { csvBody, csvTime } from './csv-record.ts';
import { beginsAsRow, CsvSplitter } from './csv-splitter.ts';
import { jsonBody, readJsonLine } from './json-record.ts';
import { refusedBody } from './log-record.ts';
import type { LogClock } from './log-time.ts';
import { type Entry, LineSplitter, type Splitter } from './splitter.ts';
import { levelsIn, PREFIX_REACH } from './stderr-line.ts';
import { stderrBody, stderrTime } from './stderr-record.ts';
import { StderrSplitter } from './stderr-splitter.ts';

export interface Format {
  /** `messages`: JSON of Azure, one a line. The others are what a server writes itself. */
  name: 'messages' | 'jsonlog' | 'csvlog' | 'stderr';
  splitter(start: number): Splitter;
  /** Body of the message that an entry is. */
  body(entry: Entry, server: string, clock: LogClock): Buffer;
  /** The time of an entry as it is printed, from its first line; null where it is not looked at here. */
  time(line: Buffer): string | null;
}

const MESSAGES: Format = {
  name: 'messages',
  splitter: (start) => new LineSplitter(start),
  body: ({ bytes }) => bytes,
  time: () => null,
};

const JSONLOG: Format = {
  name: 'jsonlog',
  splitter: (start) => new LineSplitter(start),
  body: ({ bytes, broken }, server, clock) =>
    broken === null ? jsonBody(bytes, server, clock) : refusedBody(broken, bytes),
  time: (line) => String(readJsonLine(line)?.timestamp),
};

const CSVLOG: Format = {
  name: 'csvlog',
  splitter: (start) => new CsvSplitter(start),
  body: ({ bytes, broken }, server, clock) =>
    broken === null ? csvBody(bytes, server, clock) : refusedBody(broken, bytes),
  time: csvTime,
};

const STDERR: Format = {
  name: 'stderr',
  splitter: (start) => new StderrSplitter(start),
  body: ({ bytes, broken }, server, clock) =>
    broken === null ? stderrBody(bytes, server, clock) : refusedBody(broken, bytes),
  time: stderrTime,
};

/** How much of a file is looked at, bytes. */
export const HEAD_BYTES = 256 * 1024;

export interface ToldFormat {
  format: Format;
  /** The first time in it, as it is printed. */
  time: string | null;
}

/**
 * The format of the first line that has one: a file may begin in the middle of an entry. Messages where no line has.
 * @param head the first `HEAD_BYTES`, or all there is
 */
export function tellFormat(head: Buffer): ToldFormat {
  let start = 0;
  for (let end = head.indexOf(0x0a); end >= 0; end = head.indexOf(0x0a, start)) {
    const line = head.subarray(start, end);
    start = end + 1;
    const format = formatOf(line);
    if (format !== null) return { format, time: format.time(line) };
  }
  const rest = head.subarray(start);
  if (readJsonLine(rest) !== null) return { format: JSONLOG, time: JSONLOG.time(rest) };
  return { format: MESSAGES, time: null };
}

function formatOf(line: Buffer): Format | null {
  if (line[0] === 0x7b || line[0] === 0x5b) {
    if (readJsonLine(line) !== null) return JSONLOG;
    return isJson(line) ? MESSAGES : null;
  }
  if (beginsAsRow(line)) return CSVLOG;
  if (line[0] === 0x09) return null;
  return levelsIn(line.toString('latin1', 0, PREFIX_REACH)).length > 0 ? STDERR : null;
}

export function isJson(line: Buffer): boolean {
  try {
    JSON.parse(line.toString('utf8'));
    return true;
  } catch {
    return false;
  }
}
