/** `pgvigil sigma`: rules go out and come back through files. */
import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { pgvigil, workFolder } from './pgvigil.ts';

let cwd: string;
let remove: () => Promise<void>;

before(async () => {
  ({ path: cwd, remove } = await workFolder());
});
after(() => remove());

test('export writes a file a rule and tells what has none; import makes a detector that is checked', async () => {
  const out = await pgvigil(cwd, ['sigma', 'export', 'E01', 'A01', '--out', 'rules']);
  assert.equal(out.exitCode, 0, out.stderr);
  assert.match(out.stdout, /^A01 .* no +looks back over a window of time$/m);
  assert.match(out.stdout, /^E01 .* yes +pgvigil_e01_exec_copy_program\.yml$/m);
  assert.deepEqual(await readdir(join(cwd, 'rules')), ['pgvigil_e01_exec_copy_program.yml']);

  const importing = [
    'sigma',
    'import',
    'rules/pgvigil_e01_exec_copy_program.yml',
    '--out',
    'mine.sql',
    '--id',
  ];
  const taken = await pgvigil(cwd, [...importing, 'E01']);
  assert.equal(taken.exitCode, 2);
  assert.match(taken.stderr, /E01 is the id of/);
  assert.equal((await pgvigil(cwd, [...importing, 'x'])).exitCode, 2);
  const made = await pgvigil(cwd, [...importing, 'Z01']);
  assert.equal(made.exitCode, 0, made.stderr);
  const text = await readFile(join(cwd, 'mine.sql'), 'utf8');
  assert.match(text, /^id: Z01$/m);
  const again = await pgvigil(cwd, [...importing, 'Z01']);
  assert.equal(again.exitCode, 5);
  assert.match(again.stderr, /not overwritten/);
  assert.equal(await readFile(join(cwd, 'mine.sql'), 'utf8'), text);
});

test('without a folder the rules alone are the output; what is not there and what RE2 refuses is told', async () => {
  const out = await pgvigil(cwd, ['sigma', 'export', 'P02']);
  assert.match(out.stdout, /^---\ntitle: /);
  assert.doesNotMatch(out.stdout, /file or reason/);
  assert.match(out.stderr, /file or reason/);
  assert.equal((await pgvigil(cwd, ['sigma', 'export', 'Z99'])).exitCode, 8);
  await writeFile(
    join(cwd, 'rule.yml'),
    "title: T\nlogsource: { product: postgresql }\ndetection: { s: { query|re: '(?<=a)b' }, condition: s }\n",
  );
  const refused = await pgvigil(cwd, ['sigma', 'import', 'rule.yml', '--id', 'Z01', '--out', 'other.sql']);
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /not one of RE2/);
  assert.ok(!(await readdir(cwd)).includes('other.sql'));
});
