/**
 * The HTTP API: questions, alerts and the state of the worker, for programs.
 *
 * Whoever has no token gets nothing but refusals. Queries run away from whoever writes, in the query runner, and every one of
 * them goes to the audit.
 */
import { createServer as createPlainServer, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { getRequestListener } from '@hono/node-server';
import type { Access, QueryEntry } from '../access/access.ts';
import { isLoopback, openPort, refuseExposure, withCertificate } from '../access/door.ts';
import type { Desk } from '../alerts/requests.ts';
import type { Log } from '../log.ts';
import type { QueryRunner } from '../query/query-runner.ts';
import type { View } from '../query/query-session.ts';
import { AskedQuery } from './asked-query.ts';
import { Doorkeeper } from './doorkeeper.ts';
import { OpenAnswers } from './open-answers.ts';
import type { QueryLimits, Services } from './route.ts';
import { router } from './router.ts';
import { ROUTES } from './routes.ts';

/** For the head of a request, and for all of it. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 30_000;
/** How often Node looks for those whose time is over. */
const CHECK_MS = 5_000;
const MAX_CONNECTIONS = 256;
/** How long an answer may stay unread, and its next page unasked for. */
const IDLE_MS = 60_000;

export interface ApiLimits extends QueryLimits {
  /** Of one token. */
  requestsPerMinute: number;
  /** Answers that are read page by page, of all tokens; fewer than queries that can run at a time. */
  openAnswers: number;
}

export interface ApiOptions {
  host: string;
  /** 0: any free one. */
  port: number;
  tls: { key: string | Buffer; cert: string | Buffer } | null;
  runner: QueryRunner;
  /** Whose token it is; null: nobody's. */
  bearer(token: string): Promise<Access | null>;
  /** Told once of each query, when it has ended. */
  onQuery(entry: QueryEntry): void;
  limits: ApiLimits;
  /** What GET /status answers, as JSON. */
  status(): Promise<unknown>;
  views(): Promise<readonly View[]>;
  desk: Desk;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Of clients that read nothing and of pages that nobody asks for; a minute unless told. */
  idleMs?: number;
}

export interface Api {
  readonly port: number;
  /** Ends all connections and queries. */
  close(): Promise<void>;
}

/**
 * Starts to listen.
 *
 * @throws PgvigilError CONFIG_INVALID when the port is taken, the certificate cannot be used, or others than this machine could
 *   listen to what is said unencrypted
 */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { host, port, tls, bearer, limits, log, idleMs = IDLE_MS } = options;
  const loopback = isLoopback(host);
  refuseExposure('api', host, tls);
  const open = new OpenAnswers(idleMs, limits.openAnswers);
  const app = router(ROUTES, {
    doorkeeper: new Doorkeeper(bearer, limits.requestsPerMinute),
    services: servicesOf(options, open),
    loopback,
    encrypted: tls !== null,
    idleMs,
    log,
  });
  const server = serverOf(tls, getRequestListener(app.fetch as Parameters<typeof getRequestListener>[0]));
  server.maxConnections = MAX_CONNECTIONS;
  const taken = await openPort(server, { section: 'api', host, port, log });
  log.info({ host, port: taken, tls: tls !== null }, 'the HTTP API listens');
  return {
    port: taken,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      open.close();
      await closed;
    },
  };
}

function servicesOf(
  { runner, limits, status, views, desk, onQuery }: ApiOptions,
  open: OpenAnswers,
): Services {
  return {
    runner,
    limits,
    open,
    status,
    views,
    desk,
    ask: ({ sql, parameters, limit, timeoutMs, audit }, user, exchange) => {
      const given = parameters !== undefined && Object.keys(parameters).length > 0;
      const request = {
        sql,
        ...(given && { parameters }),
        limitRows: Math.min(limit ?? limits.rows, limits.rows),
        limitBytes: limits.bytes,
        timeoutMs: Math.min(timeoutMs ?? limits.timeoutMs, limits.timeoutMs),
      };
      const { client, gone } = exchange;
      return AskedQuery.start({ runner, request, user, client, sql: audit, onQuery }, gone);
    },
  };
}

function serverOf(tls: ApiOptions['tls'], listener: RequestListener): Server {
  const timeouts = {
    headersTimeout: HEADERS_MS,
    requestTimeout: REQUEST_MS,
    connectionsCheckingInterval: CHECK_MS,
  };
  if (tls === null) return createPlainServer(timeouts, listener);
  const secure = { ...timeouts, ...tls, minVersion: 'TLSv1.2', handshakeTimeout: HEADERS_MS } as const;
  return withCertificate('api', () => createTlsServer(secure, listener));
}
