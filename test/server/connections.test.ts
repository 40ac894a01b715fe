/** The promise: whoever goes, says nothing, reads nothing or sends rubbish costs nothing for long, and harms nobody else. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import type { Answer, QueryRunner } from '../../src/query/query-runner.ts';
import { SEED } from '../support/seed.ts';
import { connected, LIMITS, type Rig, startRig, until } from './rig.ts';

/** Long rows: more than all buffers on the way hold. */
const LONG =
  "SELECT range AS n, (range::VARCHAR || 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') AS t FROM range(900000)";

let rig: Rig;
before(async () => {
  rig = await startRig({ idleMs: 1_000 });
});
after(() => rig.close());
beforeEach(() => {
  rig.queries.length = 0;
});

test('a client that goes while his query runs cancels it', async () => {
  const socket = await rig.rawQuery('SELECT sum(range % 7) FROM range(1000000000000)');
  await new Promise((resolve) => setTimeout(resolve, 300));
  const gone = Date.now();
  socket.destroy();
  await until(() => rig.queries.length === 1);
  assert.ok(Date.now() - gone < 1_000);
  assert.equal(rig.queries[0]!.error, 'QUERY_FAILED: cancelled: its client has gone');
  const next = await rig.post('/query', { sql: 'SELECT 1' });
  assert.equal(next.status, 200);
});

test('a client that goes while rows come cancels the query, in each form', async () => {
  for (const accept of ['application/x-ndjson', 'text/csv']) {
    rig.queries.length = 0;
    const socket = await rig.rawQuery(LONG, accept);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    await until(() => rig.queries.length === 1);
    assert.match(rig.queries[0]!.error ?? '', /its client has gone/);
    assert.ok(rig.queries[0]!.rows < 900_000);
  }
});

test('the runner hears of it', async () => {
  const heard: AbortSignal[] = [];
  const runner: QueryRunner = {
    describe: () => Promise.reject(new Error('nobody asks')),
    run: (_request, signal) => {
      heard.push(signal!);
      return new Promise<Answer>((_, reject) =>
        signal!.addEventListener('abort', () => reject(signal!.reason as Error)),
      );
    },
  };
  const waiting = await startRig({ runner });
  try {
    const socket = await waiting.rawQuery('SELECT 1');
    await until(() => heard.length === 1);
    assert.equal(heard[0]!.aborted, false);
    socket.destroy();
    await until(() => heard[0]!.aborted);
    assert.equal(waiting.queries.length, 1);
    assert.deepEqual(
      waiting.logged.filter((line) => line.includes('defect')),
      [],
    );
  } finally {
    await waiting.close();
  }
});

test('rows wait for who does not read them, and he is cut off in a while', async () => {
  let read = 0;
  const counting: QueryRunner = {
    describe: () => Promise.reject(new Error('nobody asks')),
    run: async () => ({
      columns: [{ name: 't', type: 'VARCHAR' }],
      cut: null,
      close: () => undefined,
      rows: (async function* () {
        for (; read < 1_000_000; read++) yield ['x'.repeat(1_000)];
      })(),
    }),
  };
  const slow = await startRig({ runner: counting, idleMs: 1_000 });
  try {
    const socket = await slow.rawQuery('SELECT 1');
    socket.pause();
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await until(() => slow.queries.length === 1);
    assert.ok(read > 0 && read < 50_000, `${read} rows were read for a client that reads nothing`);
    assert.match(slow.queries[0]!.error ?? '', /its client has gone/);
    socket.resume();
    await closed;
  } finally {
    await slow.close();
  }
});

test('a query that takes longer than a client may be silent is not cut off', async () => {
  const slow: QueryRunner = {
    describe: () => Promise.reject(new Error('nobody asks')),
    run: async () => ({
      columns: [{ name: 'n', type: 'INTEGER' }],
      cut: null,
      close: () => undefined,
      rows: (async function* () {
        yield [1];
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        yield [2];
      })(),
    }),
  };
  const patient = await startRig({ runner: slow, idleMs: 200 });
  try {
    const response = await patient.post('/query', { sql: 'x' }, { accept: 'application/x-ndjson' });
    assert.match(await response.text(), /\{"end":\{"rows":2,"cut":null\}\}\n$/);
  } finally {
    await patient.close();
  }
});

test('an answer whose next page nobody asks for is closed, and the audit says so', async () => {
  const first = await rig.post('/query', { sql: 'FROM range(100)', pageSize: 10 });
  const { next } = (await first.json()) as { next: string };
  await until(() => rig.queries.length === 1);
  assert.equal(rig.queries[0]!.error, 'QUERY_FAILED: cancelled: its next page was not asked for within 1 s');
  assert.equal(rig.queries[0]!.rows, 10);
  assert.equal((await rig.ask(`/query/${next}`)).status, 404);
});

test('a server that closes ends what runs, and each query is in the audit once', async () => {
  const closing = await startRig();
  const socket = await closing.rawQuery('SELECT sum(range % 7) FROM range(1000000000000)');
  const page = await closing.post('/query', { sql: 'FROM range(100)', pageSize: 10 });
  await page.json();
  socket.on('error', () => undefined);
  await new Promise((resolve) => setTimeout(resolve, 200));
  await closing.close();
  assert.deepEqual(closing.queries.map(({ error }) => error).sort(), [
    'QUERY_FAILED: cancelled: its client has gone',
    'QUERY_FAILED: cancelled: pgvigil stops',
  ]);
});

/** What a request gets whose head is written by hand. */
function raw(options: { path?: string; method?: string; headers?: Record<string, string> }, body = '') {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>(
    (resolve, reject) => {
      const asked = request(
        { host: '127.0.0.1', port: rig.port, path: '/api/v1/status', ...options },
        (response) => {
          let text = '';
          response.setEncoding('utf8').on('data', (piece) => {
            text += piece;
          });
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
          );
        },
      );
      asked.on('error', reject).end(body);
    },
  );
}
const authorization = 'Bearer pgv_admin';

test('a name that leads to this machine by chance is refused', async () => {
  for (const host of [
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
  ]) {
    const { status, text } = await raw({ headers: { host, authorization } });
    assert.equal(status, 421);
    assert.match(text, /"WRONG_HOST"/);
  }
  for (const host of ['localhost', `127.0.0.1:${rig.port}`, '[::1]:1'])
    assert.equal((await raw({ headers: { host, authorization } })).status, 200);
});

test('nobody gets in without a token, and nothing but health is told', async () => {
  const health = await rig.ask('/health', { token: null });
  assert.deepEqual(await health.json(), { status: 'ok' });
  for (const header of [
    '',
    'Bearer',
    'Bearer wrong',
    'Basic cGd2OmFkbWlu',
    'bearer pgv_admin x',
    `Bearer ${'x'.repeat(5_000)}`,
  ]) {
    const { status, headers } = await raw({ headers: { authorization: header } });
    assert.equal(status, 401, header);
    assert.equal(headers['www-authenticate'], 'Bearer realm="pgvigil"');
  }
});

test('answers are kept by nobody, framed nowhere, and shared with no other origin', async () => {
  for (const [path, token] of [
    ['/status', 'pgv_viewer'],
    ['/status', 'wrong'],
    ['/nothing', 'pgv_viewer'],
  ] as const) {
    const { headers } = await rig.ask(path, { token, headers: { origin: 'https://evil.example' } });
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    assert.match(headers.get('content-security-policy') ?? '', /default-src 'none'/);
    assert.equal(headers.get('access-control-allow-origin'), null);
  }
});

test('a method that a path does not have is refused with those that it has, and HEAD takes no page away', async () => {
  const wrong = await rig.ask('/query', { method: 'DELETE' });
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.get('allow'), 'POST');
  const first = await rig.post('/query', { sql: 'FROM range(30)', pageSize: 10 });
  const { next } = (await first.json()) as { next: string };
  assert.equal((await rig.ask(`/query/${next}`, { method: 'HEAD' })).status, 405);
  assert.equal((await rig.ask(`/query/${next}`)).status, 200);
});

test('a body that is too large is refused, whether it says so or not', async () => {
  const sql = 'x'.repeat(2 * 1024 * 1024);
  const told = await rig.post('/query', { sql });
  assert.equal(told.status, 413);
  const chunked = await raw(
    { path: '/api/v1/query', method: 'POST', headers: { authorization, 'transfer-encoding': 'chunked' } },
    JSON.stringify({ sql }),
  );
  assert.equal(chunked.status, 413);
  assert.equal(rig.queries.length, 0);
});

test('bodies of any kind get an answer that fits, never a defect', async () => {
  const anything = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.json(),
    fc
      .record({ sql: fc.jsonValue(), parameters: fc.jsonValue(), limit: fc.jsonValue() })
      .map((value) => JSON.stringify(value)),
    fc
      .record({
        sql: fc.string({ unit: 'binary' }),
        parameters: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.double(), fc.constant(null))),
      })
      .map((value) => JSON.stringify(value)),
    fc.constantFrom(
      '['.repeat(100_000),
      '{"sql":'.repeat(10_000),
      '{"__proto__":{"sql":"SELECT 1"}}',
      '{"sql":"SELECT 1","parameters":{"__proto__":1}}',
      '{"sql":"SELECT $1","parameters":[1e999]}',
      '{"sql":"SELECT \\u0000"}',
      '{"sql":"SELECT \'\\ud800\'"}',
    ),
  );
  await fc.assert(
    fc.asyncProperty(anything, async (body) => {
      const response = await rig.ask('/query', { method: 'POST', body });
      const text = await response.text();
      assert.ok([200, 400, 422].includes(response.status), `${response.status} ${text}`);
      JSON.parse(text);
    }),
    { seed: SEED, numRuns: 150 },
  );
  assert.deepEqual(
    rig.logged.filter((line) => line.includes('defect')),
    [],
  );
});

test('who sends half a request and then nothing is not kept', async () => {
  const socket = await connected(rig.port);
  socket.write('GET /api/v1/status HTTP/1.1\r\nHost: 127');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.on('data', () => undefined);
  const started = Date.now();
  await closed;
  assert.ok(Date.now() - started < 20_000);
});

test('a token that asks too often is told when to come again, and others are not', async () => {
  const busy = await startRig({ limits: { ...LIMITS, requestsPerMinute: 3 } });
  try {
    const statuses: number[] = [];
    for (let time = 0; time < 4; time++) statuses.push((await busy.ask('/status')).status);
    assert.deepEqual(statuses, [200, 200, 200, 429]);
    const { headers } = await busy.ask('/status');
    assert.equal(headers.get('ratelimit-limit'), '3');
    assert.equal(headers.get('ratelimit-remaining'), '0');
    assert.ok(Number(headers.get('retry-after')) > 0);
    assert.equal((await busy.ask('/status', { token: 'pgv_other' })).status, 200);
  } finally {
    await busy.close();
  }
});

test('who tries wrong tokens is told to stop, which shuts out nobody who has a right one', async () => {
  const guessed = await startRig();
  try {
    const statuses = new Set<number>();
    for (let time = 0; time < 30; time++)
      statuses.add((await guessed.ask('/status', { token: `pgv_${time}` })).status);
    assert.deepEqual([...statuses], [401, 429]);
    assert.equal((await guessed.ask('/status')).status, 200);
    assert.ok(guessed.logged.filter((line) => line.includes('UNAUTHORIZED')).length <= 21);
  } finally {
    await guessed.close();
  }
});
