/** What a receiver writes down of every request, a line of JSON each, before the sender hears of it. */
import { readFileSync } from 'node:fs';

export interface LogLine {
  receiver: string;
  /** When the request came, milliseconds. */
  at: number;
  webhookId: string;
  /** Of the bytes of the body as they came; null where it was not read whole. */
  sha256: string | null;
  /** Of the body. */
  alert: string | null;
  /** Type of the message, of the body. */
  step: string | null;
  /** Whether the signature is right; null where there was nothing to check. */
  verified: boolean | null;
  taken: boolean;
  /** Name of the fault, `none`, or `cut off`: the sender went away in the middle. */
  fault: string;
  /** Status that was answered. */
  answer: number | 'dropped' | 'silent';
}

export function readLog(path: string): LogLine[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as LogLine);
}
