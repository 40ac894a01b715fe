/** The promise: what others could listen to is encrypted, or nothing listens. */
import assert from 'node:assert/strict';
import { request } from 'node:https';
import { test } from 'node:test';
import { generate } from 'selfsigned';
import { startRig } from './rig.ts';

test('an address that others reach needs a certificate', async () => {
  for (const host of ['0.0.0.0', '::', '192.0.2.1', 'api.example'])
    await assert.rejects(startRig({ host }), {
      code: 'CONFIG_INVALID',
      message: /api\.tls is not configured/,
    });
});

test('a certificate that cannot be used is told by its key', async () => {
  await assert.rejects(startRig({ tls: { key: 'x', cert: 'y' } }), {
    code: 'CONFIG_INVALID',
    message: /^api\.tls: /,
  });
});

test('with a certificate it speaks TLS, also by a name of its own', async () => {
  const pair = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });
  const rig = await startRig({ host: '0.0.0.0', tls: { key: pair.private, cert: pair.cert } });
  try {
    const options = {
      host: '127.0.0.1',
      port: rig.port,
      path: '/api/v1/status',
      rejectUnauthorized: false,
      headers: { host: 'siem.example', authorization: 'Bearer pgv_viewer' },
    };
    const { status, security } = await new Promise<{ status: number | undefined; security: unknown }>(
      (resolve, reject) => {
        const asked = request(options, (response) => {
          response.resume();
          resolve({ status: response.statusCode, security: response.headers['strict-transport-security'] });
        });
        asked.on('error', reject).end();
      },
    );
    assert.equal(status, 200);
    assert.match(String(security), /max-age=/);
    await assert.rejects(rig.ask('/health'));
  } finally {
    await rig.close();
  }
});
