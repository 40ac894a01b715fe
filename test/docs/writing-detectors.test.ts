/** The promise: the detector of docs/writing-detectors.md runs as the page shows. `UPDATE_GOLDEN=1` writes the output anew. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { packagePath } from '../../src/paths.ts';
import { pgvigil, RECORDING, workFolder } from '../commands/pgvigil.ts';

const PAGE = packagePath('docs/writing-detectors.md');

/** The page with what a command printed behind it. */
function withOutput(page: string, command: string, output: string): string {
  const block = new RegExp(`(\`\`\`console\\n\\$ pgvigil detectors ${command} .*\\n)[\\s\\S]*?\`\`\``);
  return page.replace(block, (_, asked: string) => `${asked}${output}\`\`\``);
}

/** How long something took is another time each time. */
function timeless(page: string): string {
  return page.replaceAll(/\b[0-9.]+ m?s\b/g, '0 ms');
}

test('the files of the page, the cases they hold, and the configuration', async () => {
  const { path: cwd, remove } = await workFolder();
  try {
    const shown = await readFile(PAGE, 'utf8');
    await mkdir(join(cwd, 'detectors'));
    for (const [, file, text] of shown.matchAll(/^`(detectors\/\S+)`:\n\n```\w+\n([\s\S]*?)```$/gm))
      await writeFile(join(cwd, file!), text!);
    const [, asked] = /\$ pgvigil (detectors backtest [^\n]*)/.exec(shown) ?? [];
    await pgvigil(cwd, ['backfill', RECORDING]);
    const backtest = await pgvigil(cwd, asked!.split(' '));
    assert.equal(backtest.exitCode, 0, backtest.stderr);
    const [, configuration] = /```yaml\n(detection:[\s\S]*?)```/.exec(shown) ?? [];
    await writeFile(join(cwd, 'pgvigil.yaml'), configuration!);
    const { exitCode, stdout } = await pgvigil(cwd, ['detectors', 'test', 'detectors/Z01-salaries.sql']);
    assert.equal(exitCode, 0, stdout);
    const real = withOutput(withOutput(shown, 'test', stdout), 'backtest', backtest.stdout);
    if (process.env.UPDATE_GOLDEN === '1') await writeFile(PAGE, real);
    else assert.equal(timeless(shown), timeless(real));
    const listed = await pgvigil(cwd, ['detectors', 'list', '-f', 'json']);
    assert.equal(listed.stderr, '');
    const own = (JSON.parse(listed.stdout) as { id: string; mode: string; parameters: string[] }[]).at(-1);
    assert.deepEqual([own?.id, own?.mode, own?.parameters], ['Z01', 'shadow', ['readers=hr_app|payroll']]);
  } finally {
    await remove();
  }
});
