/** The statements that the project makes from its own grammar: they are steady, wide and right. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { before, test } from 'node:test';
import { loadModule, parseSync } from 'libpg-query';
import { blankComments } from './generator/blank-comments.ts';
import { Generator, generatedCorpus } from './generator/generate.ts';

const corpus = generatedCorpus();

/** Statements that PostgreSQL makes of others while it plans or runs them, and wrappers. */
const NEVER_READ = ['PLAssignStmt', 'RawStmt', 'SetOperationStmt'];

const kindsFound = new Set<string>();
/** Statements that the parser refuses as they are. */
const unread: string[] = [];

before(async () => {
  await loadModule();
  for (const { sql } of corpus) {
    const tree = parsed(sql);
    if (tree === null) unread.push(sql);
    else statementNodes(tree, kindsFound);
  }
});

function parsed(sql: string): unknown {
  try {
    return parseSync(sql);
  } catch {
    return null;
  }
}

/** Names of the statement nodes in a tree. */
function statementNodes(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) statementNodes(item, found);
  else if (typeof value === 'object' && value !== null)
    for (const [key, child] of Object.entries(value)) {
      if (/^[A-Z]\w*Stmt$/.test(key)) found.add(key);
      statementNodes(child, found);
    }
}

test('the same seed makes the same statements, another one makes others', () => {
  const [one, same, other] = [new Generator(7), new Generator(7), new Generator(8)];
  const take = (generator: Generator) => Array.from({ length: 200 }, () => generator.next().sql);
  const statements = take(one);
  assert.deepEqual(take(same), statements);
  assert.notDeepEqual(take(other), statements);
});

test('a few thousand distinct statements, none long', () => {
  assert.ok(corpus.length >= 4_000 && corpus.length <= 8_000, String(corpus.length));
  assert.equal(new Set(corpus.map(({ sql }) => sql)).size, corpus.length);
  assert.ok(Math.max(...corpus.map(({ sql }) => sql.length)) < 4_000);
});

test('nearly all statements are read by the parser, and every single one without its comments', () => {
  // The parser's look-ahead trips over a comment between NOT and IN, WITH and TIME, '…' and its continuation.
  assert.ok(unread.length <= 0.03 * corpus.length, `${unread.length} statements do not parse`);
  assert.deepEqual(
    unread.filter((sql) => parsed(blankComments(sql)) === null),
    [],
  );
});

test('every kind of statement that PostgreSQL reads is there', () => {
  const types = readFileSync(createRequire(import.meta.url).resolve('@pgsql/types/types.d.ts'), 'utf8');
  const kinds = new Set(Array.from(types.matchAll(/interface (\w+Stmt)\b/g), ([, kind]) => kind!));
  assert.ok(kinds.size > 100, `${kinds.size} kinds`);
  assert.deepEqual([...kinds].filter((kind) => !kindsFound.has(kind)).sort(), NEVER_READ);
});

test('literals of each form and comments of each kind are there', () => {
  const all = corpus.map(({ sql }) => sql).join('\n');
  const forms = [
    /[^\w]E'/,
    /U&'/,
    /UESCAPE/,
    /[^\w]B'/,
    /X'/,
    /N'/,
    /\$\$/,
    /\$tag\$/,
    /''/,
    /'\s*\n\s*'/,
    /0x/,
  ];
  const numbers = [
    /\b2147483648\b/,
    /\b9223372036854775808\b/,
    /\d\.\s/,
    /\d[eE]-?\d/,
    /\d_\d/,
    /\$\d/,
    /0b1/,
    /0o1/,
  ];
  const comments = [/--/, /\/\*/, /\/\* a \/\*/, /"[^"]*""[^"]*"/, /U&"/, /OPERATOR\s*\(/, /😀/];
  for (const form of [...forms, ...numbers, ...comments]) assert.match(all, form);
});
