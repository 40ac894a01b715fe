/** Entries of the stderr log: a line with a level, its further lines, and the sections of the same entry. */
import { type Entry, LineSplitter, MAX_ENTRY_BYTES, type Rest, type Splitter } from './splitter.ts';
import { levelsIn, PREFIX_REACH, sectionIn, type Word } from './stderr-line.ts';

const TAB = 0x09;

export class StderrSplitter implements Splitter {
  readonly #lines: LineSplitter;
  /** Lines of the entry that is being read. */
  #parts: Buffer[] = [];
  #bytes = 0;
  #end: number;
  #broken: string | null = null;
  /** Where the prefix of its first line may end. */
  #levels: Word[] = [];

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

  /** Half a line that begins an entry is apart: a server that died leaves one behind a whole entry. */
  rest(): Rest[] {
    const [line] = this.#lines.rest();
    const whole = { bytes: joined(this.#parts), end: this.#end, broken: this.#broken };
    if (line === undefined) return this.#parts.length === 0 ? [] : [{ entry: whole, isTerminated: true }];
    if (this.#parts.length === 0 || levelsAt(line.entry.bytes).length > 0) {
      if (!this.#belongs(line.entry)) {
        const half = { ...line.entry, broken: soundness(line.entry) };
        return [
          ...(this.#parts.length === 0 ? [] : [{ entry: whole, isTerminated: true }]),
          { entry: half, isTerminated: false },
        ];
      }
    }
    const bytes = joined([...this.#parts, line.entry.bytes]);
    return [{ entry: { ...whole, bytes, end: line.entry.end }, isTerminated: false }];
  }

  #belongs({ bytes, broken }: Entry): boolean {
    if (this.#parts.length === 0 || broken !== null) return false;
    if (this.#bytes + bytes.length > MAX_ENTRY_BYTES) return false;
    if (bytes[0] === TAB) return true;
    return this.#levels.length > 0 && sectionIn(startOf(bytes), this.#levels) !== null;
  }

  #begin(line: Entry): void {
    this.#levels = levelsAt(line.bytes);
    this.#broken = soundness(line);
  }

  #take(): Entry | null {
    if (this.#parts.length === 0) return null;
    const entry = { bytes: joined(this.#parts), end: this.#end, broken: this.#broken };
    this.#parts = [];
    this.#bytes = 0;
    return entry;
  }
}

const NO_LEVEL = 'Its line of the log has no level: another program wrote it, or a part is missing.';

/** Why the first line of an entry makes none; null for a sound one. */
function soundness({ bytes, broken }: Entry): string | null {
  return broken ?? (bytes.length === 0 || levelsAt(bytes).length > 0 ? null : NO_LEVEL);
}

function levelsAt(line: Buffer): Word[] {
  return line[0] === TAB ? [] : levelsIn(startOf(line));
}

function startOf(line: Buffer): string {
  return line.toString('latin1', 0, PREFIX_REACH);
}

function joined(lines: readonly Buffer[]): Buffer {
  if (lines.length === 1) return lines[0]!;
  return Buffer.concat(lines.flatMap((line, index) => (index === 0 ? [line] : [LINE_END, line])));
}

const LINE_END = Buffer.from('\n');
