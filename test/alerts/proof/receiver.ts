/** A receiver of the proof: a real HTTP server that fails at random, goes away now and then, and writes everything down. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { openSync, writeSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { drawFault, type Fault } from './faults.ts';
import { isSigned, type ReceiverKind, type SignedHeaders } from './kinds.ts';
import type { LogLine } from './receiver-log.ts';

const DRIBBLE_MS = 50;
const DRIBBLES = 20;

export class FailingReceiver {
  /** Ids that were taken. */
  readonly taken = new Set<string>();
  restarts = 0;
  readonly #kind: ReceiverKind;
  readonly #verifying: string;
  readonly #random: () => number;
  readonly #log: number;
  #port = 0;
  #server: Server;

  /** @param verifying what signatures are verified with */
  constructor(kind: ReceiverKind, verifying: string, logPath: string, random: () => number) {
    this.#kind = kind;
    this.#verifying = verifying;
    this.#random = random;
    this.#log = openSync(logPath, 'a');
    this.#server = this.#newServer();
  }

  /** Listens, at the second and later times on the port that was free at the first. */
  async listen(): Promise<number> {
    for (;;) {
      this.#server = this.#newServer();
      this.#server.listen(this.#port, '127.0.0.1');
      try {
        await once(this.#server, 'listening');
        break;
      } catch {
        await sleep(20); // a connection of another process has the port for a moment
      }
    }
    this.#port = (this.#server.address() as AddressInfo).port;
    return this.#port;
  }

  /** Goes away with all connections, and comes back after a while. */
  async restart(awayMs: number): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
    await sleep(awayMs);
    await this.listen();
    this.restarts++;
  }

  #newServer(): Server {
    return createServer((request, response) => void this.#handle(request, response));
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => undefined);
    const fault = drawFault(this.#random);
    const headers = signedHeaders(request);
    const line: LogLine = {
      receiver: this.#kind.name,
      at: Date.now(),
      webhookId: headers['webhook-id'],
      ...{ sha256: null, alert: null, step: null, verified: null },
      taken: false,
      fault: fault.name,
      answer: 'dropped',
    };
    const body = fault.ending === 'unread' ? null : await bodyOf(request);
    if (body === null) {
      this.#write(fault.ending === 'unread' ? line : { ...line, fault: 'cut off' });
      request.socket.destroy();
      return;
    }
    const verified = isSigned(this.#kind.scheme, this.#verifying, headers, body);
    const takes = verified && fault.takes;
    if (takes) this.taken.add(line.webhookId);
    const answer = verified ? fault.status : 401;
    this.#write({
      ...line,
      sha256: createHash('sha256').update(body).digest('hex'),
      ...this.#kind.subjectOf(JSON.parse(body.toString())),
      verified,
      taken: takes,
      answer: fault.ending === 'answer' || fault.ending === 'slow' ? answer : fault.ending,
    } as LogLine);
    await end(request, response, fault, answer);
  }

  #write(line: LogLine): void {
    writeSync(this.#log, `${JSON.stringify(line)}\n`);
  }
}

async function end(
  request: IncomingMessage,
  response: ServerResponse,
  { ending, retryAfter }: Fault,
  status: number,
): Promise<void> {
  if (ending === 'silent') return;
  if (ending === 'dropped') {
    request.socket.destroy();
    return;
  }
  response.writeHead(status, retryAfter === undefined ? {} : { 'retry-after': retryAfter });
  if (ending === 'slow') {
    for (let time = 0; time < DRIBBLES && !response.destroyed; time++) {
      response.write('.');
      await sleep(DRIBBLE_MS);
    }
  }
  response.end();
}

function signedHeaders({ headers }: IncomingMessage): SignedHeaders {
  const text = (name: string) => String(headers[name] ?? '');
  return {
    'webhook-id': text('webhook-id'),
    'webhook-timestamp': text('webhook-timestamp'),
    'webhook-signature': text('webhook-signature'),
  };
}

/** Null when the sender went away in the middle. */
async function bodyOf(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  } catch {
    return null;
  }
  return Buffer.concat(chunks);
}
