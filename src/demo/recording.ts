/** The recording that the demo replays, with its ground truth; see fixtures/recorded/README.md. */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { packagePath } from '../paths.ts';

/** One attack of the recording and what should be said of it. */
export interface LabelledAttack {
  id: string;
  /** Detector ids that must find it. */
  detectors: string[];
  server: string;
  /** Sessions (%c) that belong to it. */
  sessions: string[];
  what: string;
}

export interface Labels {
  records: number;
  attacks: LabelledAttack[];
  ordinary: { name: string; sessions: string[] }[];
}

/** One event as the server's diagnostic setting would send it. */
export interface RecordedMessage {
  body: string;
  /** Event time of its first record, milliseconds since 1970. */
  eventTime: number;
}

export async function readLabels(): Promise<Labels> {
  return JSON.parse(await readFile(packagePath('fixtures/recorded/labels.json'), 'utf8')) as Labels;
}

/** Path of the recording: one event body a line, gzip. */
export function recordingPath(): string {
  return packagePath('fixtures/recorded/flexible-15.ndjson.gz');
}

/** The messages, in order of time. */
export async function readRecording(): Promise<RecordedMessage[]> {
  const text = gunzipSync(await readFile(recordingPath())).toString('utf8');
  return text
    .split('\n')
    .filter((body) => body !== '')
    .map((body) => {
      const { records } = JSON.parse(body) as { records: { time: string }[] };
      return { body, eventTime: Date.parse(records[0]?.time ?? '') };
    });
}
