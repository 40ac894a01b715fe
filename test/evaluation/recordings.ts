/** The evaluation's recordings, by session. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { EvaluationLabels } from '../../fixtures/evaluation/labels.ts';
import type { AzureRecord, RecordProperties } from '../../fixtures/recorder/envelope.ts';
import type { Labels } from '../../fixtures/recorder/labels.ts';

const EVALUATION = new URL('../../fixtures/evaluation/recorded/', import.meta.url);
const DEMO = new URL('../../fixtures/recorded/', import.meta.url);

/** `%t-%c-` at the start of a message, and what follows. */
const MESSAGE = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC-([0-9a-f]+\.[0-9a-f]+)-([\s\S]*)$/;

/** One line of a recorded session. */
export interface RecordedLine {
  /** Milliseconds since 1970. */
  time: number;
  session: string;
  /** What follows the prefix: `LOG:  AUDIT: …`. */
  text: string;
  properties: RecordProperties;
}

function readLines(file: URL): RecordedLine[] {
  return gunzipSync(readFileSync(file))
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .flatMap((line) => (JSON.parse(line) as { records: AzureRecord[] }).records)
    .map(({ properties }) => {
      const parts = MESSAGE.exec(properties.message);
      if (parts === null) throw new Error(`no prefix: ${properties.message}`);
      const { timestamp } = properties;
      const time = Date.parse(`${timestamp.slice(0, 10)}T${timestamp.slice(11, 23)}Z`);
      return { time, session: parts[1]!, text: parts[2]!, properties };
    });
}

function readJson<T>(file: URL): T {
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}

export function readEvaluationLabels(): EvaluationLabels {
  return readJson(new URL('labels.json', EVALUATION));
}

export function readDemoLabels(): Labels {
  return readJson(new URL('labels.json', DEMO));
}

/** Lines of ordinary work. */
export function readWork(): RecordedLine[] {
  return readLines(new URL('work.ndjson.gz', EVALUATION));
}

/** Lines of the evaluation's attacks. */
export function readAttacks(): RecordedLine[] {
  return readLines(new URL('attacks.ndjson.gz', EVALUATION));
}

/** Lines of the demo's recording, ordinary work among them. */
export function readDemo(): RecordedLine[] {
  return readLines(new URL('flexible-15.ndjson.gz', DEMO));
}

/** Lines of each session, in order of time. */
export function bySession(lines: readonly RecordedLine[]): Map<string, RecordedLine[]> {
  const sessions = new Map<string, RecordedLine[]>();
  for (const line of lines) {
    const own = sessions.get(line.session) ?? [];
    sessions.set(line.session, own);
    own.push(line);
  }
  return sessions;
}
