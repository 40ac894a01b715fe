/** An entry of the stderr log: what stands in which of its lines. */
import { type LogEvent, recordsBody } from './log-record.ts';
import type { LogClock } from './log-time.ts';
import {
  isSection,
  type LineStart,
  mayBeEntry,
  onlyLevel,
  pidIn,
  readLineStart,
  type Section,
  timeIn,
} from './stderr-line.ts';

/** The text of a section, or of the entry itself, with real line breaks. */
interface Part {
  section: Section | null;
  /** From the start of its first line, as bytes. */
  whole: string;
  start: LineStart;
}

const FIELD: Readonly<Record<Section, keyof LogEvent | null>> = {
  DETAIL: 'detail',
  HINT: 'hint',
  QUERY: 'query',
  CONTEXT: 'context',
  STATEMENT: 'statement',
  // No record of Azure has a place for them.
  LOCATION: null,
  BACKTRACE: null,
};

/**
 * Body of the message for a sound entry. A section that may as well be an entry, because its word may be an application name
 * in a prefix, is given as both: no entry can be hidden by it. Its own record is refused where the prefix turns out to hold
 * no name.
 */
export function stderrBody(entry: Buffer, server: string, clock: LogClock): Buffer {
  const [main, ...sections] = partsOf(linesOf(entry.toString('latin1')));
  const event = eventOf(main!, clock);
  const events = [event];
  for (const part of sections) {
    const field = FIELD[part.section!];
    const isUncertain = mayBeEntry(part.whole, part.start);
    if (isUncertain) events.push(eventOf(part, clock));
    if (field === null) continue;
    const target = isUncertain && field === 'context' ? 'uncertainContext' : field;
    Object.assign(event, { [target]: utf8(part.whole.slice(part.start.textStart)) });
  }
  return recordsBody(server, events);
}

/** The time of an entry as it stands there; null without. */
export function stderrTime(line: Buffer): string | null {
  const start = readLineStart(line.toString('latin1'));
  return start === null ? null : timeIn(start.prefix);
}

/** Lines of an entry. On Windows each ends with `\r\n`, the last one, too; elsewhere a `\r` is a part of the text. */
function linesOf(entry: string): string[] {
  return entry.endsWith('\r') ? entry.slice(0, -1).split('\r\n') : entry.split('\n');
}

/** @param lines as Latin-1: a character a byte */
function partsOf(lines: readonly string[]): Part[] {
  const parts: Part[] = [];
  for (const line of lines) {
    const isFurther = line.startsWith('\t') && parts.length > 0;
    if (isFurther) parts.at(-1)!.whole += `\n${line.slice(1)}`;
    else {
      const start = readLineStart(line)!;
      parts.push({ section: isSection(start.word) ? start.word : null, whole: line, start });
    }
  }
  return parts;
}

function eventOf({ whole, start }: Part, clock: LogClock): LogEvent {
  const printed = timeIn(start.prefix);
  return {
    time: printed === null ? null : clock.read(printed),
    pid: pidIn(start.prefix) ?? undefined,
    level: onlyLevel(whole) ?? undefined,
    message: utf8(whole),
  };
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
