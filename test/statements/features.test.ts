import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { before, test } from 'node:test';
import fc from 'fast-check';
import type { StatementFeatures } from '../../src/model/statement-features.ts';
import { extractFeatures } from '../../src/statements/features.ts';
import { FLAGS } from '../../src/statements/flags.ts';
import { tokenize } from '../../src/statements/lexing/lexer.ts';
import { loadParser } from '../../src/statements/parser/parser.ts';
import { parsedStatement } from './support.ts';

const corpus: string[] = JSON.parse(
  readFileSync(new URL('../../fixtures/golden/statements.json', import.meta.url), 'utf8'),
).map(({ sql }: { sql: string }) => sql);

/** Texts near SQL: whole statements, their pieces, and what breaks lexers, in any order. */
const nearSql = fc
  .array(
    fc.oneof(
      fc.constantFrom(...corpus),
      fc.constantFrom(...corpus.flatMap((sql) => sql.split(/(?<=[\s(),;'])/))),
      fc.constantFrom(
        "'",
        '"',
        '--',
        '/*',
        '*/',
        ';',
        '$$',
        '$a$',
        "E'",
        '(',
        ')',
        '\0',
        '\ud800',
        '<REDACTED>',
        '||',
      ),
      fc.string({ unit: 'binary', maxLength: 6 }),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join(' '));

before(loadParser);

test('no text throws, lists are sorted without duplicates, flags are those of the closed list', () => {
  fc.assert(
    fc.property(fc.oneof(nearSql, fc.string({ unit: 'binary' })), (text) => {
      const { sqlText, template } = parsedStatement(text);
      const { features } = template;
      for (const value of Object.values(features))
        if (Array.isArray(value)) assert.deepEqual(value, [...new Set(value)].filter(Boolean).sort());
      assert.ok(features.flags.every((flag) => flag in FLAGS));
      const isSql = features.parseOk && features.statementCount > 0;
      if (isSql) assert.match(features.fingerprint ?? '', /^[0-9a-f]{16}$/);
      if (isSql) assert.notEqual(features.normalized, null);
      if (!features.parseOk) assert.deepEqual([features.fingerprint, features.normalized], [null, null]);
      assert.doesNotMatch(sqlText ?? '', /[\0\p{Surrogate}]/u);
    }),
    { numRuns: 400 },
  );
});

test('equal texts have equal features, in whatever order they come', () => {
  const first = corpus.map(extractFeatures);
  const second = [...corpus].reverse().map(extractFeatures).reverse();
  assert.deepEqual(second, first);
});

test('other literals: same fingerprint, kinds, relations and normalised text', () => {
  const shape = ({
    fingerprint,
    kinds,
    relationsRead,
    relationsWritten,
    catalogs,
    normalized,
  }: StatementFeatures) => ({
    fingerprint,
    kinds,
    relationsRead,
    relationsWritten,
    catalogs,
    normalized,
  });
  const statements = [
    'SELECT a FROM s.t WHERE b = # AND c IN (#, #) LIMIT #',
    'INSERT INTO t (a, b) VALUES (#, $1)',
    'UPDATE t SET a = # WHERE b > #',
    'WITH x AS (SELECT # AS n) DELETE FROM t USING x WHERE t.n = x.n AND t.m < #',
    'SELECT count(*) FROM pg_class WHERE relpages > # UNION ALL SELECT # FROM t',
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...statements),
      fc.array(fc.nat(), { minLength: 6, maxLength: 6 }),
      (sql, numbers) => {
        const filled = (values: readonly number[]) => {
          let next = 0;
          return sql.replace(/#/g, () => String(values[next++]));
        };
        assert.deepEqual(
          shape(extractFeatures(filled(numbers))),
          shape(extractFeatures(filled([1, 2, 3, 4, 5, 6]))),
        );
      },
    ),
    { numRuns: 100 },
  );
});

test('a normalised text holds no literal and no word of a comment, whatever the statement', () => {
  const secret = fc.stringMatching(/^[a-z]{6,10}[0-9]{4}$/);
  const places = [
    "CREATE USER MAPPING FOR a SERVER b OPTIONS (user 'x', password '#')",
    "CREATE SERVER s FOREIGN DATA WRAPPER f OPTIONS (host '#', password '#')",
    "ALTER SYSTEM SET primary_conninfo = 'password=#'",
    "COPY t FROM PROGRAM 'curl -u x:#'",
    "COMMENT ON ROLE a IS '#'",
    "PREPARE p AS SELECT * FROM t WHERE a = '#'",
    "SECURITY LABEL ON ROLE a IS '#'",
    "SELECT E'\\'#', $$#$$, U&'#' FROM t /* # */ -- #",
    "CREATE VIEW v AS SELECT '#' AS a",
    "DO $$ BEGIN PERFORM '#'; END $$",
    "CREATE TABLE t (a text DEFAULT '#') PARTITION BY LIST (a)",
    "CREATE TABLE p PARTITION OF t FOR VALUES IN ('#')",
  ];
  fc.assert(
    fc.property(fc.constantFrom(...places), secret, (place, word) => {
      const { normalized } = extractFeatures(place.replaceAll('#', word));
      assert.ok(normalized !== null, place);
      assert.doesNotMatch(normalized, new RegExp(word), place);
    }),
    { numRuns: 200 },
  );
});

test('the mark of pgaudit at the end of the text means that options are unknown; anywhere else it does not', () => {
  const cut = (sql: string) => extractFeatures(sql).tailRedacted;
  assert.equal(cut('ALTER ROLE a PASSWORD <REDACTED>'), true);
  assert.equal(cut('ALTER ROLE a PASSWORD <REDACTED>\n '), true);
  assert.equal(cut('ALTER ROLE a PASSWORD <REDACTED> SUPERUSER'), false);
  assert.equal(cut("ALTER ROLE a PASSWORD '<REDACTED>'"), false);
  assert.equal(cut("SELECT dblink_connect('password=<REDACTED>')"), false);
  assert.equal(cut('SELECT 1 -- <REDACTED>'), false);
  assert.equal(extractFeatures('ALTER ROLE a PASSWORD <REDACTED>').parseOk, true);
  assert.equal(extractFeatures('ALTER ROLE password <REDACTED>').target, 'password');
  assert.deepEqual(extractFeatures('CREATE ROLE a PASSWORD <REDACTED> SUPERUSER').roleOptions, ['superuser']);
});

test('the key is that of the whole text, also past the cut', () => {
  const long = `SELECT '${'x'.repeat(70_000)}'`;
  const [a, b] = [parsedStatement(`${long} a`), parsedStatement(`${long} b`)];
  assert.notEqual(a.statementHash, b.statementHash);
  assert.equal(a.sqlText, b.sqlText);
  assert.equal(a.sqlText?.length, 65_536);
  assert.equal(a.textLength, long.length + 2);
  assert.ok(a.template.features.flags.includes('text_cut'));
  assert.match(a.statementHash, /^[0-9a-f]{32}$/);
});

test('the words of a comment change nothing in the normalised text', () => {
  const text = "CREATE SUBSCRIPTION a CONNECTION U&'x' UESCAPE '!' PUBLICATION b /*#*/";
  const [plain, quote] = ['hint', "it's"].map((words) => extractFeatures(text.replace('#', words)));
  assert.equal(quote?.normalized, plain?.normalized);
  assert.match(plain?.normalized ?? '', /PUBLICATION b \/\* \*\/$/);
});

test('a comment between the words of an operator hides nothing', () => {
  for (const text of [
    'SELECT a FROM t WHERE a NOT/**/IN (SELECT rolpassword FROM pg_authid)',
    "SELECT 'a' -- c\n'b', rolpassword FROM pg_authid",
  ]) {
    const { parseOk, catalogs, fingerprint, normalized } = extractFeatures(text);
    assert.deepEqual([parseOk, catalogs], [true, ['pg_authid']], text);
    assert.ok(fingerprint !== null && normalized !== null);
  }
});

test('tokens cover the text in order and without overlap, for any text', () => {
  fc.assert(
    fc.property(fc.oneof(nearSql, fc.string({ unit: 'binary' })), (text) => {
      let end = 0;
      for (const token of tokenize(text)) {
        assert.equal(text.slice(end, token.start).trim(), '');
        assert.ok(token.end > token.start);
        end = token.end;
      }
      assert.equal(text.slice(end).trim(), '');
    }),
    { numRuns: 400 },
  );
});
