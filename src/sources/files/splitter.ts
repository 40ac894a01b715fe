/** Cuts a stream of bytes into entries: lines, or what a log format makes of several. */

/** A longer entry is cut at this length rather than held in memory: far above any hub's message limit. */
export const MAX_ENTRY_BYTES = 16 * 1024 * 1024;

export interface Entry {
  /** Without the line end behind it. */
  bytes: Buffer;
  /** Offset in the unpacked stream behind the entry and its line end: another splitter may go on here. */
  end: number;
  /** Why it is no entry of its format, one sentence; null for a sound one. */
  broken: string | null;
}

/**
 * Where entries begin and end depends on the bytes alone, not on the chunks they come in, and every byte is in an entry or a
 * line end. Holds one entry and one chunk at most.
 */
export interface Splitter {
  /** Entries that are complete with this chunk. */
  push(chunk: Buffer): Entry[];
  /** What is left behind the last entry. */
  rest(): Rest[];
}

export interface Rest {
  entry: Entry;
  /** It has its line end: nothing but a further line could add to it. */
  isTerminated: boolean;
}

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Lines without their end (`\n` or `\r\n`); a longer one in pieces of `MAX_ENTRY_BYTES`. */
export class LineSplitter implements Splitter {
  #parts: Buffer[] = [];
  #bytes = 0;
  #end: number;
  readonly #keepsReturn: boolean;

  /**
   * @param start offset of the first chunk in its stream
   * @param keepsReturn a `\r` in front of the line end is a part of the line
   */
  constructor(start: number, keepsReturn = false) {
    this.#end = start;
    this.#keepsReturn = keepsReturn;
  }

  push(chunk: Buffer): Entry[] {
    const lines: Entry[] = [];
    let start = 0;
    while (start < chunk.length) {
      const end = chunk.indexOf(NEWLINE, start);
      const stop = Math.min(end < 0 ? chunk.length : end, start + MAX_ENTRY_BYTES - this.#bytes);
      this.#parts.push(chunk.subarray(start, stop));
      this.#bytes += stop - start;
      this.#end += stop - start;
      start = stop;
      if (stop === end) {
        start++;
        this.#end++;
        lines.push({ bytes: this.#line(this.#take()), end: this.#end, broken: null });
      } else if (this.#bytes === MAX_ENTRY_BYTES) {
        // At a fixed length, not at the end of a chunk: read again, the pieces must be the same.
        lines.push({ bytes: this.#take(), end: this.#end, broken: 'It is longer than 16 MB.' });
      }
    }
    return lines;
  }

  rest(): Rest[] {
    if (this.#bytes === 0) return [];
    const bytes = this.#line(Buffer.concat(this.#parts));
    return [{ entry: { bytes, end: this.#end, broken: null }, isTerminated: false }];
  }

  #take(): Buffer {
    const bytes = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#bytes = 0;
    return bytes;
  }

  #line(bytes: Buffer): Buffer {
    return !this.#keepsReturn && bytes.at(-1) === RETURN ? bytes.subarray(0, -1) : bytes;
  }
}
