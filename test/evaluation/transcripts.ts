/** What really ran, cut into pieces that the simulation plays again: sessions, and the statements in them. */
import type { RecordProperties } from '../../fixtures/recorder/envelope.ts';
import { bySession, type RecordedLine, readEvaluationLabels, readWork } from './recordings.ts';

export interface TranscriptLine {
  /** Milliseconds since the piece began. */
  after: number;
  /** What follows the prefix. */
  text: string;
  properties: RecordProperties;
}

/** A recorded session. */
export interface Transcript {
  user: string;
  client: string;
  application: string;
  /** Connection received, authenticated, authorized. */
  opening: TranscriptLine[];
  /** All that happens in between, from its own beginning on. */
  middle: TranscriptLine[];
  /** Disconnection, and a FATAL line before it. */
  closing: TranscriptLine[];
}

const OPENING = /^LOG: {2}connection (?:received|authenticated|authorized): /;
const CLOSING = /^(?:LOG: {2}disconnection: |FATAL: )/;

function transcriptOf(lines: readonly RecordedLine[]): Transcript {
  const began = lines[0]!.time;
  const all = lines.map(({ time, text, properties }) => ({ after: time - began, text, properties }));
  const find = (pattern: RegExp) => all.map(({ text }) => pattern.exec(text)?.[1]).find(Boolean) ?? '';
  return {
    user: find(/(?:user=|for user ")([^" ]+)/),
    client: find(/^LOG: {2}connection received: host=(\S+)/),
    application: find(/ application_name=(.*) SSL enabled/),
    opening: all.filter(({ text }) => OPENING.test(text)),
    middle: all.filter(({ text }) => !OPENING.test(text) && !CLOSING.test(text)),
    closing: all.filter(({ text }) => CLOSING.test(text)),
  };
}

const STATEMENT = /^LOG: {2}AUDIT: SESSION,(\d+),/;

/** Number of the statement that a line of pgaudit is about. */
export function statementNumber(text: string): number | null {
  const number = STATEMENT.exec(text)?.[1];
  return number === undefined ? null : Number(number);
}

function restarted(lines: readonly TranscriptLine[]): TranscriptLine[] {
  const began = lines[0]!.after;
  return lines.map((line) => ({ ...line, after: line.after - began }));
}

function cut(
  lines: readonly TranscriptLine[],
  isCut: (before: TranscriptLine, next: TranscriptLine) => boolean,
): TranscriptLine[][] {
  const pieces: TranscriptLine[][] = [];
  for (const [index, line] of lines.entries()) {
    if (index === 0 || isCut(lines[index - 1]!, line)) pieces.push([]);
    pieces.at(-1)!.push(line);
  }
  return pieces.map(restarted);
}

/** Milliseconds of silence between two pages of an application. */
const SILENCE = 200;

/** The pages of pooled sessions: what happened without a pause. */
export function pagesOf(transcripts: readonly Transcript[]): TranscriptLine[][] {
  return transcripts.flatMap(({ middle }) =>
    cut(middle, (before, next) => next.after - before.after > SILENCE),
  );
}

/** Lines of each statement. */
export function statementsOf({ middle }: Transcript): TranscriptLine[][] {
  return cut(middle, (before, next) => statementNumber(before.text) !== statementNumber(next.text));
}

/** Sessions of all kinds of ordinary work, by the name of the scene that was recorded. */
export function readTranscripts(): ReadonlyMap<string, Transcript[]> {
  const sessions = bySession(readWork());
  return new Map(
    readEvaluationLabels().work.map(({ name, sessions: ids }) => [
      name,
      ids.flatMap((id) => {
        const lines = sessions.get(id);
        return lines === undefined ? [] : [transcriptOf(lines)];
      }),
    ]),
  );
}
