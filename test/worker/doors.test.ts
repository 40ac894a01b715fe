/** The promise: clients of PostgreSQL ask the running worker while it stores, and what they asked is on record. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { readRecording } from '../../src/demo/recording.ts';
import { pgvigil } from '../commands/pgvigil.ts';
import { WorkerRig } from '../support/worker-process.ts';

const run = promisify(execFile);

let rig: WorkerRig;
let port: number;
let apiPort: number;
let token: string;

/** A port that was free a moment ago: the configuration wants to know it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

before(async () => {
  port = await freePort();
  apiPort = await freePort();
  rig = await WorkerRig.create({ wire: { port }, api: { port: apiPort }, query: { memoryMb: 256 } });
  rig.start();
  await waitFor(async () => rig.log.includes('pgvigil is watching'));
  token = await create('grafana', 'analyst');
});
after(async () => {
  await rig.end('SIGTERM');
  await rig.close();
});

async function create(name: string, role: string): Promise<string> {
  const made = await pgvigil(rig.folder, ['tokens', 'create', name, '--role', role, '-d', 'data']);
  assert.equal(made.exitCode, 0, made.stderr);
  return made.stdout.trim();
}

async function waitFor(isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 60_000;
  while (!(await isTrue())) {
    assert.ok(performance.now() < deadline, rig.log.slice(-2_000));
    await sleep(50);
  }
}

async function connected(user: string, password: string): Promise<pg.Client> {
  const client = new pg.Client({ host: '127.0.0.1', port, user, password, database: 'pgvigil' });
  await client.connect();
  return client;
}

test('node-postgres sees within seconds what arrives at the hub, and its queries are on record', async () => {
  const client = await connected('grafana', token);
  try {
    const count = async () => {
      const { rows } = await client.query('SELECT count(*)::INT AS n FROM activity WHERE server LIKE $1', [
        '%',
      ]);
      return rows[0].n as number;
    };
    assert.equal(await count(), 0);
    for (const { body } of (await readRecording()).slice(0, 50)) rig.hub.append('0', Buffer.from(body));
    await waitFor(async () => (await count()) > 20);
    await assert.rejects(client.query("SELECT * FROM read_text('/etc/passwd')"), { code: '42501' });
    await assert.rejects(client.query('DELETE FROM activity'), { code: '25006' });
  } finally {
    await client.end();
  }
  await waitFor(async () => {
    const { stdout } = await pgvigil(rig.folder, [
      ...['query', 'SELECT user_name, via, client, sql_text, error FROM query_log', '-d', 'data'],
      ...['--format', 'ndjson'],
    ]);
    const entries = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    const refused = entries.find(({ sql_text }) => sql_text.includes('read_text'));
    return (
      entries.length >= 3 &&
      entries.every(
        ({ user_name, via, client: from }) => `${user_name} ${via} ${from}` === 'grafana psql 127.0.0.1',
      ) &&
      String(refused?.error).includes('42501')
    );
  });
});

test('nobody comes in without a token in force, and a viewer asks no queries', async () => {
  for (const [user, password] of [
    ['grafana', 'wrong'],
    ['nobody', token],
  ] as const)
    await assert.rejects(connected(user, password), { code: '28P01' });
  const viewer = await create('viewer', 'viewer');
  await assert.rejects(
    async () => {
      const client = await connected('viewer', viewer);
      try {
        await client.query('SELECT count(*) FROM activity');
      } finally {
        await client.end();
      }
    },
    { code: '42501' },
  );
  const gone = await create('gone', 'analyst');
  await pgvigil(rig.folder, ['tokens', 'revoke', 'gone', '-d', 'data']);
  await assert.rejects(connected('gone', gone), { code: '28P01' });
});

test('the HTTP API answers the same from the same worker, to those who may', async () => {
  const ask = (text: string, sql: string) =>
    fetch(`http://127.0.0.1:${apiPort}/api/v1/query`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${text}`,
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: JSON.stringify({ sql }),
    });
  const answer = await ask(token, 'SELECT count(*) > 20 AS enough FROM activity');
  assert.equal(answer.status, 200);
  assert.deepEqual(((await answer.json()) as { rows: unknown[][] }).rows, [[true]]);
  const viewer = await create('dashboard', 'viewer');
  assert.equal((await ask(viewer, 'SELECT 1')).status, 403);
  assert.equal((await ask(`${token}x`, 'SELECT 1')).status, 401);
  assert.equal((await ask(token, "SELECT * FROM read_text('/etc/passwd')")).status, 422);
  await rig.until("SELECT count(*) >= 2 FROM store.query_log WHERE via = 'api'", true);
});

test('a query that takes all it may does not keep the worker from storing', async () => {
  const client = await connected('grafana', token);
  try {
    await client.query("SET statement_timeout = '4s'");
    const heavy = assert.rejects(
      client.query('SELECT count(*) FROM range(100000000000) a, range(1000000) b'),
      { code: '57014' },
    );
    for (const { body } of (await readRecording()).slice(50)) rig.hub.append('1', Buffer.from(body));
    await heavy;
    const { rows } = await client.query("SELECT count(*)::INT AS n FROM records WHERE partition = '1'");
    assert.ok(rows[0].n > 0);
  } finally {
    await client.end();
  }
});

test('psql lists the views and describes one', async (t) => {
  const env = { PATH: process.env.PATH, PGPASSWORD: token };
  const psql = (command: string) =>
    run('psql', ['-h', '127.0.0.1', '-p', String(port), '-U', 'grafana', '-d', 'pgvigil', '-Xc', command], {
      env,
    });
  try {
    await run('psql', ['--version']);
  } catch {
    if (process.env.PGVIGIL_REQUIRE_REAL === '1') throw new Error('psql is not installed');
    t.skip('psql is not installed');
    return;
  }
  assert.match((await psql('\\dv')).stdout, /main +\| +sign_ins +\| +view/);
  assert.match((await psql('\\d query_log')).stdout, /sql_text +\| +text/);
  assert.match((await psql('SELECT count(*) FROM sign_ins')).stdout, /\(1 row\)/);
});
