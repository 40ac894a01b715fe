/** An entry of the stderr log: what stands in which of its lines. */
import { type LogEvent, recordsBody } from './log-record.ts';
import type { LogClock } from './log-time.ts';
import { levelsIn, onlyLevel, pidIn, type Section, sectionIn, timeIn, type Word } from './stderr-line.ts';

/** The lines of a section, or those of the entry itself, with real line breaks. */
interface Part {
  /** From the start of its first line, as bytes. */
  whole: string;
  /** Words in the first line at which the prefix of an entry may end. */
  levels: Word[];
  /** What makes it a section; null for the entry itself. */
  section: Word | null;
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
 * Body of the message for a sound entry. A section that may as well be an entry, because what makes it one may stand in a name
 * of the prefix or in the text, is given as both: no entry can be hidden by it. Its own record is refused where the prefix
 * does not fit.
 */
export function stderrBody(entry: Buffer, server: string, clock: LogClock): Buffer {
  const [main, ...sections] = partsOf(linesOf(entry.toString('latin1')));
  const event = eventOf(main!, clock);
  const events = [event];
  for (const part of sections) {
    const { word, textStart } = part.section!;
    const field = FIELD[word as Section];
    const isUncertain = part.levels.length > 0;
    if (isUncertain) events.push(eventOf(part, clock));
    if (field === null) continue;
    const target = isUncertain && field === 'context' ? 'uncertainContext' : field;
    Object.assign(event, { [target]: utf8(part.whole.slice(textStart)) });
  }
  return recordsBody(server, events);
}

/** The time of an entry as it stands there; null without. */
export function stderrTime(line: Buffer): string | null {
  const [level] = levelsIn(line.toString('latin1'));
  return level === undefined ? null : timeIn(level.prefix);
}

/** Lines of an entry. On Windows each ends with `\r\n`, the last one, too; elsewhere a `\r` is a part of the text. */
function linesOf(entry: string): string[] {
  return entry.endsWith('\r') ? entry.slice(0, -1).split('\r\n') : entry.split('\n');
}

/** @param lines as Latin-1: a character a byte */
function partsOf(lines: readonly string[]): Part[] {
  const parts: Part[] = [];
  for (const line of lines) {
    const [main] = parts;
    if (main !== undefined && line.startsWith('\t')) parts.at(-1)!.whole += `\n${line.slice(1)}`;
    else
      parts.push({
        whole: line,
        levels: levelsIn(line),
        section: main === undefined ? null : sectionIn(line, main.levels),
      });
  }
  return parts;
}

function eventOf({ whole, levels }: Part, clock: LogClock): LogEvent {
  const { prefix } = levels[0]!;
  const printed = timeIn(prefix);
  return {
    time: printed === null ? null : clock.read(printed),
    pid: pidIn(prefix) ?? undefined,
    level: onlyLevel(whole) ?? undefined,
    message: utf8(whole),
  };
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
