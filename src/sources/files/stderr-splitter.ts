/** Entries of the stderr log: a line with a level, its further lines, and the sections of the same entry. */
import { type Entry, LineSplitter, MAX_ENTRY_BYTES, type Rest, type Splitter } from './splitter.ts';
import { isSamePrefix, isSection, readLineStart } from './stderr-line.ts';

const TAB = 0x09;

/** How many bytes of a line are looked at. */
const START_REACH = 2_048;

export class StderrSplitter implements Splitter {
  readonly #lines: LineSplitter;
  /** Lines of the entry that is being read. */
  #parts: Buffer[] = [];
  #bytes = 0;
  #end: number;
  #broken: string | null = null;
  /** The prefix of its first line; null where no level ends one. */
  #prefix: string | null = null;

  /** @param start offset of the first chunk in its stream, where an entry begins */
  constructor(start: number) {
    this.#lines = new LineSplitter(start, true);
    this.#end = start;
  }

  push(chunk: Buffer): Entry[] {
    const entries: Entry[] = [];
    for (const line of this.#lines.push(chunk)) {
      if (!this.#belongs(line)) {
        const entry = this.#take();
        if (entry !== null) entries.push(entry);
        this.#begin(line);
      }
      this.#parts.push(line.bytes);
      this.#bytes += line.bytes.length + 1;
      this.#end = line.end;
    }
    return entries;
  }

  rest(): Rest | null {
    const line = this.#lines.rest();
    const parts = line === null ? this.#parts : [...this.#parts, line.entry.bytes];
    if (parts.length === 0) return null;
    return {
      entry: { bytes: joined(parts), end: line?.entry.end ?? this.#end, broken: this.#broken },
      isTerminated: line === null,
    };
  }

  #belongs({ bytes, broken }: Entry): boolean {
    if (this.#parts.length === 0 || broken !== null) return false;
    if (this.#bytes + bytes.length > MAX_ENTRY_BYTES) return false;
    if (bytes[0] === TAB) return true;
    if (this.#prefix === null) return false;
    const start = readLineStart(bytes.toString('latin1', 0, START_REACH));
    return start !== null && isSection(start.word) && isSamePrefix(start.prefix, this.#prefix);
  }

  #begin({ bytes, broken }: Entry): void {
    const start = bytes[0] === TAB ? null : readLineStart(bytes.toString('latin1', 0, START_REACH));
    const isEntry = start !== null && !isSection(start.word);
    this.#prefix = isEntry ? start.prefix : null;
    this.#broken =
      broken ??
      (isEntry || bytes.length === 0
        ? null
        : 'Its line of the log has no level: another program wrote it, or a part is missing.');
  }

  #take(): Entry | null {
    if (this.#parts.length === 0) return null;
    const entry = { bytes: joined(this.#parts), end: this.#end, broken: this.#broken };
    this.#parts = [];
    this.#bytes = 0;
    return entry;
  }
}

function joined(lines: readonly Buffer[]): Buffer {
  if (lines.length === 1) return lines[0]!;
  return Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [LINE_END, line])));
}

const LINE_END = Buffer.from('\n');
