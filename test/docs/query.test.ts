/** The promise: what docs/query.md shows is what the command and its shell print. `UPDATE_GOLDEN=1` writes it anew. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { packagePath } from '../../src/paths.ts';
import { META_COMMANDS } from '../../src/shell/meta-commands.ts';
import { pgvigil, RECORDING, workFolder } from '../commands/pgvigil.ts';
import { shellRig } from '../shell/support.ts';
import { CLI } from '../support/cli.ts';

const PAGE = packagePath('docs/query.md');

/** The file that the page reads its question from. */
const QUESTION = `SELECT max(event_time) AS last_seen, count(DISTINCT client) AS clients
FROM sign_ins
WHERE user_name = $user AND outcome = 'success'
`;

/** What a line of a shell prints, both streams. */
function printed(cwd: string, line: string): Promise<string> {
  const env = { PATH: `${join(cwd, 'bin')}:${process.env.PATH}`, HOME: cwd, PGVIGIL_DATA: 'data' };
  return new Promise((resolve) => {
    execFile('sh', ['-c', `{ ${line}; } 2>&1`], { cwd, env }, (_error, stdout) => resolve(stdout));
  });
}

/** The same commands, each with what it prints. */
async function transcript(t: TestContext, cwd: string, block: string): Promise<string> {
  let real = '';
  for (const [line, command] of block.matchAll(/^\$ (.+)$/gm)) {
    real += `${line}\n`;
    if (command !== 'pgvigil query') real += await printed(cwd, command!);
  }
  const typed = [...block.matchAll(/^pgvigil\S> (.+)$/gm)];
  if (typed.length === 0) return real;
  const { ask } = await shellRig(t, join(cwd, 'data'));
  real += 'pgvigil=> ';
  for (const [, line] of typed) real += await ask(line!);
  return real.replace(/pgvigil=> $/, '').replaceAll(/ +$/gm, '');
}

function commandTable(): string {
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const rows = META_COMMANDS.map(
    ({ names, argument, help }) => `| \`\\${`${names[0]} ${cell(argument)}`.trim()}\` | ${cell(help)} |`,
  );
  return `| command | what it does |\n|---|---|\n${rows.join('\n')}\n`;
}

test('every example of docs/query.md is real output, and every command of the shell is there', async (t) => {
  const { path: cwd, remove } = await workFolder();
  t.after(remove);
  await mkdir(join(cwd, 'bin'));
  await writeFile(join(cwd, 'bin', 'pgvigil'), `#!/bin/sh\nexec '${process.execPath}' '${CLI}' "$@"\n`);
  await chmod(join(cwd, 'bin', 'pgvigil'), 0o700);
  await writeFile(join(cwd, 'last-seen.sql'), QUESTION);
  assert.equal((await pgvigil(cwd, ['backfill', RECORDING, '-d', 'data'])).exitCode, 0);
  const shown = await readFile(PAGE, 'utf8');
  let real = shown.replace(/\| command \|[\s\S]*?\n(?=\n)/, commandTable);
  for (const [block, inner] of shown.matchAll(/```console\n([\s\S]*?)```/g)) {
    const text = (await transcript(t, cwd, inner!)).replaceAll(cwd, '.');
    real = real.replace(block, () => `\`\`\`console\n${text}\`\`\``);
  }
  if (process.env.UPDATE_GOLDEN === '1') await writeFile(PAGE, real);
  else assert.equal(shown, real);
});
