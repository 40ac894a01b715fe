import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { Webhook } from 'standardwebhooks';
import { WebhookChannel } from '../../src/alerts/channels/webhook.ts';
import { parseSecret } from '../../src/alerts/signature.ts';
import { PgvigilError } from '../../src/errors.ts';
import { newSecret } from './support.ts';

const secretText = newSecret();
const secrets = [parseSecret(secretText)];
const message = () => ({
  webhookId: 'msg_1',
  body: '{"type":"alert.opened"}',
  timestampSeconds: Math.floor(Date.now() / 1000),
});
const never = new AbortController().signal;

function channel(url: string, timeoutMs = 5000): WebhookChannel {
  return new WebhookChannel({ name: 'soc', url, secrets, version: '0.1.0', timeoutMs });
}

/** A server with one behaviour; returns its `127.0.0.1:port`. */
async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the webhook channel', () => {
  it('posts the body as it is, with headers that the reference implementation verifies', async (t) => {
    let seen: unknown;
    const host = await serve(t, (request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        seen = new Webhook(secretText).verify(body, request.headers as Record<string, string>);
        const { 'content-type': type, 'user-agent': agent, authorization } = request.headers;
        assert.deepEqual(
          [request.method, request.url, type, agent, authorization],
          ['POST', '/hook?token=t0ken', 'application/json', 'pgvigil/0.1.0', `Basic ${btoa('alice:p@ss')}`],
        );
        response.writeHead(202).end('thanks');
      });
    });
    const result = await channel(`http://alice:p%40ss@${host}/hook?token=t0ken#x`).deliver(message(), never);
    assert.deepEqual(result, { outcome: 'delivered', status: 202 });
    assert.deepEqual(seen, { type: 'alert.opened' });
  });

  it('tries again after 500, 4xx and 3xx, and does not follow redirects', async (t) => {
    let followed = false;
    const target = await serve(t, (_request, response) => {
      followed = true;
      response.end();
    });
    for (const status of [500, 400, 404, 301, 302, 307, 308]) {
      const host = await serve(t, (_request, response) =>
        response.writeHead(status, { location: `http://${target}/` }).end(),
      );
      const result = await channel(`http://${host}/`).deliver(message(), never);
      assert.equal(result.outcome, 'retry');
      assert.equal(result.status, status);
      assert.match(result.error, new RegExp(`^127\\.0\\.0\\.1:\\d+: answered ${status}`));
    }
    assert.equal(followed, false);
  });

  it('gives up after 410 and honours Retry-After', async (t) => {
    const gone = await serve(t, (_request, response) => response.writeHead(410).end());
    assert.equal((await channel(`http://${gone}/`).deliver(message(), never)).outcome, 'refused');
    const busy = await serve(t, (_request, response) =>
      response.writeHead(429, { 'retry-after': '90' }).end(),
    );
    const result = await channel(`http://${busy}/`).deliver(message(), never);
    assert.ok(result.outcome === 'retry' && result.retryAfterMs === 90_000);
  });

  it('ends in time when no answer comes, or no end of it', async (t) => {
    const silent = await serve(t, () => undefined);
    const result = await channel(`http://${silent}/`, 60).deliver(message(), never);
    assert.ok(result.outcome === 'retry' && /no answer within 60 ms/.test(result.error));
    const dripping = await serve(t, (_request, response) => response.writeHead(200).write('.'));
    const dripped = await channel(`http://${dripping}/`, 60).deliver(message(), never);
    assert.equal(dripped.outcome, 'delivered');
  });

  it('does not read an endless answer', async (t) => {
    let sent = 0;
    const flooding = await serve(t, (_request, response) => {
      const block = Buffer.alloc(16 * 1024);
      const more = () => {
        while (!response.destroyed && sent < 1 << 28) {
          sent += block.length;
          if (!response.write(block)) {
            response.once('drain', more);
            return;
          }
        }
      };
      response.writeHead(200);
      more();
    });
    const result = await channel(`http://${flooding}/`).deliver(message(), never);
    assert.equal(result.outcome, 'delivered');
    assert.ok(sent < 1 << 25, `${sent} bytes were taken`);
  });

  it('says that it was stopped, before and during an attempt', async (t) => {
    const silent = await serve(t, () => undefined);
    const stop = new AbortController();
    const attempt = channel(`http://${silent}/`).deliver(message(), stop.signal);
    stop.abort();
    assert.equal((await attempt).outcome, 'aborted');
    assert.equal((await channel(`http://${silent}/`).deliver(message(), stop.signal)).outcome, 'aborted');
  });

  it('names the host and the cause when nothing listens, and nothing else of the address', async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const broken = await serve(t, (request) => request.socket.destroy());
    for (const host of [`127.0.0.1:${port}`, broken]) {
      const target = channel(`http://alice:hunter2@${host}/services/T0PATH?token=t0ken`);
      const result = await target.deliver(message(), never);
      assert.ok(result.outcome === 'retry' && result.status === null);
      assert.match(result.error, /^127\.0\.0\.1:\d+: [A-Z_]+$/);
      const shown = inspect([result, target], { depth: 5, showHidden: true }) + JSON.stringify(target);
      for (const secret of ['hunter2', 't0ken', 'T0PATH', secretText.slice(6, 18)]) {
        assert.ok(!shown.includes(secret), shown);
      }
    }
  });
});

describe('the address of a webhook', () => {
  const refusal = (url: string): PgvigilError => {
    try {
      channel(url);
    } catch (error) {
      assert.ok(error instanceof PgvigilError);
      return error;
    }
    throw new assert.AssertionError({ message: `${url} was taken` });
  };

  it('must be https, or on this machine', () => {
    for (const url of [
      'https://hooks.example.com/x',
      'http://localhost:1/',
      'http://127.0.0.1:1/',
      'http://127.1:1/',
      'http://[::1]:1/',
    ]) {
      assert.ok(channel(url), url);
    }
    for (const url of [
      'http://hooks.example.com/x',
      'http://127.0.0.1.example.com/',
      'http://localhost.example.com/',
      'http://10.0.0.1/',
      'http://169.254.169.254/',
      'ftp://localhost/',
      'file:///etc/passwd',
      'javascript:1',
    ]) {
      assert.equal(refusal(url).code, 'CONFIG_INVALID', url);
    }
  });

  it('is not shown when it is refused', () => {
    for (const url of [
      'http://alice:hunter2@hooks.example.com/t0ken?k=t0ken',
      'https://alice:hunter2@:99999/t0ken',
      'https://alice:hunter2%ZZ@hooks.example.com/t0ken',
      'hunter2 t0ken',
    ]) {
      const error = refusal(url);
      const shown = inspect(error, { depth: 5, showHidden: true }).replaceAll(import.meta.url, '');
      assert.ok(!/hunter2|t0ken/.test(shown), shown);
    }
  });

  it('needs a secret', () => {
    const options = { name: 'soc', url: 'https://hooks.example.com/', secrets: [], version: '0.1.0' };
    assert.throws(
      () => new WebhookChannel(options),
      (error) => error instanceof PgvigilError && error.code === 'SECRET_INVALID',
    );
  });
});
