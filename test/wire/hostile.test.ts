/** What comes to an open port: noise, lies about lengths, slowness, guesses. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import pg from 'pg';
import { PASSWORD, type Rig, startRig } from './rig.ts';

const int32 = (...numbers: number[]) => {
  const bytes = Buffer.alloc(numbers.length * 4);
  for (const [index, number] of numbers.entries()) bytes.writeInt32BE(number | 0, index * 4);
  return bytes;
};
const text = (value: string) => Buffer.from(`${value}\0`);
const untyped = (...parts: Buffer[]) => Buffer.concat([int32(Buffer.concat(parts).length + 4), ...parts]);
const typed = (type: string, ...parts: Buffer[]) => Buffer.concat([Buffer.from(type), untyped(...parts)]);
const startup = untyped(
  int32(196_608),
  text('user'),
  text('grafana'),
  text('database'),
  text('pgvigil'),
  text(''),
);
const tlsRequest = untyped(int32(80_877_103));

/** Sends bytes; resolves with what came back when the server closed, or after a while. */
async function exchange(
  rig: Rig,
  bytes: Buffer,
  patienceMs = 100,
): Promise<{ answer: Buffer; closed: boolean }> {
  const socket = connect(rig.port, '127.0.0.1');
  const received: Buffer[] = [];
  socket.on('data', (data) => received.push(data));
  socket.on('error', () => undefined);
  const closed = new Promise<boolean>((resolve) => socket.on('close', () => resolve(true)));
  socket.write(bytes);
  const isClosed = await Promise.race([closed, sleep(patienceMs).then(() => false)]);
  socket.destroy();
  return { answer: Buffer.concat(received), closed: isClosed };
}

/** A signed-in connection whose bytes the test writes itself. */
async function signedIn(rig: Rig): Promise<Socket> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: rig.port,
    user: 'grafana',
    password: PASSWORD,
    database: 'pgvigil',
  });
  await client.connect();
  client.on('error', () => undefined);
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection;
  stream.removeAllListeners('data');
  stream.on('error', () => undefined);
  stream.on('data', () => undefined);
  return stream;
}

async function assertAlive(rig: Rig): Promise<void> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: rig.port,
    user: 'grafana',
    password: PASSWORD,
    database: 'pgvigil',
  });
  await client.connect();
  assert.equal((await client.query('SELECT 1')).rowCount, 1);
  await client.end();
  assert.deepEqual(
    rig.log.filter(([, message]) => message.includes('defect')),
    [],
  );
}

test('noise is refused, and the server goes on', async (t) => {
  const rig = await startRig(t);
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc
      .tuple(fc.integer(), fc.uint8Array({ maxLength: 60 }))
      .map(([length, bytes]) => Buffer.concat([int32(length), bytes])),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.concat([startup, bytes])),
    fc.uint8Array({ maxLength: 60 }).map((bytes) => untyped(int32(196_608), Buffer.from(bytes))),
  );
  await fc.assert(
    fc.asyncProperty(noise, async (bytes) => {
      await exchange(rig, bytes, 15);
    }),
    { numRuns: 150 },
  );
  await assertAlive(rig);
});

test('after sign-in, conversations that were damaged on their way harm only themselves', async (t) => {
  const rig = await startRig(t);
  const conversation = Buffer.concat([
    typed(
      'P',
      text('s'),
      text('SELECT $1::BIGINT AS x, user_name FROM activity'),
      Buffer.from([0, 1]),
      int32(20),
    ),
    typed(
      'B',
      text('p'),
      text('s'),
      Buffer.from([0, 0, 0, 1]),
      int32(1),
      Buffer.from('7'),
      Buffer.from([0, 0]),
    ),
    typed('D', Buffer.from('P'), text('p')),
    typed('E', text('p'), int32(2)),
    typed('E', text('p'), int32(0)),
    typed('C', Buffer.from('S'), text('s')),
    typed('H'),
    typed('S'),
    typed('Q', text("BEGIN; SELECT 'x'; FETCH 1 FROM c; COMMIT")),
    typed('Q', text("SELECT * FROM pg_catalog.pg_class WHERE relname ~ 'a'")),
  ]);
  const damage = fc.array(
    fc.tuple(fc.nat(conversation.length - 1), fc.nat(255), fc.constantFrom('set', 'cut', 'double')),
    { minLength: 1, maxLength: 4 },
  );
  await fc.assert(
    fc.asyncProperty(damage, async (changes) => {
      let bytes = Buffer.from(conversation);
      for (const [place, value, how] of changes) {
        const at = place % bytes.length;
        if (how === 'set') bytes[at] = value;
        else if (how === 'cut')
          bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + (value % 9))]);
        else bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(0, at - value))]);
        if (bytes.length === 0) return;
      }
      const socket = await signedIn(rig);
      socket.write(bytes);
      await sleep(30);
      socket.destroy();
    }),
    { numRuns: 60 },
  );
  await assertAlive(rig);
});

test('a length that lies takes no memory and ends the connection', async (t) => {
  const rig = await startRig(t);
  for (const length of [-1, 0, 3, 10_001, 0x7fff_ffff]) {
    const { closed, answer } = await exchange(rig, Buffer.concat([int32(length), Buffer.alloc(64)]), 2_000);
    assert.ok(closed, String(length));
    assert.match(answer.toString('latin1'), /C08P01/);
  }
  const socket = await signedIn(rig);
  const closed = new Promise((resolve) => socket.on('close', resolve));
  socket.write(Buffer.concat([Buffer.from('Q'), int32(0x7fff_ffff)]));
  await closed;
});

test('before sign-in nothing is answered but the sign-in', async (t) => {
  const rig = await startRig(t);
  const { answer, closed } = await exchange(
    rig,
    Buffer.concat([startup, typed('Q', text('SELECT 1'))]),
    2_000,
  );
  assert.ok(closed);
  assert.match(answer.toString('latin1'), /SCRAM-SHA-256.*C08P01/s);
  assert.equal(rig.queries.length, 0);
});

test('what stands unencrypted behind the request for TLS is not taken for encrypted', async (t) => {
  const rig = await startRig(t, { tls: true });
  const { answer, closed } = await exchange(rig, Buffer.concat([tlsRequest, startup]), 2_000);
  assert.ok(closed);
  assert.doesNotMatch(answer.toString('latin1'), /SCRAM/);
});

test('a wrong key cancels nothing', async (t) => {
  const rig = await startRig(t);
  const client = new pg.Client({
    host: '127.0.0.1',
    port: rig.port,
    user: 'grafana',
    password: PASSWORD,
    database: 'pgvigil',
  });
  await client.connect();
  const { processID, secretKey } = client as unknown as { processID: number; secretKey: number };
  const running = client.query('SELECT count(*) FROM range(30000000) a');
  await exchange(rig, untyped(int32(80_877_102, processID, secretKey ^ 1)), 2_000);
  assert.equal((await running).rowCount, 1);
  await client.end();
});

test('connections that say nothing do not keep others out', async (t) => {
  const rig = await startRig(t);
  const sockets = Array.from({ length: 40 }, () => connect(rig.port, '127.0.0.1'));
  for (const socket of sockets) socket.on('error', () => undefined);
  const closed = sockets.map((socket) => new Promise<void>((resolve) => socket.on('close', () => resolve())));
  const turnedAway = await Promise.all(
    closed.map((each) => Promise.race([each.then(() => 1), sleep(1_000).then(() => 0 as number)])),
  );
  assert.equal(
    turnedAway.reduce((sum, each) => sum + each, 0),
    24,
  );
  for (const socket of sockets) socket.destroy();
  await sleep(50);
  await assertAlive(rig);
});

test('who guesses waits longer each time, and more connections do not help', async (t: TestContext) => {
  const rig = await startRig(t);
  const guess = async () => {
    const client = new pg.Client({
      host: '127.0.0.1',
      port: rig.port,
      user: 'grafana',
      password: 'guess',
      database: 'pgvigil',
    });
    await assert.rejects(client.connect(), { code: '28P01' });
  };
  const started = performance.now();
  await guess();
  await Promise.all([guess(), guess(), guess()]);
  // 250 ms after the first; then one after the other.
  assert.ok(performance.now() - started > 750, `${performance.now() - started} ms`);
  await assertAlive(rig);
});

test('many refused connections write few lines of log', async (t) => {
  const rig = await startRig(t);
  for (let count = 0; count < 100; count++) await exchange(rig, Buffer.alloc(8), 1_000);
  const lines = rig.log.filter(([, message]) => message.includes('refused'));
  assert.ok(lines.length >= 60 && lines.length <= 122, `${lines.length} lines`);
});
