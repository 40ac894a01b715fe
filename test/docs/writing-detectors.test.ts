/** The promise: the detector of docs/writing-detectors.md runs as the page shows. `UPDATE_GOLDEN=1` writes the output anew. */
import assert from 'node:assert/strict';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { packagePath } from '../../src/paths.ts';
import { pgvigil, workFolder } from '../commands/pgvigil.ts';

const PAGE = packagePath('docs/writing-detectors.md');

test('the files of the page, the cases they hold, and the configuration', async () => {
  const { path: cwd, remove } = await workFolder();
  try {
    const shown = await readFile(PAGE, 'utf8');
    await mkdir(join(cwd, 'detectors'));
    for (const [, file, text] of shown.matchAll(/^`(detectors\/\S+)`:\n\n```\w+\n([\s\S]*?)```$/gm))
      await writeFile(join(cwd, file!), text!);
    const [, configuration] = /```yaml\n(detection:[\s\S]*?)```/.exec(shown) ?? [];
    await writeFile(join(cwd, 'pgvigil.yaml'), configuration!);
    const { exitCode, stdout } = await pgvigil(cwd, ['detectors', 'test', 'detectors/Z01-salaries.sql']);
    assert.equal(exitCode, 0, stdout);
    const real = shown.replace(
      /(```console\n\$ pgvigil detectors test \S+\n)[\s\S]*?```/,
      (_, command: string) => `${command}${stdout}\`\`\``,
    );
    if (process.env.UPDATE_GOLDEN === '1') await writeFile(PAGE, real);
    else assert.equal(shown, real);
    const listed = await pgvigil(cwd, ['detectors', 'list', '-f', 'json']);
    assert.equal(listed.stderr, '');
    const own = (JSON.parse(listed.stdout) as { id: string; mode: string; parameters: string[] }[]).at(-1);
    assert.deepEqual([own?.id, own?.mode, own?.parameters], ['Z01', 'shadow', ['readers=hr_app|payroll']]);
  } finally {
    await remove();
  }
});
