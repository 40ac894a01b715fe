/**
 * The promise: a secret that log text gives away is nowhere, in whatever way it came. Not in a byte of the data folder
 * while the worker runs or after it has ended, not in a cell of any table or view, not in the log, not in a webhook.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { packagePath } from '../../src/paths.ts';
import { openReader } from '../../src/query/reader.ts';
import { CLI } from '../support/cli.ts';
import { WorkerRig } from '../support/worker-process.ts';
import { type Planted, plantAll } from './planted.ts';

/** Where bodies of webhooks end, as they came. */
const webhooks: string[] = [];
let collector: Server;
let rig: WorkerRig;

before(async () => {
  collector = createServer(async (request, response) => {
    let body = JSON.stringify(request.headers);
    for await (const chunk of request) body += String(chunk);
    webhooks.push(body);
    response.writeHead(204).end();
  });
  await new Promise<void>((listening) => collector.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/`;
  rig = await WorkerRig.create({
    log: { level: 'trace' },
    channels: [
      { name: 'soc', type: 'webhook', url, secret: { env: 'SOC_SECRET' }, allowPrivate: ['127.0.0.1'] },
    ],
  });
});
after(async () => {
  await rig.close();
  collector.closeAllConnections();
  collector.close();
});

/** The secret as it is, in base64 at each of its three alignments, and in hex. Its letters are the same in JSON and URLs. */
function formsOf(secret: string): string[] {
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.from('x'.repeat(shift) + secret)
      .toString('base64')
      .slice(4, 4 + 4 * Math.floor((secret.length - 3) / 3)),
  );
  return [secret, ...base64, Buffer.from(secret).toString('hex')];
}

function leaksIn(text: string, planted: readonly Planted[]): string[] {
  return planted
    .filter(({ secret }) => formsOf(secret).some((form) => text.includes(form)))
    .map(({ path }) => path);
}

/** Every file of a folder, byte for byte. */
async function filesOf(folder: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    // A snapshot may go while it is read.
    files.set(path, await readFile(path, 'latin1').catch(() => ''));
  }
  return files;
}

/** Every cell of every table and view as text, by name. */
async function cellsOf(dataDir: string): Promise<Map<string, string>> {
  const reader = await openReader(dataDir);
  const texts = new Map<string, string>();
  try {
    const names = await (
      await reader.trusted(
        `SELECT format('"{}"."{}"', schema_name, table_name) FROM duckdb_tables() WHERE NOT internal
         UNION ALL SELECT format('"{}"."{}"', schema_name, view_name) FROM duckdb_views() WHERE NOT internal`,
      )
    ).rows;
    const all: string[] = [];
    for await (const [name] of names) all.push(String(name));
    for (const name of all) {
      let text = '';
      for await (const row of (await reader.trusted(`SELECT COLUMNS(*)::VARCHAR FROM ${name}`)).rows)
        text += `${row.join('\t')}\n`;
      texts.set(name, text);
    }
  } finally {
    await reader.close();
  }
  return texts;
}

/** Records and rejects that the worker says it stored. */
function storedBy(log: string): number {
  const counts = log.matchAll(/"records":(\d+),"rejects":(\d+),.*"msg":"stored"/g);
  return [...counts].reduce((sum, [, records, rejects]) => sum + Number(records) + Number(rejects), 0);
}

async function assertClean(dataDir: string, planted: readonly Planted[], when: string): Promise<void> {
  for (const [path, bytes] of await filesOf(dataDir))
    assert.deepEqual(leaksIn(bytes, planted), [], `${path} ${when}`);
  const cells = await cellsOf(dataDir);
  assert.ok(cells.size > 15, `${cells.size} tables and views`);
  for (const [name, text] of cells) assert.deepEqual(leaksIn(text, planted), [], `${name} ${when}`);
  const everything = [...cells.values()].join('');
  const missing = planted.filter(({ marker }) => !everything.includes(marker)).map(({ path }) => path);
  assert.deepEqual(missing, [], `stored ${when}`);
}

test('planted secrets are nowhere while the worker runs, and nowhere after it has ended', async () => {
  const { planted, messages } = plantAll(() => randomBytes(9).toString('hex'));
  assert.ok(planted.length >= 40);
  const deadline = AbortSignal.timeout(60_000);
  rig.start();
  messages.forEach((message, index) => {
    rig.hub.append(String(index % 4), message);
  });
  while (storedBy(rig.log) < messages.length) await sleep(50, undefined, { signal: deadline });
  const files = await filesOf(rig.dataDir);
  assert.ok([...files].some(([path, bytes]) => path.endsWith('.wal') && bytes.length > 10_000));
  for (const [path, bytes] of files) assert.deepEqual(leaksIn(bytes, planted), [], path);

  await rig.until(
    'SELECT count(DISTINCT (partition, sequence_number)) FROM (SELECT partition, sequence_number FROM store.records UNION ALL SELECT partition, sequence_number FROM store.rejects)',
    messages.length,
  );
  await rig.until("SELECT count(*) >= 2 FROM store.outbox WHERE state = 'delivered'", true);

  await assertClean(rig.dataDir, planted, 'while the worker runs');
  assert.equal(await rig.end('SIGTERM'), 0, rig.log);
  await assertClean(rig.dataDir, planted, 'after SIGTERM');
  assert.deepEqual(leaksIn(rig.log, planted), [], 'log');
  assert.match(rig.log, /\n/);
  assert.ok(webhooks.length >= 2);
  assert.deepEqual(leaksIn(webhooks.join('\n'), planted), [], 'webhooks');
});

test('planted secrets are nowhere after a backfill', async () => {
  const { planted, messages } = plantAll(() => randomBytes(9).toString('hex'));
  const file = join(rig.folder, 'history.ndjson');
  const dataDir = join(rig.folder, 'backfilled');
  await writeFile(
    file,
    messages.map((message) => message.toString('latin1').replaceAll('\n', ' ')).join('\n'),
    'latin1',
  );
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [CLI, 'backfill', file], {
    cwd: packagePath('.'),
    env: { ...process.env, PGVIGIL_DATA: dataDir, PGVIGIL_LOG_LEVEL: 'trace' },
  });
  assert.deepEqual(leaksIn(stdout + stderr, planted), [], 'output');
  await assertClean(dataDir, planted, 'after a backfill');
});
