/**
 * Rows of a csvlog. What clients send stands in quotes, with its own quotes doubled, so that no text can end a row or begin
 * one. Only a server that died in the middle of a row breaks that: then the row is given up line by line until one begins
 * as a row does and holds what a row holds, which no text inside quotes can (all quotes in it come in pairs).
 */
import { type Entry, MAX_ENTRY_BYTES, type Rest, type Splitter } from './splitter.ts';

const QUOTE = 0x22;
const COMMA = 0x2c;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Columns of a row: 23 in PostgreSQL 11 and 12, 24 in 13, 26 since 14 (manual, "Using CSV-Format Log Output"). */
const LEAST_COLUMNS = 23;
const MOST_COLUMNS = 26;

/** The time with which each row begins, unquoted. */
const ROW_START = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [A-Za-z0-9+:-]{1,10},/;
/** How many bytes such a start may take. */
const START_REACH = 36;

const TOO_LONG = 'It is longer than 16 MB.';

export function beginsAsRow(line: Buffer): boolean {
  return ROW_START.test(line.toString('latin1', 0, START_REACH));
}

export class CsvSplitter implements Splitter {
  /** From the start of the row on. */
  #held: Buffer = Buffer.alloc(0);
  /** Offset of what is held. */
  #start: number;
  /** Up to here the row is looked at. */
  #at = 0;
  #columns = 1;
  #isQuoted = false;
  /** The next byte begins a field. */
  #isFieldStart = true;

  /** @param start offset of the first chunk in its stream, where a row begins */
  constructor(start: number) {
    this.#start = start;
  }

  push(chunk: Buffer): Entry[] {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const rows: Entry[] = [];
    for (let row = this.#next(); row !== null; row = this.#next()) rows.push(row);
    // A part of a chunk keeps all of it in memory.
    if (this.#held.length < chunk.length >> 2) this.#held = Buffer.from(this.#held);
    return rows;
  }

  rest(): Rest[] {
    if (this.#held.length === 0) return [];
    const end = this.#start + this.#held.length;
    const broken = 'Its row of the csvlog has no end.';
    return [{ entry: { bytes: this.#held, end, broken }, isTerminated: false }];
  }

  #next(): Entry | null {
    const held = this.#held;
    if (held.length === 0) return null;
    if (this.#at === 0) {
      if (held[0] === NEWLINE) return this.#cut(0, 1, null);
      const hasStart = held.length >= START_REACH || held.includes(NEWLINE);
      if (!hasStart) return null;
      if (!beginsAsRow(held)) return this.#giveUp('It does not begin as a row of the csvlog does.');
    }
    while (this.#at < held.length) {
      if (this.#at >= MAX_ENTRY_BYTES) return this.#giveUp(TOO_LONG);
      if (this.#isQuoted) {
        const quote = held.indexOf(QUOTE, this.#at);
        const after = quote < 0 ? 0 : held[quote + 1];
        if (quote < 0 || after === undefined || (after === RETURN && quote + 2 === held.length)) {
          this.#at = quote < 0 ? held.length : quote;
          break;
        }
        this.#at = quote + (after === QUOTE ? 2 : 1);
        if (after === QUOTE) continue;
        this.#isQuoted = false;
        const isEnd =
          after === COMMA || after === NEWLINE || (after === RETURN && held[quote + 2] === NEWLINE);
        if (!isEnd) return this.#giveUp('A quoted field of its row does not end where its quotes do.');
        continue;
      }
      const byte = held[this.#at]!;
      this.#at++;
      if (byte === NEWLINE) return this.#endRow();
      if (byte === QUOTE) {
        if (!this.#isFieldStart) return this.#giveUp('A quote stands inside a field of its row.');
        this.#isQuoted = true;
      }
      this.#isFieldStart = byte === COMMA;
      if (byte === COMMA) this.#columns++;
    }
    return this.#at >= MAX_ENTRY_BYTES ? this.#giveUp(TOO_LONG) : null;
  }

  #endRow(): Entry | null {
    const columns = this.#columns;
    const newline = this.#at - 1;
    if (newline >= MAX_ENTRY_BYTES) return this.#giveUp(TOO_LONG);
    if (columns < LEAST_COLUMNS || columns > MOST_COLUMNS)
      return this.#giveUp(`Its row has ${columns} columns; PostgreSQL writes 23 to 26.`);
    const end = this.#held[newline - 1] === RETURN ? newline - 1 : newline;
    return this.#cut(end, newline + 1, null);
  }

  /** The first line of what is held as an entry that is none; null as long as the line has no end. */
  #giveUp(reason: string): Entry | null {
    const newline = this.#held.subarray(0, MAX_ENTRY_BYTES).indexOf(NEWLINE);
    if (newline >= 0) return this.#cut(newline, newline + 1, reason);
    if (this.#held.length < MAX_ENTRY_BYTES) return this.#wait();
    return this.#cut(MAX_ENTRY_BYTES, MAX_ENTRY_BYTES, reason);
  }

  /** Looks at the row from its start again once there is more of it. */
  #wait(): null {
    this.#reset();
    return null;
  }

  #cut(length: number, next: number, broken: string | null): Entry {
    const bytes = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(next);
    this.#start += next;
    this.#reset();
    return { bytes, end: this.#start, broken };
  }

  #reset(): void {
    this.#at = 0;
    this.#columns = 1;
    this.#isQuoted = false;
    this.#isFieldStart = true;
  }
}

/** The fields of a sound row; null for an empty one. */
export function csvFields(row: Buffer): (string | null)[] {
  const text = row.toString('utf8');
  const fields: (string | null)[] = [];
  let at = 0;
  while (at <= text.length) {
    if (text.charCodeAt(at) !== QUOTE) {
      const comma = text.indexOf(',', at);
      const end = comma < 0 ? text.length : comma;
      fields.push(end === at ? null : text.slice(at, end));
      at = end + 1;
      continue;
    }
    let end = text.indexOf('"', at + 1);
    let isDoubled = false;
    while (text.charCodeAt(end + 1) === QUOTE) {
      isDoubled = true;
      end = text.indexOf('"', end + 2);
    }
    const value = text.slice(at + 1, end);
    fields.push(value === '' ? null : isDoubled ? value.replaceAll('""', '"') : value);
    at = end + 2;
  }
  return fields;
}
