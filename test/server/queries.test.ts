/** The promise: a query is answered in the form that was asked for, whole or saying that it is not, and goes to the audit once. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { HOSTILE } from '../query/sample-store.ts';
import { type Rig, startRig } from './rig.ts';

let rig: Rig;
before(async () => {
  rig = await startRig();
});
after(() => rig.close());
beforeEach(() => {
  rig.queries.length = 0;
});

/** After many short rows comes one that is longer than a row may be. */
const FAILS_LATE = `SELECT range::VARCHAR AS t FROM range(100000)
  UNION ALL SELECT string_agg(range::VARCHAR, ',') FROM range(3000000)`;

interface Page {
  columns: { name: string; type: string }[];
  rows: unknown[][];
  next: string | null;
  cut: string | null;
}
const json = async (response: Response) => (await response.json()) as Page;
const errorOf = async (response: Response) =>
  ((await response.json()) as { error: { code: string; message: string; hint: string } }).error;

test('JSON holds columns with types, rows, and what attackers wrote as it was', async () => {
  const response = await rig.post('/query', {
    sql: 'SELECT user_name, application, 1 AS n, 2 AS n FROM sessions WHERE user_name = $user',
    parameters: { user: 'alice' },
  });
  assert.equal(response.status, 200);
  assert.match(response.headers.get('content-type') ?? '', /^application\/json/);
  const text = await response.text();
  assert.doesNotMatch(text, /[\u001b\u0007\u009b\u202e\u2028]/);
  assert.deepEqual(JSON.parse(text), {
    columns: [
      { name: 'user_name', type: 'VARCHAR' },
      { name: 'application', type: 'VARCHAR' },
      { name: 'n', type: 'INTEGER' },
      { name: 'n', type: 'INTEGER' },
    ],
    rows: [['alice', HOSTILE, 1, 2]],
    next: null,
    cut: null,
  });
});

test('parameters come by position too, and are never SQL', async () => {
  const response = await rig.post('/query', { sql: 'SELECT ?::VARCHAR AS x', parameters: ["'; DROP"] });
  assert.deepEqual((await json(response)).rows, [["'; DROP"]]);
});

test('NDJSON begins with the columns and ends with a line that says that it is whole', async () => {
  const response = await rig.post('/query', { sql: 'FROM range(3)' }, { accept: 'application/x-ndjson' });
  assert.equal(response.headers.get('content-type'), 'application/x-ndjson');
  const lines = (await response.text())
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(lines, [
    { columns: [{ name: 'range', type: 'BIGINT' }] },
    { row: [0] },
    { row: [1] },
    { row: [2] },
    { end: { rows: 3, cut: null } },
  ]);
});

test('an error after the start is the last line of NDJSON, and in the audit', async () => {
  const response = await rig.post('/query', { sql: FAILS_LATE }, { accept: 'application/x-ndjson' });
  assert.equal(response.status, 200);
  const last = JSON.parse((await response.text()).trimEnd().split('\n').at(-1)!);
  assert.equal(last.error.code, 'QUERY_FAILED');
  assert.equal(rig.queries.length, 1);
  assert.match(rig.queries[0]!.error ?? '', /^QUERY_FAILED: /);
  assert.ok(rig.queries[0]!.rows > 0);
});

test('CSV breaks off when the query fails, so that nobody takes it for whole', async () => {
  const response = await rig.post('/query', { sql: FAILS_LATE }, { accept: 'text/csv' });
  assert.equal(response.status, 200);
  await assert.rejects(response.text());
});

test('CSV says in trailers how many rows it had and why some are missing', async () => {
  const body = JSON.stringify({ sql: "SELECT range AS n, 'a\"b' AS t FROM range(5)", limit: 2 });
  const { text, trailers, status } = await withTrailers(rig.port, body, 'text/csv');
  assert.equal(status, 200);
  assert.equal(text, 'n,t\r\n0,"a""b"\r\n1,"a""b"\r\n');
  assert.deepEqual({ ...trailers }, { 'x-pgvigil-rows': '2', 'x-pgvigil-cut': 'rows' });
});

function withTrailers(port: number, body: string, accept: string) {
  return new Promise<{ status?: number; text: string; trailers: object }>((resolve, reject) => {
    const asked = request(`http://127.0.0.1:${port}/api/v1/query`, {
      method: 'POST',
      headers: { authorization: 'Bearer pgv_analyst', accept },
    });
    asked.on('error', reject).on('response', (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text, trailers: response.trailers }),
      );
    });
    asked.end(body);
  });
}

test('the Accept header counts by its weights, `format` counts more, and JSON is what nobody asked for', async () => {
  const typeFor = async (accept: string, format?: string) => {
    const response = await rig.post('/query', { sql: 'SELECT 1', format }, { accept });
    await response.text();
    return response.headers.get('content-type')?.split(';')[0];
  };
  assert.equal(await typeFor('application/json;q=0.1, text/csv'), 'text/csv');
  assert.equal(await typeFor('text/html, */*'), 'application/json');
  assert.equal(await typeFor('text/csv', 'ndjson'), 'application/x-ndjson');
});

test('an answer is read page by page, each row once, and is one query of the audit', async () => {
  let page = await json(await rig.post('/query', { sql: 'FROM range(2500)', pageSize: 1000 }));
  const rows = [...page.rows];
  const sizes = [page.rows.length];
  while (page.next !== null) {
    assert.equal(rig.queries.length, 0);
    page = await json(await rig.ask(`/query/${page.next}`));
    rows.push(...page.rows);
    sizes.push(page.rows.length);
  }
  assert.deepEqual(sizes, [1000, 1000, 500]);
  assert.deepEqual(
    rows.map(([n]) => n),
    Array.from({ length: 2500 }, (_, n) => n),
  );
  assert.deepEqual(
    rig.queries.map(({ user, via, sql, rows: count, error }) => [user, via, sql, count, error]),
    [['ana', 'api', 'FROM range(2500)', 2500, null]],
  );
});

test('a page that fits exactly is the last one', async () => {
  const page = await json(await rig.post('/query', { sql: 'FROM range(10)', pageSize: 10 }));
  assert.equal(page.rows.length, 10);
  assert.equal(page.next, null);
});

test('a cursor gives one page once, and only to the token that asked', async () => {
  const { next } = await json(await rig.post('/query', { sql: 'FROM range(30)', pageSize: 10 }));
  const foreign = await rig.ask(`/query/${next}`, { token: 'pgv_other' });
  assert.equal(foreign.status, 404);
  const second = await json(await rig.ask(`/query/${next}`));
  assert.deepEqual(second.rows[0], [10]);
  const again = await rig.ask(`/query/${next}`);
  assert.equal(again.status, 404);
  assert.equal((await errorOf(again)).code, 'NOT_FOUND');
  assert.equal((await json(await rig.ask(`/query/${second.next}`))).next, null);
});

test('a token has two answers open at most, and the third is told so and ended', async () => {
  const big = { sql: 'FROM range(30)', pageSize: 10 };
  const open = [await json(await rig.post('/query', big)), await json(await rig.post('/query', big))];
  const third = await rig.post('/query', big);
  assert.equal(third.status, 503);
  assert.ok(third.headers.get('retry-after'));
  assert.equal((await errorOf(third)).code, 'QUERY_BUSY');
  assert.match(rig.queries[0]!.error ?? '', /too many answers/);
  for (let { next } of open) while (next !== null) ({ next } = await json(await rig.ask(`/query/${next}`)));
  assert.deepEqual(
    rig.queries.map(({ error }) => error === null),
    [false, true, true],
  );
});

test('a limit of the client cuts, and the answer says so', async () => {
  const page = await json(await rig.post('/query', { sql: 'FROM range(100)', limit: 7 }));
  assert.equal(page.rows.length, 7);
  assert.equal(page.cut, 'rows');
});

test('what is refused, wrong or slow has a fitting answer, and each is once in the audit', async () => {
  const outcomes: [unknown, number, string, RegExp][] = [
    [{ sql: "FROM read_csv('/etc/passwd')" }, 422, 'QUERY_REFUSED', /^QUERY_REFUSED: /],
    [{ sql: 'SELECT nothing FROM alerts' }, 422, 'QUERY_FAILED', /^QUERY_FAILED: /],
    [
      { sql: 'SELECT count(*) FROM range(1000000) a, range(1000000) b', timeoutMs: 200 },
      422,
      'QUERY_FAILED',
      /took longer than 0.2 s/,
    ],
  ];
  for (const [body, status, code, audited] of outcomes) {
    rig.queries.length = 0;
    const response = await rig.post('/query', body);
    assert.equal(response.status, status);
    const error = await errorOf(response);
    assert.equal(error.code, code);
    assert.ok(error.message !== '' && error.hint !== '');
    assert.equal(rig.queries.length, 1);
    assert.equal(rig.queries[0]!.sql, (body as { sql: string }).sql);
    assert.match(rig.queries[0]!.error ?? '', audited);
    assert.equal(rig.queries[0]!.rows, 0);
  }
});

test('a query whose time is over while its rows come has no end that looks whole', async () => {
  const sql =
    'SELECT a.range AS n FROM range(1000) a, range(1000000000) b WHERE b.range < 300 OR hash(b.range) = 1';
  const body = { sql, timeoutMs: 1_000 };
  const response = await rig.post('/query', body, { accept: 'application/x-ndjson' });
  const last = JSON.parse((await response.text()).trimEnd().split('\n').at(-1)!);
  assert.match(last.error.message, /took longer than 1 s/);
  assert.match(rig.queries[0]!.error ?? '', /took longer than 1 s/);
});

test('investigations are listed, explained, and asked by a viewer with values as text', async () => {
  const viewer = { token: 'pgv_viewer' };
  const list = (await (await rig.ask('/investigations', viewer)).json()) as {
    investigations: { name: string }[];
  };
  assert.ok(list.investigations.length > 30);
  const one = (await (await rig.ask('/investigations/user-activity', viewer)).json()) as {
    parameters: object;
  };
  assert.ok('user' in one.parameters);
  const asked = { parameters: { user: 'alice\n; SELECT 1' } };
  const response = await rig.post('/investigations/user-activity', asked, viewer);
  assert.equal(response.status, 200);
  assert.deepEqual((await json(response)).cut, null);
  assert.match(rig.queries[0]!.sql, /^-- investigation user-activity \{"user":"alice\\n; SELECT 1"\}\n/);
  assert.equal(rig.queries.length, 1);
});

test('an investigation says which parameter is wrong, and a name that there is not leads to one that there is', async () => {
  const wrong = await rig.post('/investigations/user-activity', { parameters: { usr: 'x' } });
  assert.equal(wrong.status, 400);
  assert.match((await errorOf(wrong)).hint, /Did you mean user\?/);
  const missing = await rig.ask('/investigations/user-activty');
  assert.equal(missing.status, 404);
  assert.match((await errorOf(missing)).hint, /Did you mean user-activity\?/);
});

test('views are listed and explained', async () => {
  const { views } = (await (await rig.ask('/views')).json()) as {
    views: { name: string; comment: string }[];
  };
  assert.ok(views.some(({ name, comment }) => name === 'alerts' && comment !== ''));
  const view = (await (await rig.ask('/views/positions')).json()) as { columns: { name: string }[] };
  assert.equal(view.columns[0]!.name, 'source');
  assert.equal((await rig.ask('/views/store.alerts')).status, 404);
});
