/** What ordinary clients really send: all of it is understood, and none of it looks like an attack. */
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { before, test } from 'node:test';
import { CORPORA, type CorpusStatement, corpusFile, readCorpus } from '../../fixtures/statements/corpora.ts';
import { shapeOf, steadyText } from '../../fixtures/statements/steady.ts';
import { redact } from '../../src/decode/redaction/redact.ts';
import type { StatementFeatures } from '../../src/model/statement-features.ts';
import { extractFeatures } from '../../src/statements/features.ts';
import type { Flag } from '../../src/statements/flags.ts';
import { loadParser } from '../../src/statements/parser/parser.ts';

/** Flags of injection, ransom, credentials and persistence, and those of a reader that failed. */
const NOT_ORDINARY: readonly string[] = [
  'tautology',
  'tautology_rand',
  'contradiction',
  'comment_tail',
  'union_probe',
  'union_catalog',
  'stacked',
  'inline_comment',
  'sleep',
  'heavy_gs',
  'err_cast',
  'unterminated_quote',
  'parser_failed',
  'text_cut',
  'copy_file',
  'copy_program',
  'body_copy_program',
  'body_danger',
  'body_chr',
  'body_decode',
  'dyn_exec',
  'ransom_name',
  'ransom_text',
  'drop_owned',
  'sets_password',
  'load_library',
  'untrusted_lang',
  'admin_option',
  'priv_all',
  'to_public',
  'grant_parameter',
  'trigger_off',
  'rls_off',
  'replication_cmd',
  'fdw_server',
  'user_mapping',
  'subscription',
  'pub_all_tables',
  'event_trigger',
  'drop_event_trigger',
] satisfies Flag[];

/** Statements of a client that carry such a flag nevertheless, and why that is right or borne. */
const REVIEWED: { client: string; flag: Flag; begins: string; why: string }[] = [];

/** Catalogs that hold password hashes. */
const CREDENTIALS = new Set(['pg_authid', 'pg_shadow', 'pg_user_mapping']);

const corpus = CORPORA.flatMap(readCorpus);
const features = new Map<CorpusStatement, StatementFeatures>();

before(async () => {
  await loadParser();
  for (const statement of corpus) features.set(statement, extractFeatures(statement.sql));
});

test('the corpora hold every client, in little space', () => {
  const clients = new Map<string, number>();
  for (const { client } of corpus) clients.set(client, (clients.get(client) ?? 0) + 1);
  const least = { psql: 140, pg_dump: 70, pg_restore: 50, pg_dumpall: 10, pgbench: 20, vacuumdb: 5 };
  const mappers = { knex: 40, kysely: 20, drizzle: 20, typeorm: 40, sequelize: 40 };
  for (const [client, number] of Object.entries({ ...least, ...mappers }))
    assert.ok(clients.get(client)! >= number, `${client}: ${clients.get(client)} statements`);
  const size = CORPORA.reduce((sum, name) => sum + statSync(corpusFile(name)).size, 0);
  assert.ok(size < 150_000, `${size} bytes`);
});

test('every statement of a real client is parsed', () => {
  const unread = corpus.filter((statement) => !features.get(statement)!.parseOk);
  assert.deepEqual(unread, []);
});

test('nothing that ordinary clients send carries a flag of an attack, reviewed statements aside', () => {
  const used = new Set<object>();
  const fresh: string[] = [];
  for (const statement of corpus)
    for (const flag of features.get(statement)!.flags.filter((name) => NOT_ORDINARY.includes(name))) {
      const { client, sql } = statement;
      const known = REVIEWED.find(
        (entry) => entry.client === client && entry.flag === flag && sql.startsWith(entry.begins),
      );
      if (known === undefined) fresh.push(`${client} ${flag}: ${sql}`);
      else used.add(known);
    }
  assert.deepEqual(fresh, []);
  assert.deepEqual(
    REVIEWED.filter((entry) => !used.has(entry)),
    [],
    'reviewed statements that carry the flag no more',
  );
});

test('of all clients only pg_dumpall asks for the catalogs with password hashes', () => {
  const readers = corpus.filter((statement) =>
    features.get(statement)!.catalogs.some((catalog) => CREDENTIALS.has(catalog)),
  );
  assert.deepEqual([...new Set(readers.map(({ client }) => client))], ['pg_dumpall']);
});

test('redaction finds no secret where there is none', () => {
  for (const { sql } of corpus) assert.equal(redact(sql), sql);
});

test('equal texts give equal features, whatever was read before', () => {
  for (const statement of corpus.toReversed())
    assert.deepEqual(extractFeatures(statement.sql), features.get(statement), statement.sql);
});

test('each shape stands once a client, and nothing tells the machine or the hour of the recording', () => {
  const shapes = corpus.map(({ client, sql }) => `${client} ${shapeOf(sql)}`);
  assert.equal(new Set(shapes).size, shapes.length);
  for (const { sql } of corpus) {
    assert.equal(steadyText(sql), sql);
    assert.doesNotMatch(sql, /\/tmp|\/home|\/root|127\.0\.0\.1|localhost|SCRAM-SHA-256\$/);
  }
});

test('steady text: object ids by order of appearance, other numbers untouched', () => {
  const text = "SELECT 24601, '24700'::oid, 24601, 12345, 99999, x24700, 1.24700, 247001";
  assert.equal(steadyText(text), "SELECT 16384, '16385'::oid, 16384, 12345, 99999, x24700, 1.24700, 247001");
  assert.equal(
    steadyText("VALUES ('2031-12-24 18:00:01.123 +00:00')"),
    "VALUES ('2026-01-01 00:00:00.000 +00:00')",
  );
});
