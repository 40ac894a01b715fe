/** What node-postgres does: the extended protocol with parameters, a pool, cancelling, TLS. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import pg from 'pg';
import { PASSWORD, type Rig, type RigOptions, startRig } from './rig.ts';

/** Takes minutes unless it is stopped. */
// Without a join: one holds a side in memory, and on a busy machine its limit would come before that of time.
const ENDLESS = 'SELECT sum(range % 7) FROM range(1000000000000)';

function configOf(rig: Rig, more: pg.ClientConfig = {}): pg.ClientConfig {
  return {
    host: '127.0.0.1',
    port: rig.port,
    user: 'grafana',
    password: PASSWORD,
    database: 'pgvigil',
    ...more,
  };
}

async function connected(t: TestContext, options: RigOptions = {}, more: pg.ClientConfig = {}) {
  const rig = await startRig(t, options);
  const client = new pg.Client(configOf(rig, more));
  await client.connect();
  client.on('error', () => undefined); // the server ends first
  t.after(() => client.end());
  return { rig, client };
}

function hasCode(code: string) {
  return (error: unknown) => {
    assert.equal((error as pg.DatabaseError).code, code, String(error));
    return true;
  };
}

test('values arrive as the types that they are', async (t) => {
  const { client } = await connected(t);
  const { rows, fields } = await client.query(
    `SELECT true AS bool, 7::SMALLINT AS int2, 7::INTEGER AS int4, 9007199254740993::BIGINT AS int8, 0.1::DOUBLE AS float8,
       12.50::DECIMAL(9,2) AS "numeric", 'é' AS text, TIMESTAMP '2026-01-01 10:00:00.5' AS timestamp, DATE '2026-01-02' AS date,
       ['a', 'b,"c'] AS texts, [1, NULL]::BIGINT[] AS numbers, {'a': [1, 2], 'b': 'x'} AS struct, NULL AS nothing,
       '\\x01\\xFF'::BLOB AS bytes, 'NaN'::DOUBLE AS nan, uuid '6ba7b810-9dad-11d1-80b4-00c04fd430c8' AS uuid,
       170141183460469231731687303715884105727::HUGEINT AS huge`,
  );
  const [row] = rows;
  assert.deepEqual(
    fields.map(({ dataTypeID }) => dataTypeID),
    [16, 21, 23, 20, 701, 1700, 25, 1114, 1082, 1009, 1016, 114, 23, 17, 701, 2950, 1700],
  );
  assert.equal(row.bool, true);
  assert.equal(row.int2, 7);
  assert.equal(row.int8, '9007199254740993');
  assert.equal(row.float8, 0.1);
  assert.equal(row.numeric, '12.50');
  assert.equal(row.text, 'é');
  // node-postgres reads a timestamp without zone as local time.
  assert.deepEqual(row.timestamp, new Date(2026, 0, 1, 10, 0, 0, 500));
  assert.deepEqual(row.date, new Date(2026, 0, 2));
  assert.deepEqual(row.texts, ['a', 'b,"c']);
  assert.deepEqual(row.numbers, ['1', null]);
  assert.deepEqual(row.struct, { a: [1, 2], b: 'x' });
  assert.equal(row.nothing, null);
  assert.deepEqual(row.bytes, Buffer.from([1, 255]));
  assert.ok(Number.isNaN(row.nan));
  assert.equal(row.uuid, '6ba7b810-9dad-11d1-80b4-00c04fd430c8');
  assert.equal(row.huge, '170141183460469231731687303715884105727');
});

test('parameters of all kinds reach the query', async (t) => {
  const { client } = await connected(t);
  const sql =
    'SELECT record_id FROM activity WHERE record_id = $1 AND user_name = $2 AND event_time > $3 ORDER BY 1 LIMIT $4';
  const { rows } = await client.query(sql, [4, 'alice', new Date('2026-01-01T00:00:00Z'), 10]);
  assert.deepEqual(rows, [{ record_id: '4' }]);
  assert.deepEqual((await client.query('SELECT $1 AS x, $2::BIGINT + 1 AS y', ["o'b\\r", 41])).rows, [
    { x: "o'b\\r", y: '42' },
  ]);
  assert.deepEqual((await client.query('SELECT $1 AS x', [null])).rows, [{ x: null }]);
  assert.deepEqual(
    (await client.query('SELECT $1::VARCHAR[] AS x', [['a', 'b"c', null, 'NULL', "d'e\\"]])).rows,
    [{ x: ['a', 'b"c', null, 'NULL', "d'e\\"] }],
  );
  const among = await client.query('SELECT count(*) AS n FROM activity WHERE record_id = ANY($1::BIGINT[])', [
    [3, 4, 99],
  ]);
  assert.deepEqual(among.rows, [{ n: '2' }]);
  assert.deepEqual((await client.query('SELECT list_contains([1, 2], $1) AS x', [2])).rows, [{ x: true }]);
});

test('a parameter is never SQL', async (t) => {
  const { client } = await connected(t);
  const hostile = "x' OR '1'='1'; DROP TABLE activity; --";
  assert.deepEqual(
    (await client.query('SELECT count(*)::INTEGER AS n FROM activity WHERE user_name = $1', [hostile])).rows,
    [{ n: 0 }],
  );
});

test('a prepared statement runs again with other values', async (t) => {
  const { client } = await connected(t);
  const named = (value: number) =>
    client.query({
      name: 'by-id',
      text: 'SELECT user_name FROM activity WHERE record_id = $1',
      values: [value],
    });
  assert.equal((await named(3)).rowCount, 1);
  assert.equal((await named(99)).rowCount, 0);
  await client.query('DEALLOCATE ALL');
});

test('after an error the next query works, in both protocols', async (t) => {
  const { client, rig } = await connected(t);
  await assert.rejects(client.query('SELECT nothing FROM activity'), hasCode('42703'));
  await assert.rejects(client.query('SELECT nothing FROM activity WHERE 1 = $1', [1]), hasCode('42703'));
  await assert.rejects(client.query('SELECT 1; SELECT $1', [1]), hasCode('42601'));
  await assert.rejects(client.query('SELECT $1::INTEGER', ['x']), hasCode('22P02'));
  await assert.rejects(client.query('DELETE FROM activity WHERE record_id = $1', [1]), hasCode('25006'));
  await assert.rejects(
    client.query('SELECT * FROM pg_class c, activity a WHERE 1 = $1', [1]),
    hasCode('0A000'),
  );
  assert.deepEqual((await client.query('SELECT 1 AS x')).rows, [{ x: 1 }]);
  assert.deepEqual((await client.query('SELECT 1 AS x WHERE 1 = $1', [1])).rows, [{ x: 1 }]);
  assert.ok(rig.queries.every(({ error }) => error === null || /^[0-9A-Z]{5} /.test(error)));
});

test('a transaction fails as in PostgreSQL', async (t) => {
  const { client } = await connected(t);
  await client.query('BEGIN');
  await assert.rejects(client.query('SELECT nothing WHERE 1 = $1', [1]), hasCode('42703'));
  await assert.rejects(client.query('SELECT 1 WHERE 1 = $1', [1]), hasCode('25P02'));
  assert.equal((await client.query('COMMIT')).command, 'ROLLBACK');
  assert.equal((await client.query('SELECT 1')).rowCount, 1);
});

test('a pool asks many things at once', async (t) => {
  const rig = await startRig(t);
  const pool = new pg.Pool({ ...configOf(rig), max: 5 });
  pool.on('error', () => undefined); // the server ends first
  t.after(() => pool.end());
  const results = await Promise.all(
    Array.from({ length: 30 }, (_, index) => pool.query('SELECT $1::INTEGER * 2 AS x', [index])),
  );
  assert.deepEqual(
    results.map(({ rows }) => rows[0].x),
    Array.from({ length: 30 }, (_, index) => index * 2),
  );
});

test('statement_timeout ends a statement, and the session goes on', async (t) => {
  const { client } = await connected(t, {}, { statement_timeout: 300 });
  await assert.rejects(client.query(ENDLESS), hasCode('57014'));
  await client.query("SET statement_timeout = '200ms'");
  await assert.rejects(client.query(`${ENDLESS} WHERE 1 = $1`, [1]), hasCode('57014'));
  assert.equal((await client.query('SELECT 1')).rowCount, 1);
});

test('a client that leaves ends what it had begun', async (t) => {
  const rig = await startRig(t);
  const client = new pg.Client(configOf(rig));
  await client.connect();
  client.on('error', () => undefined);
  const running = client.query(ENDLESS).catch((error) => error);
  await new Promise((resolve) => setTimeout(resolve, 300));
  (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  await running;
  const deadline = Date.now() + 5_000;
  while (rig.queries.length === 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 50));
  assert.match(rig.queries[0]?.error ?? '', /^57P01/);
});

test('many rows arrive whole', async (t) => {
  const { client } = await connected(t, { limits: { rows: 200_000 } });
  const { rows } = await client.query('SELECT range AS n, sha256(range::VARCHAR) AS text FROM range(100000)');
  assert.equal(rows.length, 100_000);
  const text = createHash('sha256').update('99999').digest('hex');
  assert.deepEqual(rows.at(-1), { n: '99999', text });
});

test('a binary result that we do not have is refused, and text works', async (t) => {
  const { client } = await connected(t);
  const lists = { text: 'SELECT [1] AS a WHERE 1 = $1', values: [1] };
  await assert.rejects(client.query({ ...lists, binary: true } as pg.QueryConfig), hasCode('0A000'));
  assert.deepEqual((await client.query(lists)).rows, [{ a: [1] }]);
});

test('TLS is checked against an authority, and an unencrypted sign-in is refused', async (t) => {
  const rig = await startRig(t, { tls: true });
  const client = new pg.Client(configOf(rig, { ssl: { ca: rig.ca! } }));
  await client.connect();
  assert.deepEqual((await client.query('SHOW ssl')).rows, [{ ssl: 'on' }]);
  await client.end();
  await assert.rejects(new pg.Client(configOf(rig)).connect(), hasCode('28000'));
  await assert.rejects(new pg.Client(configOf(rig, { ssl: {} })).connect(), /certificate/);
});

test('a wrong password is refused, and so is one client too many', async (t) => {
  const rig = await startRig(t, { limits: { connections: 1 } });
  await assert.rejects(new pg.Client(configOf(rig, { password: 'wrong' })).connect(), hasCode('28P01'));
  const first = new pg.Client(configOf(rig));
  await first.connect();
  await assert.rejects(new pg.Client(configOf(rig)).connect(), hasCode('53300'));
  await first.end();
});

test('a client that says nothing is sent away', async (t) => {
  const rig = await startRig(t, { limits: { idleMs: 200 } });
  const client = new pg.Client(configOf(rig));
  await client.connect();
  const error = await new Promise((resolve) => client.on('error', resolve));
  hasCode('57P05')(error);
});
