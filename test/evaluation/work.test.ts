/** The promise: the evaluation judges the same four weeks each time, in records as a server sends them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage } from '../../src/decode/message.ts';
import { compilePrefix } from '../../src/decode/prefix/prefix.ts';
import { DAYS, END, JUDGED_FROM, START } from './calendar.ts';
import type { LogLine } from './server.ts';
import { messagesOf } from './stream.ts';
import { simulateWork } from './work/all.ts';

const lines = simulateWork();

test('the simulation is the same each time', () => {
  const telling = ({ time, server, session, text }: LogLine) => `${time} ${server} ${session} ${text}`;
  const again = simulateWork();
  assert.equal(again.length, lines.length);
  assert.equal(
    again.find((line, index) => telling(line) !== telling(lines[index]!)),
    undefined,
  );
});

test('it has two servers, twelve accounts and more, and work on every day of four weeks', () => {
  const signedIn = lines.flatMap(
    ({ text }) => /^LOG: {2}connection authorized: user=(\S+)/.exec(text)?.[1] ?? [],
  );
  assert.ok(new Set(signedIn).size >= 12, [...new Set(signedIn)].join(', '));
  assert.equal(new Set(lines.map(({ server }) => server)).size, 2);
  assert.equal(new Set(lines.map(({ time }) => Math.floor((time - START) / 86_400_000))).size, DAYS);
  assert.ok(lines.every(({ time }) => time >= START && time <= END));
  assert.ok(lines.some(({ time }) => time > JUDGED_FROM));
});

test('every record is decoded: no reject, and connection and audit lines are read as such', () => {
  const options = { prefixes: [compilePrefix('%t-%c-')], prefixesOf: () => undefined };
  let audited = 0;
  let connected = 0;
  for (const { body } of messagesOf(
    lines.filter((_, index) => index % 7 === 0),
    1,
  )) {
    const decoded = decodeMessage(body, options);
    assert.deepEqual(decoded.rejects, []);
    for (const { fact } of decoded.records) {
      if (fact?.kind === 'audit') audited += 1;
      if (fact?.kind === 'connection') connected += 1;
    }
  }
  const expected = (pattern: RegExp) =>
    lines.filter(({ text }, index) => index % 7 === 0 && pattern.test(text)).length;
  assert.equal(audited, expected(/^LOG: {2}AUDIT: /));
  assert.ok(connected >= expected(/^LOG: {2}(?:connection \w+|disconnection): /));
});

test('the statements of a session are numbered as pgaudit numbers them: upwards, none left out', () => {
  const last = new Map<string, number>();
  for (const { server, session, text } of lines) {
    const number = Number(/AUDIT: SESSION,(\d+),/.exec(text)?.[1] ?? Number.NaN);
    if (Number.isNaN(number)) continue;
    const key = `${server} ${session}`;
    const before = last.get(key) ?? 0;
    assert.ok(number === before || number === before + 1, `${key}: ${number} after ${before}: ${text}`);
    last.set(key, number);
  }
});

test('no two sessions of a server share an id', () => {
  const began = new Set<string>();
  for (const { server, session, text } of lines) {
    if (!text.startsWith('LOG:  connection received: ')) continue;
    assert.ok(!began.has(`${server} ${session}`), `${server} ${session}`);
    began.add(`${server} ${session}`);
  }
});
