/** The promise: what the README shows is what the commands print. `UPDATE_GOLDEN=1` writes it anew. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { loadDetectors } from '../../src/detect/detector.ts';
import { packagePath } from '../../src/paths.ts';
import { CLI } from '../support/cli.ts';

const README = packagePath('README.md');
const run = promisify(execFile);

/** Runs a command line of the README; what it prints, both streams, without spaces at line ends. */
async function output(command: string, data: string): Promise<string> {
  const [, sub, rest] = /^pgvigil (\S+) (.*)$/.exec(command) ?? [];
  assert.ok(sub !== undefined && rest !== undefined, command);
  const args = [CLI, sub, rest.replace(/^"|"$/g, '')];
  const { stdout, stderr } = await run(process.execPath, args, {
    cwd: packagePath('.'),
    env: { ...process.env, PGVIGIL_DATA: data },
  });
  return (stdout + stderr)
    .replaceAll(data, './pgvigil-data')
    .replace(/[ \t]+$/gm, '')
    .trim();
}

test('every example of the README is real output', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-readme-'));
  try {
    const shown = await readFile(README, 'utf8');
    let real = shown;
    for (const [block, command] of shown.matchAll(/```console\n\$ (.+)\n[\s\S]*?```/g)) {
      const text = await output(command as string, join(folder, 'data'));
      real = real.replace(block, () => `\`\`\`console\n$ ${command}\n${text}\n\`\`\``);
    }
    assert.ok(real.match(/```console/g)?.length === 5);
    if (process.env.UPDATE_GOLDEN === '1') await writeFile(README, real);
    else assert.equal(shown, real);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the README names every detector, and none that does not exist', async () => {
  const readme = await readFile(README, 'utf8');
  const table = /## What it finds\n([\s\S]*?)\nEach is/.exec(readme)?.[1] ?? '';
  const { detectors } = await loadDetectors();
  assert.deepEqual(table.match(/\b[A-Z][0-9]{2}\b/g)?.sort(), detectors.map(({ id }) => id).sort());
});
