/** The promise: the links of a message that left work, end to end, and only where they are configured. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { saveChanges } from '../../src/alerts/alert-store.ts';
import { openChannel } from '../../src/alerts/channels/open.ts';
import type { Links } from '../../src/alerts/links.ts';
import type { AlertMessage } from '../../src/alerts/message.ts';
import { newSecret } from '../../src/alerts/signature.ts';
import { openLinks } from '../../src/commands/run.ts';
import { type Config, loadConfig } from '../../src/config.ts';
import { LoopbackHub } from '../../src/demo/hub/hub.ts';
import { createLog } from '../../src/log.ts';
import { Worker } from '../../src/worker/worker.ts';
import { alertWith, undo } from '../alerts/support.ts';

const log = createLog({ level: 'silent', output: process.stderr });

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

async function folderOf(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-links-'));
  undo(t, () => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function configOf(folder: string, port: number): Promise<Config> {
  const channel = (name: string, more: object = {}) => ({
    name,
    type: 'file',
    path: join(folder, `${name}.jsonl`),
    events: ['acknowledged', 'closed'],
    ...more,
  });
  const config = {
    data: join(folder, 'data'),
    channels: [channel('people', { links: true }), channel('archive')],
    links: { publicUrl: `http://127.0.0.1:${port}`, secret: { env: 'LINK_KEY' }, port },
  };
  await writeFile(join(folder, 'pgvigil.yaml'), JSON.stringify(config)); // JSON is YAML
  return loadConfig({ cwd: folder, env: {} });
}

async function startWorker(t: TestContext, config: Config, links: Links | undefined): Promise<Worker> {
  const hub = await LoopbackHub.start();
  undo(t, () => hub.close());
  const worker = await Worker.start({
    config,
    hub: { address: { connectionString: hub.connectionString, hub: undefined } },
    channels: await Promise.all(
      config.channels.map((one) => openChannel(one, () => Promise.reject(new Error('no secret')))),
    ),
    links,
    log,
  });
  return worker;
}

async function messagesOf(folder: string, name: string): Promise<AlertMessage[]> {
  const text = await readFile(join(folder, `${name}.jsonl`), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { message: AlertMessage }).message);
}

/** Opens a link as a person does, and sends the form that is shown. */
async function follow(link: string, fields: Record<string, string>): Promise<string> {
  const shown = await (await fetch(link)).text();
  const token = /name="t" value="([^"]+)"/.exec(shown)?.[1] ?? assert.fail(shown);
  const target = new URL(/<form method="post" action="(\w+)"/.exec(shown)?.[1] ?? '', link);
  const response = await fetch(target, {
    method: 'POST',
    body: new URLSearchParams({ t: token, ...fields }),
  });
  assert.equal(response.status, 200);
  return response.text();
}

test('the links of a message that was delivered acknowledge and close its alert', async (t) => {
  const folder = await folderOf(t);
  const port = await freePort();
  const config = await configOf(folder, port);
  const links = await openLinks(config, { LINK_KEY: newSecret() }, log);
  assert.ok(links !== undefined);
  const worker = await startWorker(t, config, links);
  let stopped = false;
  undo(t, () => stopped || worker.stop());
  const alert = alertWith();
  await worker.store.transaction((transaction) =>
    saveChanges(transaction, [{ alert, added: [], change: 'opened', before: null }]),
  );
  assert.match(
    await follow(links.of(alert, Date.now())?.acknowledge ?? '', { name: 'Ana' }),
    /alert is acknowledged/,
  );
  await worker.flush(10_000);

  const [told] = await messagesOf(folder, 'people');
  assert.equal(told?.type, 'alert.acknowledged');
  assert.equal(told.data.change?.by, 'Ana');
  assert.ok(told.data.links !== null);
  const [{ body = '' } = {}] = await worker.store.rows<{ body: string }>(
    "SELECT string_agg(body, '') AS body FROM store.outbox",
  );
  assert.ok(body !== '' && !body.includes('?t='), 'what entitles to act is not stored');
  assert.deepEqual(
    (await messagesOf(folder, 'archive')).map(({ data }) => data.links),
    [null],
    'systems that keep messages for others get no links',
  );

  assert.match(await follow(told.data.links.close, { name: 'Bo', reason: 'expected' }), /alert is closed/);
  await worker.flush(10_000);
  const [, closed] = await messagesOf(folder, 'people');
  assert.equal(closed?.type, 'alert.closed');
  assert.equal(closed.data.links, null, 'nothing is left to be done');
  assert.deepEqual(
    await worker.store.rows('SELECT action, actor, via, reason FROM alert_history ORDER BY sequence'),
    [
      { action: 'acknowledged', actor: 'Ana', via: 'link', reason: null },
      { action: 'closed', actor: 'Bo', via: 'link', reason: 'expected' },
    ],
  );
  await worker.stop();
  stopped = true;
  await assert.rejects(
    fetch(`http://127.0.0.1:${port}/health`),
    'nothing listens once the worker has stopped',
  );
});

test('a port that is taken ends the start, and gives back what was begun', async (t) => {
  const folder = await folderOf(t);
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  undo(t, () => other.close());
  const { port } = other.address() as { port: number };
  const config = await configOf(folder, port);
  const links = await openLinks(config, { LINK_KEY: newSecret() }, log);
  await assert.rejects(startWorker(t, config, links), { code: 'CONFIG_INVALID', message: /^links\.port: / });
  const worker = await startWorker(t, { ...config, links: undefined } as unknown as Config, undefined);
  await worker.stop();
});

test('without the section there are no links and no key is asked for', async (t) => {
  const folder = await folderOf(t);
  const config = await loadConfig({ cwd: folder, env: {} });
  assert.equal(config.links, undefined);
  assert.equal(await openLinks(config, {}, log), undefined);
});
