/** Files under fixtures/golden/channels: what each channel makes of a message, for a person to read. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Message } from '../../../src/alerts/message.ts';
import { packagePath } from '../../../src/paths.ts';
import { DIGEST, MESSAGES, OPENED } from './messages.ts';

/** Compares with a file of the folder; `UPDATE_GOLDEN=1` rewrites it. */
export function assertGolden(file: string, actual: string): void {
  const folder = packagePath('fixtures/golden/channels');
  const text = actual.endsWith('\n') ? actual : `${actual}\n`;
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/${file}`, text);
  }
  assert.equal(text, readFileSync(`${folder}/${file}`, 'utf8'), file);
}

/** The same for a body of JSON, in `<name>.json`. */
export function assertGoldenJson(name: string, body: unknown): void {
  assertGolden(`${name}.json`, JSON.stringify(body, null, 2));
}

/** An alert through its life, with all that an alert can say, and a digest. */
export const GOLDEN_MESSAGES: readonly Message[] = [
  OPENED,
  stage('alert.acknowledged'),
  stage('alert.closed'),
  DIGEST,
];

/** The last word of a message's type: `opened`. */
export function stageOf({ type }: Message): string {
  return type.slice('alert.'.length);
}

function stage(type: 'alert.acknowledged' | 'alert.closed'): Message {
  const message = MESSAGES[type];
  if (message.type === 'alert.digest') throw new Error('not of an alert');
  return { ...message, data: { ...message.data, baseline: OPENED.data.baseline } };
}
