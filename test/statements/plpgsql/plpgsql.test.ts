/** Both readers of PL/pgSQL: PostgreSQL's compiler, and the tokens for what it refuses. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { parsePlPgSQLSync } from 'libpg-query';
import { readBodies } from '../../../fixtures/statements/bodies.ts';
import { loadParser } from '../../../src/statements/parser/parser.ts';
import { readCompiled, readPlpgsql } from '../../../src/statements/plpgsql/plpgsql.ts';
import { readByTokens } from '../../../src/statements/plpgsql/tokens.ts';
import { bodyOf, meaningOf } from './examples.ts';

const examples = readBodies();
const statements = (body: string): string[] => {
  const found = readCompiled(body);
  assert.ok(found !== null, `refused: ${body}`);
  return found.statements;
};

before(loadParser);

test('the compiler takes every example that PostgreSQL would run', async () => {
  assert.ok(examples.length >= 50);
  const { loadModule } = await import('libpg-query');
  await loadModule();
  for (const example of examples) {
    const { body, header } = bodyOf(example);
    let refused: string | null = null;
    try {
      parsePlPgSQLSync(`${header} '${body.replaceAll("'", "''")}'`);
    } catch (error) {
      refused = (error as Error).message;
    }
    assert.equal(refused, example.refused, example.name);
    assert.equal(readCompiled(body, header) === null, refused !== null, example.name);
  }
});

test('tokens and compiler find the same, reviewed examples aside', () => {
  for (const example of examples) {
    const { body, header } = bodyOf(example);
    const compiled = readCompiled(body, header);
    if (compiled === null) continue;
    const [tree, tokens] = [meaningOf(compiled), meaningOf(readByTokens(body))];
    if (example.differs === null) assert.deepEqual(tokens, tree, example.name);
    else assert.notDeepEqual(tokens, tree, `reviewed, but both agree: ${example.name}`);
    assert.ok(compiled.complete, example.name);
  }
});

test('what the compiler refuses is read all the same', () => {
  for (const example of examples.filter(({ refused }) => refused !== null)) {
    const { body, header } = bodyOf(example);
    assert.deepEqual(readPlpgsql(body, header), readByTokens(body));
    assert.notDeepEqual(readPlpgsql(body, header).statements, [], example.name);
  }
});

test('a value that one branch leaves is not forgotten when the other one is read', () => {
  const q = "DECLARE q text := 'one'; BEGIN";
  assert.deepEqual(statements(`${q} IF a THEN q := 'two'; END IF; EXECUTE q; END`), ['two', 'one']);
  assert.deepEqual(statements(`${q} IF a THEN q := 'two'; ELSE q := 'three'; END IF; EXECUTE q; END`), [
    'two',
    'three',
  ]);
  assert.deepEqual(statements(`${q} CASE WHEN a THEN q := 'two'; END CASE; EXECUTE q; END`), ['two', 'one']);
  assert.deepEqual(statements(`${q} WHILE a LOOP q := q || 'x'; END LOOP; EXECUTE q; END`), [
    'onexx',
    'onex',
    'one',
  ]);
  assert.deepEqual(statements(`${q} q := 'two'; EXCEPTION WHEN others THEN q := 'three'; EXECUTE q; END`), [
    'three',
  ]);
});

test('a name means the variable of the nearest block, and a label chooses another one', () => {
  const inner = "DECLARE q text := 'inner'; BEGIN EXECUTE q; EXECUTE o.q; q := 'changed'; END;";
  assert.deepEqual(statements(`<<o>> DECLARE q text := 'outer'; BEGIN ${inner} EXECUTE q; END`), [
    'inner',
    'outer',
  ]);
  assert.deepEqual(
    statements(`DECLARE a text := 'x'; BEGIN a := 'y'; DECLARE b text := a; BEGIN EXECUTE b; END; END`),
    ['y'],
  );
  assert.deepEqual(statements(`DECLARE "Q" text := 'upper'; q text := 'lower'; BEGIN EXECUTE "Q"; END`), [
    'upper',
  ]);
  assert.deepEqual(
    readCompiled(
      "DECLARE b ALIAS FOR a; BEGIN b := 'x'; EXECUTE a; EXECUTE f.a; END",
      'CREATE FUNCTION f(a text) RETURNS void LANGUAGE plpgsql AS',
    )?.statements,
    ['x', '_'],
  );
});

test('what depends on data reads _, also where something was known before', () => {
  for (const filled of [
    'SELECT v INTO q FROM t',
    "EXECUTE 'SELECT 1' INTO q",
    'FETCH c INTO q',
    'GET DIAGNOSTICS q = ROW_COUNT',
    'q := f()',
  ])
    assert.equal(
      statements(`DECLARE q text := 'known'; c refcursor; BEGIN ${filled}; EXECUTE q; END`).at(-1),
      '_',
      filled,
    );
});

test('of too many ways through the branches none is lost', () => {
  const branches = Array.from({ length: 40 }, (_, i) => `IF a THEN q := 'SELECT ${i}'; END IF;`).join(' ');
  const found = statements(`DECLARE q text := 'SELECT 99'; BEGIN ${branches} EXECUTE q; END`);
  for (let i = 0; i < 40; i += 1) assert.ok(found.includes(`SELECT ${i}`), String(i));
  assert.ok(found.includes('SELECT 99'));
});

test('queries and calls are found wherever an expression stands', () => {
  const places: Record<string, string> = {
    'x := #': '#',
    'IF # THEN NULL; END IF': '#',
    'WHILE # LOOP NULL; END LOOP': '#',
    'ASSERT #': '#',
    'PERFORM #': '#',
    "RAISE NOTICE '%', #": '#',
    'EXIT WHEN #': '#',
    "EXECUTE 'x' USING #": '#',
  };
  for (const place of Object.keys(places))
    for (const call of ['pg_sleep(1)', '(SELECT a FROM secret)']) {
      const body = `DECLARE x text; BEGIN LOOP ${place.replace('#', call)}; END LOOP; END`;
      for (const found of [statements(body), readByTokens(body).statements])
        assert.ok(
          found.some((sql) => sql.replaceAll(' ', '').includes(call.replaceAll(' ', ''))),
          `${place}: ${found}`,
        );
    }
});

test('`GRANT EXECUTE` and triggers run nothing that is put together, and DEFAULT assigns nothing in DDL', () => {
  const body =
    'BEGIN GRANT EXECUTE ON FUNCTION f() TO a; CREATE TRIGGER t AFTER INSERT ON u EXECUTE FUNCTION f(); ALTER TABLE v ALTER w SET DEFAULT 1; END';
  for (const found of [readCompiled(body)!, readByTokens(body)]) {
    assert.equal(found.dynamic, false);
    assert.equal(found.statements.length, 3);
    assert.match(found.statements[2]!, /^ALTER TABLE v/);
  }
});

test('the compiler is not made to print the body', (t) => {
  const printed: unknown[] = [];
  t.mock.method(process.stdout, 'write', (text: unknown) => printed.push(text) > 0);
  t.mock.method(console, 'log', (text: unknown) => printed.push(text));
  for (const option of ['#option dump', '#OPTION DUMP', '# /* a */ option -- b\n dump'])
    assert.deepEqual(readPlpgsql(`${option}\nBEGIN EXECUTE 'SELECT 1'; END`).statements, ['SELECT 1']);
  t.mock.restoreAll();
  assert.deepEqual(printed, []);
});

test('no text throws or prints, and both readers say where they stopped', (t) => {
  const words = examples.flatMap((example) => bodyOf(example).body.split(/(?<=[\s;(),'])/));
  const near = fc.array(fc.oneof(fc.constantFrom(...words), fc.string({ unit: 'binary', maxLength: 4 })), {
    maxLength: 60,
  });
  const printed: unknown[] = [];
  t.mock.method(console, 'log', (text: unknown) => printed.push(text));
  fc.assert(
    fc.property(near, (pieces) => {
      const body = pieces.join('').replaceAll('\0', '');
      const found = readPlpgsql(`DECLARE r record; q text; BEGIN ${body}; END`);
      assert.ok(found.statements.length <= 500);
      assert.equal(new Set(found.statements).size, found.statements.length);
    }),
    { numRuns: 300 },
  );
  t.mock.restoreAll();
  assert.deepEqual(printed, []);
});
