/** The shell with a keyboard and a terminal of the test's own, over a real store. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Store } from '../../src/store/store.ts';
import { type SampleFolder, sampleFolder } from '../query/sample-store.ts';
import { CTRL_C, CTRL_D, shellRig } from './support.ts';

let sample: SampleFolder;

before(async () => {
  sample = await sampleFolder();
});
after(() => sample.remove());

/** Runs until somebody ends it. */
const LONG = 'SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range = 7;';

test('a statement runs when its semicolon is there, and the prompt says what is missing', async (t) => {
  const { ask, end, type } = await shellRig(t, sample.dataDir);
  assert.match(await ask('SELECT count(*) AS n'), /\npgvigil-> $/);
  assert.match(await ask("  , 'a"), /\npgvigil'> $/);
  assert.match(await ask("b' AS text"), /\npgvigil-> $/);
  const answer = await ask('FROM activity;');
  assert.match(answer, /\nn {2}text\n-+ {2}-+\n3 {2}a\\nb\n\(1 row\)\npgvigil=> $/);
  type('\\q\r');
  await end();
});

test('several statements on a line run one after the other, up to the first that fails', async (t) => {
  const { ask } = await shellRig(t, sample.dataDir);
  const answer = await ask("SELECT 'first' AS a; SELECT nonsense; SELECT 'third' AS c;");
  assert.match(answer, /first\n/);
  assert.match(answer, /pgvigil: .*nonsense[\s\S]*\[QUERY_FAILED\]/);
  assert.doesNotMatch(answer, /third\n\(1 row\)/);
});

test('an error has a code and a hint, and the shell lives on', async (t) => {
  const { ask } = await shellRig(t, sample.dataDir);
  assert.match(await ask('SELECT * FROM pg_shadow;'), /pgvigil: .*pg_shadow.*\[QUERY_REFUSED\]\n {2}Views: /);
  assert.match(await ask('\\nonsense'), /pgvigil: .*\\nonsense \[USAGE\]\n {2}.*\\\? lists the commands\.\n/);
  assert.match(await ask('\\d activty'), /no view "activty" \[NOT_FOUND\]\n {2}Did you mean activity\?/);
  assert.match(await ask('SELECT 7 AS alive;'), /\n {4}7\n\(1 row\)/);
});

test('what attackers wrote drives no terminal: answers, errors, commands', async (t) => {
  const rig = await shellRig(t, sample.dataDir);
  const shown = [
    await rig.ask('SELECT application FROM sessions;'),
    await rig.ask('SELECT error(application) FROM sessions;'),
    await rig.ask('SELECT 1 AS "\x07bell";'),
    await rig.ask('SELECT application::INTEGER FROM sessions;'),
  ].join('');
  assert.match(shown, /\\u001b/);
  assert.doesNotMatch(shown.replaceAll(/[\r\n]/g, ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
});

test('Ctrl-C ends the query that runs, and what was typed behind it', async (t) => {
  const { type, until, ask } = await shellRig(t, sample.dataDir);
  type(`${LONG}\rSELECT 'behind' AS b;\r`);
  await until(/Ctrl-C cancels/);
  type(CTRL_C);
  const answer = await until(/Cancelled\.\n(?:.*\r)?pgvigil=> $/);
  assert.doesNotMatch(answer, /\(1 row\)/);
  assert.match(await ask('SELECT 7 AS alive;'), /\(1 row\)/);
});

test('Ctrl-C forgets a statement that has no end yet', async (t) => {
  const { type, until, ask } = await shellRig(t, sample.dataDir);
  await ask("SELECT 'never");
  type(`ended${CTRL_C}`);
  await until(/\^C\n(?:.*\r)?pgvigil=> $/);
  assert.match(await ask('SELECT 7 AS alive;'), /\n {4}7\n\(1 row\)/);
});

test('Ctrl-D ends it', async (t) => {
  const { type, end } = await shellRig(t, sample.dataDir);
  type(CTRL_D);
  await end();
});

test('each statement sees what was committed before it', async (t) => {
  const { dataDir, remove } = await sampleFolder();
  t.after(remove);
  const { ask } = await shellRig(t, dataDir);
  assert.match(await ask('SELECT count(*) AS n FROM activity;'), /\n3\n/);
  const store = await Store.open(dataDir);
  await store.transaction(async (transaction) => {
    await transaction.run(
      'INSERT INTO store.activities SELECT * REPLACE (9 AS record_id) FROM store.activities LIMIT 1',
    );
  });
  await store.close();
  assert.match(await ask('SELECT count(*) AS n FROM activity;'), /\n4\n/);
});

test('\\d shows the views and the columns of one, also in the middle of a statement', async (t) => {
  const { ask } = await shellRig(t, sample.dataDir);
  assert.match(await ask('\\d'), /\nactivity {2,}One row per audited statement/);
  assert.match(await ask('SELECT count(*) AS n FROM'), /pgvigil-> $/);
  const described = await ask('\\d sign_ins');
  assert.match(
    described,
    /\nOne row per attempt to sign in whose outcome is known\.\n\nrecord_id +BIGINT +Record/,
  );
  assert.ok(described.split('\n').every((line) => line.length <= 80));
  assert.match(described, /pgvigil-> $/);
  assert.match(await ask('sessions;'), /\(1 row\)/);
});

test('settings change how answers look', async (t) => {
  const { ask } = await shellRig(t, sample.dataDir);
  await ask('\\format csv');
  assert.match(await ask('SELECT 1 AS a, 2 AS b;'), /\na,b\n1,2\n/);
  await ask('\\format table');
  await ask('\\x');
  assert.match(await ask('SELECT 1 AS a, 2 AS b;'), /\n-- record 1\na {2}1\nb {2}2\n\(1 row\)/);
  await ask('\\x off');
  await ask('\\limit 2');
  assert.match(
    await ask('SELECT record_id FROM activity;'),
    /\(2 rows\)\nOnly the first 2 rows are there; \\limit 0/,
  );
  await ask('\\timing on');
  assert.match(await ask('SELECT 1 AS a;'), /\(1 row\)\nTime: \d+ ms\n/);
  await ask('\\timeout 1');
  assert.match(await ask(LONG), /took longer than 1 s and was stopped \[QUERY_FAILED\]/);
  assert.match(await ask('\\format parquet'), /\[USAGE\]\n {2}.*Parquet is for files/);
});

test('a value that was set stands for its name, in statements that have it', async (t) => {
  const { ask } = await shellRig(t, sample.dataDir);
  assert.match(await ask('SELECT $user AS u;'), /needs a value for \$user \[USAGE\]\n {2}.*\\set user value/);
  await ask("\\set user 'it''s; alice'");
  await ask('\\set unused 1');
  assert.match(await ask("SELECT $user AS u, '$nobody' AS n;"), /it's; alice {2}\$nobody\n/);
  assert.match(await ask('\\set'), /\nuser +it's; alice\nunused +1\n/);
  await ask('\\unset user');
  assert.match(await ask('SELECT $user AS u;'), /needs a value for \$user/);
});

test('\\o sends the next answer to a file, whole and of all rows, and never over another file', async (t) => {
  const { ask, folder } = await shellRig(t, sample.dataDir);
  const path = join(folder, 'rows.csv');
  await ask(`\\o ${path}`);
  assert.match(await ask('SELECT nonsense;'), /QUERY_FAILED/);
  assert.deepEqual(await readdir(folder), ['state']);
  assert.match(await ask('SELECT range AS n FROM range(12000);'), /12,000 rows written to .*rows\.csv\./);
  assert.equal((await readFile(path, 'utf8')).split('\r\n').length, 12_002);
  assert.match(await ask('SELECT 1 AS a;'), /\(1 row\)/);
  assert.match(await ask(`\\o ${path}`), /exists already \[USAGE\]/);
  await ask(`\\o ${join(folder, 'rows.parquet')}`);
  assert.match(await ask('SELECT 1 AS a;'), /1 row written/);
  assert.equal((await readFile(join(folder, 'rows.parquet'))).subarray(0, 4).toString(), 'PAR1');
});

test('\\i runs a file up to its first error, and its last statement needs no semicolon', async (t) => {
  const { ask, folder } = await shellRig(t, sample.dataDir);
  const path = join(folder, 'questions.sql');
  await writeFile(path, "-- a question;\nSELECT\n  'one' AS a;\n\\set user 'alice'\nSELECT $user AS u");
  assert.match(await ask(`\\i ${path}`), /\none\n\(1 row\)\nu\n-+\nalice\n\(1 row\)\npgvigil=> $/);
  await writeFile(path, `SELECT nonsense;\nSELECT 'behind' AS b;`);
  assert.doesNotMatch(await ask(`\\i ${path}`), /behind/);
  await writeFile(path, `\\i ${path}`);
  assert.match(await ask(`\\i ${path}`), /without end \[USAGE\]/);
  assert.match(await ask('\\i nowhere.sql'), /\[FILE_UNREADABLE\]/);
  assert.match(await ask('SELECT 7 AS alive;'), /\(1 row\)/);
});

test('a whole statement is offered again as one line, and kept', async (t) => {
  const { ask, type, until, historyPath } = await shellRig(t, sample.dataDir);
  await ask('SELECT 1');
  await ask('  AS again;');
  type('\x1b[A');
  await until(/SELECT 1 AS again;/);
  type('\r');
  assert.match(await until(/\(1 row\)\n(?:.*\r)?pgvigil=> $/), /again/);
  await ask(' SELECT 2 AS secret;');
  await ask('SELECT 3; SELECT');
  await ask('4;');
  assert.equal(await readFile(historyPath, 'utf8'), 'SELECT 1 AS again;\nSELECT 3;\nSELECT 4;\n');
});

test('Tab completes views, columns and commands', async (t) => {
  const { type, until } = await shellRig(t, sample.dataDir);
  type('\\for\t');
  await until(/\\format/);
  type(CTRL_C);
  await until(/pgvigil=> $/);
  type('SELECT outc\t');
  await until(/outcome/);
  type(' FROM sign_\t');
  await until(/sign_ins/);
  type(CTRL_C);
  await until(/pgvigil=> $/);
});
