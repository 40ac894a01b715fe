/**
 * Log Analytics at the edge of the network: an HTTPS server that answers queries as the service does, with its limits and
 * its faults (Azure Monitor documentation: "Log Analytics API response format", "errors", "service limits").
 */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import type { TokenCredential } from '@azure/identity';
import { generate } from 'selfsigned';
import { Random } from '../../fuzz/random.ts';
import { answerTo, KqlError, type Result, type TableRow, ticks } from './kql.ts';

export const WORKSPACE = '8f2c61de-0b1a-4c3e-9d5f-6a7b8c9d0e1f';
const TOKEN = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJwZ3ZpZ2lsIn0.c2lnbmF0dXJl';

/** What a query meets instead of its answer. */
export type Fault =
  | 'throttled'
  | 'busy'
  | 'gateway-timeout'
  | 'bad-gateway'
  | 'partial'
  | 'drop'
  | 'drop-midway'
  | 'stall-midway'
  | 'not-json'
  | 'too-large';

export interface Asked {
  query: string;
  timespan: string;
  prefer: string | undefined;
}

export class LogAnalyticsService {
  readonly tables = new Map<string, TableRow[]>();
  /** Every query that arrived, also those that met a fault. */
  readonly asked: Asked[] = [];
  rowLimit = 500_000;
  byteLimit = 100_000_000;
  retryAfter = '0';
  /** Whether a fuzzy union over tables that do not exist is called partial. */
  warnsOfMissing = false;
  /** Queries are answered only with this status and error. */
  refusal: { status: number; body: object | string } | null = null;
  /** What the n-th query, counted from 1, meets. */
  fault: (number: number, query: string) => Fault | null = () => null;
  readonly scopes: string[] = [];
  readonly credential: TokenCredential = {
    getToken: async (scopes) => {
      this.scopes.push(...[scopes].flat());
      return { token: TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 };
    },
  };
  readonly ca: string;
  readonly #server: Server;
  readonly #random = new Random(1);
  #running = 0;
  mostAtOnce = 0;

  private constructor(pair: { private: string; cert: string }) {
    this.ca = pair.cert;
    this.#server = createServer({ key: pair.private, cert: pair.cert }, (request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<LogAnalyticsService> {
    const pair = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });
    const service = new LogAnalyticsService(pair);
    service.#server.listen(0, '127.0.0.1');
    await once(service.#server, 'listening');
    return service;
  }

  /** As it was at the start, without tables. */
  reset(): this {
    this.tables.clear();
    this.asked.length = 0;
    this.scopes.length = 0;
    Object.assign(this, {
      rowLimit: 500_000,
      byteLimit: 100_000_000,
      retryAfter: '0',
      warnsOfMissing: false,
      refusal: null,
      fault: () => null,
      mostAtOnce: 0,
    });
    return this;
  }

  get endpoint(): string {
    return `https://localhost:${(this.#server.address() as AddressInfo).port}`;
  }

  get token(): string {
    return TOKEN;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#running);
    response.on('close', () => {
      this.#running--;
    });
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.headers.authorization !== `Bearer ${TOKEN}`)
      return send(request, response, 401, error('AuthenticationFailed', 'Authentication failed.'));
    const workspace = /^\/v1\/workspaces\/([^/]+)\/query$/.exec(request.url ?? '')?.[1];
    if (request.method !== 'POST' || workspace === undefined)
      return send(request, response, 404, error('PathNotFoundError', 'The requested path does not exist'));
    if (workspace !== WORKSPACE)
      return send(
        request,
        response,
        404,
        error('WorkspaceNotFoundError', `The workspace could not be found`),
      );
    const body = JSON.parse(Buffer.concat(chunks).toString()) as { query: string; timespan: string };
    this.asked.push({ ...body, prefer: request.headers.prefer as string | undefined });
    if (this.refusal !== null) return send(request, response, this.refusal.status, this.refusal.body);
    const fault = this.fault(this.asked.length, body.query);
    if (fault !== null && fault !== 'partial' && !fault.endsWith('midway'))
      return this.#fail(request, response, fault);
    this.#answer(request, response, body, fault);
  }

  #answer(
    request: IncomingMessage,
    response: ServerResponse,
    body: { query: string; timespan: string },
    fault: Fault | null,
  ): void {
    let result: Result;
    try {
      result = answerTo(body.query, this.#within(body.timespan), this.#random);
    } catch (thrown) {
      if (!(thrown instanceof KqlError)) throw thrown;
      const inner = {
        code: thrown.code,
        message: 'A semantic error occurred.',
        innererror: { code: 'SEM0100', message: thrown.message },
      };
      send(
        request,
        response,
        400,
        error('BadArgumentError', 'The request had some invalid properties', inner),
      );
      return;
    }
    const kept: unknown[][] = [];
    let bytes = 0;
    for (const row of result.rows) {
      bytes += JSON.stringify(row).length;
      if (kept.length === this.rowLimit || bytes > this.byteLimit) break;
      kept.push(row);
    }
    if (fault === 'partial') kept.splice(Math.floor(kept.length / 2));
    const isCut = kept.length < result.rows.length || fault === 'partial';
    const warns = this.warnsOfMissing && result.missing.length > 0;
    const answer = {
      tables: [{ name: 'PrimaryResult', columns: result.columns, rows: kept }],
      ...((isCut || warns) && { error: isCut ? cut() : partial(result.missing.map(missing)) }),
    };
    if (fault === null || fault === 'partial') {
      send(request, response, 200, answer);
      return;
    }
    const packed = gzipSync(JSON.stringify(answer));
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
    response.write(packed.subarray(0, packed.length / 2), () => {
      if (fault === 'drop-midway') response.destroy();
    });
  }

  #fail(request: IncomingMessage, response: ServerResponse, fault: Fault): void {
    const wait = { 'retry-after': this.retryAfter };
    if (fault === 'drop') request.socket.destroy();
    else if (fault === 'throttled')
      send(request, response, 429, error('ThrottledError', 'Rate limit is exceeded.'), wait);
    else if (fault === 'busy') send(request, response, 503, '', wait);
    else if (fault === 'gateway-timeout')
      send(
        request,
        response,
        504,
        error('GatewayTimeout', 'Gateway timeout', {
          code: 'GatewayTimeout',
          message: 'Unable to unzip response',
        }),
      );
    else if (fault === 'bad-gateway') send(request, response, 502, '<html>Bad Gateway</html>');
    else if (fault === 'too-large')
      send(
        request,
        response,
        400,
        error('BadArgumentError', 'The request had some invalid properties', {
          code: 'ResponseSizeError',
          message: 'Response size too large',
        }),
      );
    else send(request, response, 200, '<html>Sign in to the guest network</html>');
  }

  /** The rows that the timespan of a request lets the query see. */
  #within(timespan: string): Map<string, TableRow[]> {
    const [start, end] = timespan.split('/').map(ticks) as [string, string];
    const seen = ({ TimeGenerated: at }: TableRow) => at >= start && at <= end;
    return new Map([...this.tables].map(([name, rows]) => [name, rows.filter(seen)]));
  }
}

function send(
  request: IncomingMessage,
  response: ServerResponse,
  status: number,
  body: object | string,
  headers: Record<string, string> = {},
): void {
  const isJson = typeof body === 'object';
  const text = isJson ? JSON.stringify(body) : body;
  const packs = isJson && /\bgzip\b/.test(String(request.headers['accept-encoding']));
  response.writeHead(status, {
    'content-type': isJson ? 'application/json; charset=utf-8' : 'text/html',
    ...(packs && { 'content-encoding': 'gzip' }),
    ...headers,
  });
  response.end(packs ? gzipSync(text, { level: 1 }) : text);
}

/** An error object as OneAPI has it. */
export function error(code: string, message: string, innererror?: object): { error: object } {
  return { error: { message, code, correlationId: '00000000', ...(innererror && { innererror }) } };
}

function partial(details: object[]): object {
  return { code: 'PartialError', message: 'There were some errors when processing your query.', details };
}

function cut(): object {
  return partial([
    {
      code: 'EngineError',
      message: 'Something went wrong processing your query on the server.',
      innererror: {
        code: '-2133196797',
        message: 'The results of this query exceed the set limit (E_QUERY_RESULT_SET_TOO_LARGE).',
        severity: 2,
        severityName: 'Error',
      },
    },
  ]);
}

function missing(message: string): object {
  return {
    code: 'EngineError',
    message: 'Something went wrong processing your query on the server.',
    innererror: { code: '-2133196790', message, severity: 3, severityName: 'Warning' },
  };
}
