/**
 * A receiver of Standard Webhooks on this machine: a real HTTP server that verifies what it gets, drops repeats,
 * and keeps the alerts. The demo shows them; tests let it fail in the ways that receivers do.
 */
import type { KeyObject } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { verify } from '../alerts/signature.ts';

const MAX_BODY_BYTES = 64 * 1024;

/** A message that was verified and had not come before. */
export interface ReceivedAlert {
  webhookId: string;
  type: string;
  timestamp: string;
  /** `data` of the message. */
  data: Record<string, unknown>;
}

/** One request as it came, verified or not. */
export interface ReceivedRequest {
  webhookId: string | undefined;
  status: number;
}

/** An answer other than 204. With `status` the message is not taken; with `delayMs` alone it is, and the answer is late. */
export interface Fault {
  status?: number;
  headers?: Record<string, string>;
  /** Milliseconds before the answer. */
  delayMs?: number;
}

export interface ReceiverOptions {
  /** From `parseSecret`; any of them may have signed. */
  secrets: readonly KeyObject[];
  /** Milliseconds since 1970-01-01 UTC. */
  now?: () => number;
}

/** Emits `alert` for each message that it keeps. */
export class WebhookReceiver extends EventEmitter<{ alert: [ReceivedAlert] }> {
  /** What was taken, in order of arrival, without repeats. */
  readonly alerts: ReceivedAlert[] = [];
  /** Every request, in order of arrival. */
  readonly requests: ReceivedRequest[] = [];
  readonly #secrets: readonly KeyObject[];
  readonly #now: () => number;
  readonly #server: Server;
  readonly #closing = new AbortController();
  readonly #seen = new Set<string>();
  #faults: Fault[] = [];

  constructor({ secrets, now = Date.now }: ReceiverOptions) {
    super();
    this.#secrets = secrets;
    this.#now = now;
    this.#server = createServer((request, response) => {
      // A client that goes away in the middle is its own affair.
      this.#handle(request, response).catch(() => response.destroy());
    });
  }

  /** Listens on a free port of 127.0.0.1 and returns the URL to post to. */
  async start(): Promise<string> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this.url;
  }

  /** URL to post to, once started. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}/alerts`;
  }

  /** Closes the port and every connection. */
  async stop(): Promise<void> {
    if (!this.#server.listening) return;
    this.#closing.abort();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }

  /** Answers the next `count` requests with a fault. */
  failNext(count: number, fault: Fault): void {
    this.#faults.push(...Array.from({ length: count }, () => fault));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const webhookId = headerOf(request, 'webhook-id');
    const body = await readBody(request);
    const fault = this.#faults.shift();
    const status = fault?.status ?? this.#take(webhookId, request, body);
    this.requests.push({ webhookId, status });
    if (fault?.delayMs !== undefined) {
      await sleep(fault.delayMs, undefined, { signal: this.#closing.signal });
    }
    response.writeHead(status, fault?.headers);
    response.end();
  }

  /** Takes a message, or says with a status why not. */
  #take(webhookId: string | undefined, request: IncomingMessage, body: Buffer | null): number {
    if (body === null) return 413;
    if (request.method !== 'POST') return 405;
    const headers = {
      id: webhookId,
      timestamp: headerOf(request, 'webhook-timestamp'),
      signature: headerOf(request, 'webhook-signature'),
    };
    const verdict = verify(this.#secrets, headers, body, Math.floor(this.#now() / 1000));
    if (verdict !== 'valid' || webhookId === undefined) return 401;
    if (this.#seen.has(webhookId)) return 204;
    const message = parseMessage(body);
    if (message === null) return 400;
    this.#seen.add(webhookId);
    const alert = { webhookId, ...message };
    this.alerts.push(alert);
    this.emit('alert', alert);
    return 204;
  }
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' ? value : undefined;
}

/** The body, or null when it is larger than any message of ours; the rest is read and thrown away. */
async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes <= MAX_BODY_BYTES ? Buffer.concat(chunks) : null;
}

function parseMessage(body: Buffer): Omit<ReceivedAlert, 'webhookId'> | null {
  let message: unknown;
  try {
    message = JSON.parse(body.toString('utf8'));
  } catch {
    return null;
  }
  if (typeof message !== 'object' || message === null) return null;
  const { type, timestamp, data } = message as Record<string, unknown>;
  if (typeof type !== 'string' || typeof timestamp !== 'string') return null;
  if (typeof data !== 'object' || data === null) return null;
  return { type, timestamp, data: data as Record<string, unknown> };
}
