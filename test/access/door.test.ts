import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:net';
import { type TestContext, test } from 'node:test';
import { isLoopback, openPort, refuseExposure, withCertificate } from '../../src/access/door.ts';

function serverOf(t: TestContext): Server {
  const server = createServer();
  t.after(() => server.close());
  return server;
}

function place(port: number, errors: object[] = []) {
  const log = { error: (fields: object) => void errors.push(fields) } as never;
  return { section: 'wire', host: '127.0.0.1', port, log } as const;
}

test('a door that others can reach has TLS, or does not open', () => {
  for (const host of ['127.0.0.1', '127.8.9.1', '::1', 'localhost']) {
    assert.ok(isLoopback(host), host);
    refuseExposure('api', host, null);
  }
  for (const host of [
    '0.0.0.0',
    '::',
    '10.0.0.1',
    '128.0.0.1',
    '::ffff:10.0.0.1',
    '127.evil.example',
    'example.com',
  ]) {
    assert.ok(!isLoopback(host), host);
    assert.throws(() => refuseExposure('api', host, null), {
      code: 'CONFIG_INVALID',
      message: /^api\.host: .*api\.tls/,
    });
    refuseExposure('api', host, {});
  }
});

test('a port that is taken is named with its key', async (t) => {
  const port = await openPort(serverOf(t), place(0));
  assert.ok(port > 0);
  await assert.rejects(openPort(serverOf(t), place(port)), {
    code: 'CONFIG_INVALID',
    message: `wire.port: cannot listen on 127.0.0.1:${port} (EADDRINUSE)`,
  });
});

test('a client that cannot be accepted is told of in the log, as often as it happens, and ends nothing', async (t) => {
  const server = serverOf(t);
  const errors: object[] = [];
  await openPort(server, place(0, errors));
  for (let n = 0; n < 3; n++) server.emit('error', new Error('too many open files'));
  assert.deepEqual(errors, Array(3).fill({ section: 'wire', error: 'too many open files' }));
});

test('a certificate that cannot be used is told by its key', () => {
  const make = () => {
    throw new Error('no start line');
  };
  assert.throws(() => withCertificate('wire', make), {
    code: 'CONFIG_INVALID',
    message: /^wire\.tls: .*no start line$/,
  });
});
