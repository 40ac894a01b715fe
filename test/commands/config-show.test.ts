import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { pgvigil, workFolder } from './pgvigil.ts';

test('config show prints what is in force, which holds no secret', async (t) => {
  const { path, remove } = await workFolder();
  t.after(remove);
  await writeFile(
    join(path, 'pgvigil.yaml'),
    [
      'control: { port: 7070 }',
      'channels:',
      "  - { name: soc, type: webhook, url: 'https://soc.example.com/in?key=hunter2', secret: { env: KEY } }",
      '  - { name: chat, type: slack, url: { file: slack.url }, digest: { every: 1h } }',
    ].join('\n'),
  );
  const env = { KEY: 'whsec_hunter2', PGVIGIL_LOG_LEVEL: 'warn' };
  const { exitCode, stdout, stderr } = await pgvigil(path, ['config', 'show', '-d', 'else\u001bwhere'], env);
  assert.equal(exitCode, 0, stderr);
  assert.doesNotMatch(stdout, /hunter2|\u001b/);
  const shown = parse(stdout) as Record<string, Record<string, unknown>>;
  assert.deepEqual(shown.control, { port: 7070 });
  assert.deepEqual(shown.log, { level: 'warn' });
  assert.match(String(shown.data), /else\\u001bwhere$/);
  const [soc, chat] = shown.channels as unknown as Record<string, unknown>[];
  assert.deepEqual(
    [soc?.url, soc?.secret, soc?.minSeverity],
    ['https://soc.example.com/in?…', { env: 'KEY' }, 'low'],
  );
  assert.deepEqual(chat?.url, { file: join(path, 'slack.url') });
  assert.deepEqual(chat?.digest, { every: '1h', below: 'medium' });
});
