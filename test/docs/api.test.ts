/** The promise: what docs/api.md shows is what curl gets from the API. `UPDATE_GOLDEN=1` writes it anew. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROLES } from '../../src/access/access.ts';
import { packagePath } from '../../src/paths.ts';
import { HTTP_CODES, STATUS_OF } from '../../src/server/failure.ts';
import { ROUTES } from '../../src/server/routes.ts';
import { pgvigil, RECORDING, workFolder } from '../commands/pgvigil.ts';
import { startRig } from '../server/rig.ts';

const PAGE = packagePath('docs/api.md');

/** What a command of a shell prints, both streams. */
function printed(cwd: string, command: string, env: Record<string, string>): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      'sh',
      ['-c', `{ ${command}\n} 2>&1`],
      { cwd, env: { PATH: process.env.PATH, ...env } },
      (_error, stdout) => resolve(stdout),
    );
  });
}

/** The commands of a block; those that go on have an open quote. */
function commandsIn(block: string): string[] {
  const commands: string[] = [];
  let open: string | null = null;
  for (const line of block.split('\n')) {
    if (open === null && !line.startsWith('$ ')) continue;
    const text: string = open === null ? line.slice(2) : `${open}\n${line}`;
    open = (text.match(/'/g) ?? []).length % 2 === 1 ? text : null;
    if (open === null) commands.push(text);
  }
  return commands;
}

test('every example of docs/api.md is a real answer', async (t) => {
  if (await printed('.', 'curl --version', {}).then((text) => !text.startsWith('curl'))) {
    assert.notEqual(process.env.PGVIGIL_REQUIRE_REAL, '1', 'curl is not installed');
    t.skip('curl is not installed');
    return;
  }
  const { path: cwd, remove } = await workFolder();
  t.after(remove);
  assert.equal((await pgvigil(cwd, ['backfill', RECORDING, '-d', 'data'])).exitCode, 0);
  const rig = await startRig({ dataDir: join(cwd, 'data') });
  t.after(() => rig.close());
  const env = { API: `http://127.0.0.1:${rig.port}/api/v1`, TOKEN: 'pgv_analyst' };
  const shown = await readFile(PAGE, 'utf8');
  let real = shown;
  for (const [block, inner] of shown.matchAll(/```console\n([\s\S]*?)```/g)) {
    let text = '';
    for (const command of commandsIn(inner!)) {
      const output = (await printed(cwd, command, env)).replaceAll('\r\n', '\n'); // of CSV
      text += `$ ${command}\n${output}${output.endsWith('\n') ? '' : '\n'}`;
    }
    text = text.replaceAll(/"next":"[\w-]{32}"/g, '"next":"Zl1yG0kJ…"');
    real = real.replace(block, () => `\`\`\`console\n${text}\`\`\``);
  }
  if (process.env.UPDATE_GOLDEN === '1') await writeFile(PAGE, real);
  else assert.equal(shown, real);
});

test('the page names every status, role and path of the API', async () => {
  const page = await readFile(PAGE, 'utf8');
  const refusals = Object.entries({ ...STATUS_OF, ...HTTP_CODES }).filter(([, status]) => status !== 503);
  for (const [code, status] of refusals) assert.ok(page.includes(`| ${status} | \`${code}\``), code);
  for (const role of ROLES) assert.ok(page.includes(`| \`${role}\` |`), role);
  for (const { method, path } of ROUTES.filter((route) => route.method === 'post')) {
    const named =
      page.includes(`${method.toUpperCase()} ${path}`) || page.includes(`$API${path.split('{')[0]}`);
    assert.ok(named, path);
  }
});
