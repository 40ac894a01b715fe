import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { messageOf, run } from './campaign.ts';
import { readCorpus } from './corpus.ts';
import { complaintAbout } from './invariants.ts';

const FOLDER = new URL('../../fixtures/fuzz/', import.meta.url);

test('messages that once broke the decoder no longer do, with any set of prefixes', () => {
  for (const name of readdirSync(FOLDER).filter((file) => file.endsWith('.bin')))
    assert.equal(complaintAbout(readFileSync(new URL(name, FOLDER)), null), null, name);
});

test('damaged messages neither break the decoder nor get lost', () => {
  const { findings, count } = run({ seed: 20_260_702, from: 0, count: 5_000 });
  assert.deepEqual(
    findings.map(({ number, complaint }) => `${number}: ${complaint}`),
    [],
  );
  assert.equal(count, 5_000);
});

test('a message of the fuzzer can be made again from its seed and number alone', () => {
  const corpus = readCorpus();
  const numbers = [17, 4, 1_000_000];
  const once = numbers.map((number) => messageOf(3, number, corpus).toString('latin1'));
  const again = numbers.reverse().map((number) => messageOf(3, number, readCorpus()).toString('latin1'));
  assert.deepEqual(again.reverse(), once);
  assert.equal(new Set(once).size, 3);
});
