/** What a real server logged, with labels: the flags that speak of an attack must stand in attacks only. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { decodeMessage } from '../../src/decode/message.ts';
import { compilePrefix } from '../../src/decode/prefix/prefix.ts';
import { extractFeatures } from '../../src/statements/features.ts';
import { loadParser } from '../../src/statements/parser/parser.ts';

const SPEAKS_OF_ATTACK =
  /^(?:tautology|tautology_rand|contradiction|comment_tail|union_probe|union_catalog|stacked|err_cast|sleep|heavy_gs|inline_comment|unterminated_quote|copy_program|copy_file|body_copy_program|body_danger|body_chr|ransom_name|ransom_text|parser_failed)$/;

interface Labels {
  attacks: { id: string; sessions: string[] }[];
  ordinary: { name: string; sessions: string[] }[];
}

const recorded = new URL('../../fixtures/recorded/', import.meta.url);
const labels: Labels = JSON.parse(readFileSync(new URL('labels.json', recorded), 'utf8'));

/** Flags that speak of an attack, by session. */
const flagsOf = new Map<string, Set<string>>();

before(async () => {
  await loadParser();
  const prefixes = [compilePrefix('%t-%c-')];
  for (const line of gunzipSync(readFileSync(new URL('flexible-15.ndjson.gz', recorded)))
    .toString()
    .split('\n')) {
    if (line === '') continue;
    for (const { fact, sessionId } of decodeMessage(Buffer.from(line), { prefixes }).records) {
      if (
        sessionId === null ||
        (fact?.kind !== 'audit' && fact?.kind !== 'failure') ||
        fact.statement === null
      )
        continue;
      const flags = flagsOf.get(sessionId) ?? new Set();
      for (const flag of extractFeatures(fact.statement).flags)
        if (SPEAKS_OF_ATTACK.test(flag)) flags.add(flag);
      flagsOf.set(sessionId, flags);
    }
  }
});

function flagsIn(sessions: readonly string[]): string[] {
  return [...new Set(sessions.flatMap((session) => [...(flagsOf.get(session) ?? [])]))].sort();
}

test('ordinary sessions of every kind of client raise none of the flags of an attack', () => {
  assert.ok(labels.ordinary.length >= 5);
  for (const { name, sessions } of labels.ordinary) assert.deepEqual(flagsIn(sessions), [], name);
});

test('attacks that are made of SQL raise theirs', () => {
  const attack = (id: string) => flagsIn(labels.attacks.find((one) => one.id === id)?.sessions ?? []);
  for (const flag of [
    'tautology',
    'union_probe',
    'union_catalog',
    'comment_tail',
    'err_cast',
    'sleep',
    'stacked',
  ])
    assert.ok(attack('injection').includes(flag), flag);
  assert.deepEqual(attack('copy-program'), ['body_copy_program', 'copy_program']);
  assert.deepEqual(attack('ransom-note'), ['ransom_name', 'ransom_text']);
});
