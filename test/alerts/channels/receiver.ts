/** A real HTTP or HTTPS server on this machine that checks what a real receiver would, and fails as receivers do. */
import { once } from 'node:events';
import http, { type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { generate } from 'selfsigned';

/** What the next attempt meets. */
export type Fault = 'error' | 'throttled' | 'gone' | 'redirect' | 'silent' | 'drop' | 'drip';
export const HTTP_FAULTS: readonly Fault[] = [
  'error',
  'throttled',
  'gone',
  'redirect',
  'silent',
  'drop',
  'drip',
];

/** Seconds that a throttled attempt is asked to wait. */
export const RETRY_AFTER_SECONDS = 90;

export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** Inflated where it was compressed. */
  body: string;
}

/** An answer: a status, and what stands in its body. */
export interface Answer {
  status: number;
  text?: string;
  headers?: Record<string, string>;
}

export class HttpReceiver {
  /** Requests that `check` let through. */
  readonly taken: Received[] = [];
  /** Every request, also those that met a fault. */
  readonly requests: Received[] = [];
  /** Certificate to trust; undefined over plain HTTP. */
  readonly ca: string | undefined;
  readonly #server: http.Server | https.Server;
  readonly #check: (received: Received) => Answer;
  readonly #faults: Fault[] = [];

  private constructor(check: (received: Received) => Answer, tls: { key: string; cert: string } | null) {
    this.#check = check;
    this.ca = tls?.cert;
    const listener = (request: IncomingMessage, response: ServerResponse) => {
      this.#handle(request, response).catch(() => response.destroy());
    };
    this.#server = tls === null ? http.createServer(listener) : https.createServer(tls, listener);
  }

  /** @param check answers a request as the real receiver would: 2xx takes it */
  static async start(
    t: TestContext,
    check: (received: Received) => Answer,
    options: { tls?: boolean } = {},
  ): Promise<HttpReceiver> {
    const receiver = new HttpReceiver(check, options.tls ? await certificate() : null);
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server, 'listening');
    t.after(() => receiver.stop());
    return receiver;
  }

  /** `http://127.0.0.1:port`, or https://localhost:port. */
  get origin(): string {
    const { port } = this.#server.address() as AddressInfo;
    return this.ca === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`;
  }

  failNext(...faults: Fault[]): void {
    this.#faults.push(...faults);
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const bytes = Buffer.concat(chunks);
    const body = (request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
    const received = {
      method: request.method ?? '',
      path: request.url ?? '',
      headers: request.headers,
      body,
    };
    this.requests.push(received);
    const fault = this.#faults.shift();
    if (fault === 'silent') return;
    if (fault === 'drop') return void request.socket.destroy();
    if (fault === 'error') return void response.writeHead(500).end('out of order');
    if (fault === 'gone') return void response.writeHead(410).end();
    if (fault === 'redirect')
      return void response.writeHead(307, { location: `${this.origin}/elsewhere` }).end();
    if (fault === 'throttled') {
      return void response.writeHead(429, { 'retry-after': String(RETRY_AFTER_SECONDS) }).end('too many');
    }
    const { status, text = '', headers } = this.#check(received);
    if (status < 300) this.taken.push(received);
    // With 204 nothing would leave before the end.
    response.writeHead(fault === 'drip' ? 200 : status, { 'content-type': 'text/plain', ...headers });
    if (fault === 'drip') response.write('.');
    else response.end(text);
  }
}

/** For localhost and 127.0.0.1, of this test run alone. */
export async function certificate(): Promise<{ key: string; cert: string }> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { key, cert };
}
