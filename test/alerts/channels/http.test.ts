/** What every channel over HTTP holds to: no redirects, no endless answers, TLS, no private addresses, nothing told of the address. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import type { ChannelContext, DeliveryResult } from '../../../src/alerts/channels/channel.ts';
import { HttpSender, judgeAnswer } from '../../../src/alerts/channels/http.ts';
import { PgvigilError } from '../../../src/errors.ts';
import { contextWith } from './conformance.ts';
import { certificate } from './receiver.ts';

const KEY = 'a-key-that-nobody-may-see';
const never = new AbortController().signal;

function sender(url: string, changes: Partial<ChannelContext> = {}): HttpSender {
  return new HttpSender(url, [KEY], contextWith({ timeoutMs: 5_000, ...changes }));
}

async function post(to: HttpSender, signal = never): Promise<DeliveryResult> {
  return judgeAnswer(to.host, await to.post('{}', { 'x-key': KEY }, signal));
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

describe('posting to a receiver', () => {
  it('sends a user name and password of the URL as a header', async (t) => {
    const host = await serve(t, (request, response) => {
      const { authorization, 'user-agent': agent } = request.headers;
      assert.deepEqual([request.method, request.url], ['POST', '/hook?token=t0ken']);
      assert.deepEqual([agent, authorization], ['pgvigil/0.1.0', `Basic ${btoa('alice:p@ss')}`]);
      response.writeHead(202).end('thanks');
    });
    const result = await post(sender(`http://alice:p%40ss@${host}/hook?token=t0ken#x`));
    assert.deepEqual([result.outcome, result.status], ['delivered', 202]);
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
      const result = await post(sender(`http://${host}/`));
      assert.equal(result.outcome, 'retry');
      assert.equal(result.status, status);
      assert.match(
        'error' in result ? result.error : '',
        new RegExp(`^127\\.0\\.0\\.1:\\d+: answered ${status}`),
      );
    }
    assert.equal(followed, false);
  });

  it('says what the receiver answered, in one line without the secrets that it may repeat', async (t) => {
    const host = await serve(t, (request, response) =>
      response
        .writeHead(400)
        .end(`bad\r\n\u001b[31mkey ${request.headers['x-key']} at ${request.url}${'x'.repeat(500)}`),
    );
    const result = await post(sender(`http://${host}/a-path-that-is-long-and-secret`));
    const error = 'error' in result ? result.error : '';
    assert.match(error, /answered 400: bad \\u001b\[31mkey … at \/?…x+…$/);
    assert.ok(error.length < 250);
  });

  it('ends in time when no answer comes, or no end of it', async (t) => {
    const silent = await serve(t, () => undefined);
    const result = await post(sender(`http://${silent}/`, { timeoutMs: 60 }));
    assert.ok(result.outcome === 'retry' && /no answer within 60 ms/.test(result.error));
    const dripping = await serve(t, (_request, response) => response.writeHead(200).write('.'));
    assert.equal((await post(sender(`http://${dripping}/`, { timeoutMs: 1_000 }))).outcome, 'delivered');
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
    assert.equal((await post(sender(`http://${flooding}/`))).outcome, 'delivered');
    assert.ok(sent < 1 << 25, `${sent} bytes were taken`);
  });

  it('names the host and the cause when nothing listens, and nothing else of the address', async (t) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const broken = await serve(t, (request) => request.socket.destroy());
    for (const host of [`127.0.0.1:${port}`, broken]) {
      const target = sender(`http://alice:hunter2@${host}/services/T0PATH?token=t0ken`);
      const result = await post(target);
      assert.ok(result.outcome === 'retry' && result.status === null);
      assert.match(result.error, /^127\.0\.0\.1:\d+: [A-Z_]+$/);
      const shown = inspect([result, target], { depth: 5, showHidden: true }) + JSON.stringify(target);
      for (const secret of ['hunter2', 't0ken', 'T0PATH', KEY]) assert.ok(!shown.includes(secret), shown);
    }
  });
});

describe('TLS of a receiver', () => {
  it('is verified, whatever the environment says, and is 1.2 at least', async (t) => {
    const { key, cert } = await certificate();
    const serveTls = async (options: object) => {
      const server = createTlsServer({ key, cert, ...options }, (_request, response) =>
        response.end(),
      ).listen(0);
      await once(server, 'listening');
      t.after(() => server.close());
      return `https://localhost:${(server.address() as AddressInfo).port}/`;
    };
    const [modern, old] = [
      await serveTls({}),
      await serveTls({ minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    ];
    assert.equal((await post(sender(modern, { ca: cert }))).outcome, 'delivered');
    const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    t.after(() => {
      if (before === undefined) delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      else process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
    });
    const unknown = await post(sender(modern));
    assert.match('error' in unknown ? unknown.error : '', /: (DEPTH_ZERO_)?SELF_SIGNED_CERT/);
    const refused = await post(sender(old, { ca: cert }));
    assert.match('error' in refused ? refused.error : '', /: (ERR_SSL|ECONNRESET|EPROTO)/);
    const wrongName = await post(
      sender(modern.replace('localhost', '127.0.0.2'), { ca: cert, allowPrivate: ['127.0.0.2'] }),
    );
    assert.equal(wrongName.outcome, 'retry');
  });
});

describe('the address of a receiver', () => {
  const refusal = (url: string, changes: Partial<ChannelContext> = {}): PgvigilError => {
    try {
      sender(url, changes);
    } catch (error) {
      assert.ok(error instanceof PgvigilError);
      return error;
    }
    throw new assert.AssertionError({ message: `${url} was taken` });
  };

  it('must be https, or on this machine', () => {
    const allowPrivate = ['localhost', '127.0.0.1', '::1'];
    for (const url of [
      'https://hooks.example.com/x',
      'http://localhost:1/',
      'http://127.0.0.1:1/',
      'http://127.1:1/',
      'http://[::1]:1/',
    ]) {
      assert.ok(sender(url, { allowPrivate }), url);
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

  it('is refused at start when it is a private one that is not allowed', () => {
    for (const host of [
      '10.1.2.3',
      '127.0.0.1',
      '[::1]',
      '[fd00::1]',
      '169.254.169.254',
      '0x7f.1',
      '2130706433',
    ]) {
      const error = refusal(`https://${host}/`, { allowPrivate: [] });
      assert.equal(error.code, 'CONFIG_INVALID');
      assert.match(error.hint, /allowPrivate/);
    }
  });

  it('is refused when its name leads into the private network, at each connection', async (t) => {
    let asked = 0;
    const host = await serve(t, (_request, response) => {
      asked++;
      response.end();
    });
    const url = `http://localhost:${host.split(':')[1]}/`;
    const result = await post(sender(url, { allowPrivate: [] }));
    assert.match(
      'error' in result ? result.error : '',
      /localhost is at (127\.0\.0\.1|::1), a loopback address/,
    );
    assert.equal(asked, 0);
    assert.equal((await post(sender(url, { allowPrivate: ['LOCALHOST'] }))).outcome, 'delivered');
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
});
