import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { MAJORS } from '../../../fixtures/majors/builds.ts';
import { readable } from '../../../fixtures/majors/facts.ts';
import type { LedgerEntry } from '../../../fixtures/majors/ledger.ts';
import type { ShortRecord } from '../../../fixtures/majors/recording.ts';
import { assertSession, decodeAll } from './majors-ledger.ts';

const FOLDER = new URL('../../../fixtures/majors/recorded/', import.meta.url);
const fileOf = (major: number, end: string): URL => new URL(`postgresql-${major}.${end}`, FOLDER);

const linesOf = (major: number, end: string): unknown[] =>
  readFileSync(fileOf(major, end), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
const messagesOf = (major: number) => linesOf(major, 'ndjson') as { records: ShortRecord[] }[];
const sessionsOf = (major: number) => linesOf(major, 'sessions.ndjson') as LedgerEntry[];

/** What a line about a connection begins with. */
const CONNECTION_LINE =
  /^(?:replication )?connection (?:received|authenticated|authorized|ready)|^disconnection|startup packet|SSL|GSSAPI/;

for (const major of MAJORS) {
  test(`PostgreSQL ${major}: every session is what its client knows it was, and names nobody else`, () => {
    const records = decodeAll(messagesOf(major));
    const sessions = sessionsOf(major);
    assert.ok(sessions.length >= 58);
    for (const entry of sessions) assertSession(entry, records, major);
  });

  test(`PostgreSQL ${major}: every line about a connection gives a fact`, () => {
    const records = decodeAll(messagesOf(major));
    const silent = records.filter(
      ({ fact, level, message }) =>
        fact?.kind !== 'connection' &&
        (level === 'FATAL' ? fact?.kind !== 'failure' : CONNECTION_LINE.test(message ?? '')),
    );
    assert.deepEqual(
      silent.map(({ message }) => message),
      [],
    );
  });

  test(`PostgreSQL ${major}: the recording reads as it always did (UPDATE_GOLDEN=1 rewrites)`, () => {
    const actual = readable(sessionsOf(major), decodeAll(messagesOf(major)));
    const golden = fileOf(major, 'decoded.txt');
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, actual);
    assert.equal(actual, readFileSync(golden, 'utf8'));
  });
}

test('a recording holds no name or path of the machine that made it', () => {
  for (const major of MAJORS) {
    const text = readFileSync(fileOf(major, 'ndjson'), 'utf8');
    assert.doesNotMatch(text, /\/tmp\/|\/home\/|\/root\/|localhost/);
    assert.doesNotMatch(text, /host=127\.(?!0\.0\.1 )/);
  }
});
