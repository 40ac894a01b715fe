/** What the cache says of a text is what the parser would say of it. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loadModule } from 'libpg-query';
import { FLAG_CASES } from '../../fixtures/statements/flag-cases.ts';
import { readText } from '../../src/statements/features.ts';
import { loadParser } from '../../src/statements/parser/parser.ts';
import { StatementCache } from '../../src/statements/statement-cache.ts';
import { statementText } from '../../src/statements/statement-text.ts';
import { Random } from '../fuzz/random.ts';
import { statementSources } from './differential-sources.ts';
import { generatedCorpus } from './generator/generate.ts';
import { mutateLiterals } from './generator/mutate.ts';

before(async () => {
  await loadParser();
  await loadModule();
});

const fresh = (text: string) => readText(statementText(text));

/** Finds the text, or parses it and files it; tells whether it was found. */
function look(cache: StatementCache, text: string) {
  const found = cache.find(text);
  return { wasFound: found !== undefined, statement: found ?? cache.add(text, fresh(text)) };
}

function everyStatement(): string[] {
  const cases = Object.values(FLAG_CASES).flatMap(({ has, lacks }) => [
    ...Object.keys(has),
    ...Object.keys(lacks),
  ]);
  const known = [...statementSources().values()].flat();
  const generated = generatedCorpus().map(({ sql }) => sql);
  // Large ones take long to parse and have nothing that small ones have not.
  return [...new Set([...known, ...cases, ...generated])].filter((text) => text.length < 4_000);
}

test('a text that is found has the features of a fresh parse, whatever its literals are', {
  timeout: 600_000,
}, () => {
  const random = new Random(20_261_127);
  const cache = new StatementCache({ maxTemplates: 200_000, maxBytes: 2 ** 31 });
  const rounds = process.env.PGVIGIL_SLOW === '1' ? 4 : 2;
  const count = { found: 0, parsed: 0 };
  const statements = everyStatement();
  for (let round = 0; round < rounds; round += 1)
    for (const original of statements) {
      // Every other round keeps to literals of the same kind, which are found more often.
      const text = mutateLiterals(original, random, { otherKind: round % 2 === 0 ? 0 : 4 });
      const { wasFound, statement } = look(cache, text);
      if (!wasFound) {
        count.parsed += 1;
        continue;
      }
      count.found += 1;
      assert.deepEqual(statement.template.features, fresh(text).features, text);
    }
  assert.ok(count.found > statements.length / 4, JSON.stringify(count));
});

test('a template is found for other literals, other comments and other values of the same kind', () => {
  const cache = new StatementCache();
  for (const [text, same] of [
    ["SELECT a FROM t WHERE b = 1 AND c = 'x'", "SELECT a FROM t WHERE b = 22 AND c = 'O''Brien'"],
    ["INSERT INTO t VALUES (1, 'a', 1.5)", "INSERT INTO t VALUES (-3, '', 2e9)".replace('-', '')],
    [
      "/* request 1 */ UPDATE t SET a = 'x' WHERE b IN (1, 2)",
      "/* request 22 */ UPDATE t SET a = 'y' WHERE b IN (3, 4)",
    ],
    [
      "DELETE FROM t WHERE a LIKE 'x%' AND b BETWEEN 1 AND 5",
      "DELETE FROM t WHERE a LIKE '%' AND b BETWEEN 7 AND 9",
    ],
    ['SELECT a FROM t WHERE b > -1 LIMIT 10 OFFSET 0', 'SELECT a FROM t WHERE b > -7 LIMIT 50 OFFSET 100'],
    [
      "SELECT 'a'::text, date '2026-01-01', interval '1' day FROM t",
      "SELECT 'b'::text, date '2027-01-01', interval '2' day FROM t",
    ],
  ] as const) {
    const { template } = look(cache, text).statement;
    assert.deepEqual(template.literalsRead, [], text);
    assert.equal(cache.find(same)?.template, template, same);
  }
});

test('a literal that matters tells texts apart', () => {
  const cache = new StatementCache();
  for (const [text, other] of [
    ["SET pgaudit.log = 'all'", "SET pgaudit.log = 'none'"],
    ['SELECT a FROM t WHERE b = 5 OR 1=1', 'SELECT a FROM t WHERE b = 5 OR 1=2'],
    ["COPY t TO '/tmp/a'", "COPY t TO '/tmp/b'"],
    ["SELECT dblink('host=a.example', 'SELECT 1')", "SELECT dblink('host=b.example', 'SELECT 1')"],
    ["SELECT * FROM t WHERE a = 'x'", "SELECT * FROM t WHERE a = 'postgres://evil.example/'"],
    ['SELECT a::float(24) FROM t', 'SELECT a::float(99) FROM t'],
    ['SELECT a FROM t LIMIT 1', 'SELECT a FROM t LIMIT 1 --'],
    ["DO 'BEGIN PERFORM 1; END'", "DO 'BEGIN DELETE FROM t; END'"],
    ['SELECT count(*) FROM generate_series(1, 5)', 'SELECT count(*) FROM generate_series(1, 5000000)'],
    ['SELECT 1', 'SELECT 9999999999'],
    ['SELECT a', 'SELECT A'],
    ["SELECT 'a'\n'b'", "SELECT 'a'\n'host=evil.example'"],
    ['no sql /* a word */', 'no sql /* host=evil.example */'],
    // What follows a line end belongs to the string, with its backslashes: this is no comment.
    [
      "SELECT E'a'\n'\\'', '/*' || b || '*/' -- '",
      "SELECT E'a'\n'\\'', '/*' || (SELECT rolpassword FROM pg_authid) || '*/' -- '",
    ],
  ] as const) {
    look(cache, text);
    const { wasFound, statement } = look(cache, other);
    assert.equal(wasFound, false, other);
    assert.deepEqual(statement.template.features, fresh(other).features);
    assert.deepEqual(cache.find(text)?.template.features, fresh(text).features, text);
    assert.deepEqual(cache.find(other)?.template.features, fresh(other).features, other);
  }
});

test('hash, text and length are those of the text, not of the first one of its template', () => {
  const cache = new StatementCache();
  look(cache, "SELECT a FROM t WHERE b = 'first'");
  const text = "SELECT a FROM t WHERE b = 'second one'";
  const { wasFound, statement } = look(cache, text);
  assert.equal(wasFound, true);
  const alone = look(new StatementCache(), text).statement;
  assert.deepEqual(statement, alone);
  assert.equal(statement.sqlText, text);
  const long = `SELECT '${'x'.repeat(70_000)}'`;
  const [a, b] = [`${long} a`, `${long} b`].map((sql) => look(cache, sql).statement);
  assert.equal(a?.template, b?.template);
  assert.notEqual(a?.statementHash, b?.statementHash);
});

test('a template has the same id in every cache, and another one where its literals matter', () => {
  const id = (text: string) => look(new StatementCache(), text).statement.template.templateId;
  assert.equal(id('SELECT a FROM t WHERE b = 1'), id('SELECT a FROM t WHERE b = 2'));
  assert.notEqual(id('SELECT a FROM t WHERE b = 1'), id("SELECT a FROM t WHERE b = '1'"));
  assert.notEqual(id("SET work_mem = '1MB'"), id("SET work_mem = '2MB'"));
  assert.equal(id("SET work_mem = '1MB'"), id("SET work_mem = '1MB'"));
});

test('what was filed from an earlier run is found, also where literals matter', () => {
  const earlier = new StatementCache();
  const cache = new StatementCache();
  for (const text of ['SELECT a FROM t WHERE b = 1', "SET work_mem = '1MB'", 'SELECT 1 WHERE 1=1'])
    cache.file(text, look(earlier, text).statement.template);
  assert.ok(cache.find('SELECT a FROM t WHERE b = 77'));
  assert.ok(cache.find("SET work_mem = '1MB'"));
  assert.equal(cache.find("SET work_mem = '2MB'"), undefined);
  assert.equal(cache.find('SELECT 1 WHERE 1=2'), undefined);
});

test('the cache is bounded: in templates, in bytes, and for variants of one shape', () => {
  const few = new StatementCache({ maxTemplates: 10, maxBytes: 1e6 });
  const count = (cache: StatementCache, texts: string[]) => texts.filter((text) => cache.find(text)).length;
  const shapes = Array.from({ length: 100 }, (_, i) => `SELECT a${i} FROM t`);
  const variants = Array.from({ length: 100 }, (_, i) => `SET work_mem = '${i}MB'`);
  for (const text of [...shapes, ...variants]) look(few, text);
  assert.ok(count(few, variants) <= 10);
  assert.ok(count(few, shapes) < 10);
  const small = new StatementCache({ maxTemplates: 1_000, maxBytes: 200_000 });
  const long = Array.from({ length: 50 }, (_, i) => `SELECT ${`a${i}, `.repeat(1_000)} b FROM t`);
  for (const text of long) look(small, text);
  assert.ok(count(small, long) <= 20, String(count(small, long)));
  const tiny = new StatementCache({ maxTemplates: 1_000, maxBytes: 2_000 });
  for (const text of long) look(tiny, text);
  assert.equal(count(tiny, long), 0);
});
