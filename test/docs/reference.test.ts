import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { PAGES } from '../../docs/generate.ts';
import { CONFIG_REFERENCE, loadConfig } from '../../src/config.ts';
import { packagePath } from '../../src/paths.ts';
import { createProgram } from '../../src/program.ts';

for (const [path, page] of Object.entries(PAGES)) {
  test(`${path} is what the source says today`, async () => {
    const committed = await readFile(packagePath(path), 'utf8').catch(() => '');
    assert.ok(committed === (await page()), `${path} is out of date: npm run docs`);
  });
}

test('the same source gives the same page', async () => {
  for (const page of Object.values(PAGES)) assert.equal(await page(), await page());
});

test('every view and column is explained', async () => {
  const unexplained = (await readFile(packagePath('docs/views.md'), 'utf8'))
    .split('\n')
    .filter((line) => /^\|.*\|\s*\|$/.test(line));
  assert.deepEqual(unexplained, []);
});

test('the page of the command line names every command and option', async () => {
  const page = await readFile(packagePath('docs/cli.md'), 'utf8');
  const program = createProgram();
  for (const command of program.commands.flatMap((one) => [one, ...one.commands])) {
    assert.match(page, new RegExp(`## pgvigil.* ?${command.name()}\\b`));
    for (const option of command.options) assert.ok(page.includes(option.flags), option.flags);
  }
});

const EXAMPLE = packagePath('docs/pgvigil.example.yaml');

test('the example configuration loads, and what it does not call an example is the default', async () => {
  const sources = { env: {}, cwd: packagePath('docs') };
  const example = await loadConfig({ ...sources, configPath: EXAMPLE });
  const defaults = await loadConfig(sources);
  const { eventHub, channels, detection, ...rest } = example;
  const { channels: _none, detection: detectionDefaults, ...restDefaults } = defaults;
  assert.deepEqual(rest, restDefaults);
  assert.deepEqual({ ...detection, parameters: {} }, detectionDefaults);
  assert.equal(eventHub?.consumerGroup, 'pgvigil');
  assert.deepEqual(
    channels.map(({ name, minSeverity }) => [name, minSeverity]),
    [['soc', 'low']],
  );
});

test('the example configuration shows every key', async () => {
  const text = await readFile(EXAMPLE, 'utf8');
  const missing = CONFIG_REFERENCE.map(({ key }) => key.split('.').at(-1)!.replace('[]', '')).filter(
    (name) => !new RegExp(`^[ #-]*${name}:`, 'm').test(text),
  );
  assert.deepEqual(missing, []);
});

test('links between pages lead somewhere', async () => {
  const folder = packagePath('docs');
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md'));
  for (const path of [...names.map((name) => join(folder, name)), packagePath('SECURITY.md')]) {
    const text = await readFile(path, 'utf8');
    for (const [, target] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
      await assert.doesNotReject(readFile(join(path, '..', target!)), `${path}: ${target}`);
    }
  }
});
