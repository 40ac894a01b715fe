/** Lets requests through to their routes: who asks, how often, with which role, and whether what he sends is what the route reads. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Context, Hono, type Next } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { secureHeaders } from 'hono/secure-headers';
import type { z } from 'zod';
import { PgvigilError } from '../errors.ts';
import type { Log } from '../log.ts';
import { issuesIn } from '../schema-issues.ts';
import { jsonResponse } from './answering.ts';
import { checkRole, type Doorkeeper } from './doorkeeper.ts';
import { Exchange } from './exchange.ts';
import { DEFECT, type Failure, failureOf, HttpError } from './failure.ts';
import { BASE_PATH } from './openapi.ts';
import { allowanceHeaders } from './rate-limit.ts';
import type { AnyRoute, Services } from './route.ts';

/** The longest statement that is looked at, each character as a JSON escape, and its parameters. */
const MAX_BODY_BYTES = 1024 * 1024;

type Bindings = { incoming: IncomingMessage; outgoing: ServerResponse };
type Env = { Bindings: Bindings; Variables: { exchange: Exchange } };

export interface RouterOptions {
  doorkeeper: Doorkeeper;
  services: Services;
  /** Only this machine reaches it: then no other name leads here than that of this machine. */
  loopback: boolean;
  encrypted: boolean;
  /** How long a client may leave his answer unread. */
  idleMs: number;
  log: Pick<Log, 'warn' | 'error'>;
}

export function router(routes: readonly AnyRoute[], options: RouterOptions): Hono<Env> {
  const { loopback, encrypted, idleMs, log } = options;
  const app = new Hono<Env>();
  app.use(async (context, next) => {
    const exchange = new Exchange(context.env.incoming, context.env.outgoing, idleMs);
    context.set('exchange', exchange);
    await next();
    context.header('cache-control', 'no-store');
    exchange.awaitClient();
  });
  app.use(
    secureHeaders({
      contentSecurityPolicy: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      strictTransportSecurity: encrypted,
    }),
  );
  if (loopback) app.use(refuseOtherHosts);
  app.use(refuseHead);
  for (const route of routes) {
    const path = BASE_PATH + route.path.replaceAll(/\{(\w+)\}/g, ':$1');
    app.on(route.method.toUpperCase(), path, limitedBody, (context) => answer(route, context, options));
  }
  for (const path of new Set(routes.map((route) => route.path))) {
    const allowed = routes.filter((route) => route.path === path).map(({ method }) => method.toUpperCase());
    app.all(BASE_PATH + path.replaceAll(/\{(\w+)\}/g, ':$1'), () => {
      throw wrongMethod(allowed);
    });
  }
  app.notFound(() =>
    refused({
      status: 404,
      headers: {},
      body: {
        error: {
          code: 'NOT_FOUND',
          message: 'there is no such path',
          hint: `GET ${BASE_PATH}/openapi.json lists them all.`,
        },
      },
    }),
  );
  app.onError((error, context) => {
    const { client } = context.get('exchange');
    const failure = failureOf(error);
    if (failure === null) log.error({ err: error, client, path: context.req.path }, 'a request met a defect');
    else if (failure.status === 401 || failure.status === 403)
      log.warn({ client, code: failure.body.error.code, reason: error.message }, 'a request was refused');
    return refused(failure ?? DEFECT);
  });
  return app;
}

async function answer(
  route: AnyRoute,
  context: Context<Env>,
  { doorkeeper, services }: RouterOptions,
): Promise<Response> {
  const exchange = context.get('exchange');
  let user = '';
  if (route.role !== null) {
    const { access, allowance } = await doorkeeper.admit(
      context.req.header('authorization'),
      exchange.client,
    );
    for (const [name, value] of Object.entries(allowanceHeaders(allowance))) context.header(name, value);
    checkRole(access, route.role);
    user = access.name;
  }
  const path = route.parts && checked(route.parts, context.req.param());
  const query = route.query && checked(route.query, onceEach(context.req.queries()));
  const body = route.body && checked(route.body, await bodyOf(context));
  return route.answer({ path, query, body, user, exchange }, services);
}

function checked(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new PgvigilError(
    'USAGE',
    issuesIn(parsed.error),
    `GET ${BASE_PATH}/openapi.json says what is expected.`,
  );
}

/** @throws PgvigilError USAGE: of two values for one name, none is surely meant */
function onceEach(queries: Record<string, string[]>): Record<string, string> {
  const twice = Object.keys(queries).find((name) => queries[name]!.length > 1);
  if (twice === undefined)
    return Object.fromEntries(Object.entries(queries).map(([name, [value = '']]) => [name, value]));
  throw new PgvigilError('USAGE', 'a parameter is given twice', 'Give each parameter once.');
}

/** No body at all is an empty object: where nothing has to be said, nothing need be sent. */
async function bodyOf(context: Context<Env>): Promise<unknown> {
  const text = await context.req.text();
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    throw new PgvigilError('USAGE', 'the body is no JSON', 'Send one JSON object.');
  }
}

const limitedBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: () => {
    throw new HttpError(
      'BODY_TOO_LARGE',
      `the body is longer than ${MAX_BODY_BYTES} bytes`,
      'Ask a shorter question.',
    );
  },
});

/** A web page that had its own name resolve to 127.0.0.1 would send that name (DNS rebinding). */
async function refuseOtherHosts(context: Context<Env>, next: Next): Promise<void> {
  if (
    !/^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|localhost|\[::1\])(:\d{1,5})?$/i.test(context.req.header('host') ?? '')
  ) {
    throw new HttpError(
      'WRONG_HOST',
      'this is not the host that was asked for',
      'Ask 127.0.0.1 or localhost.',
    );
  }
  await next();
}

/** Hono answers it as GET, which would take a page from an answer and throw it away. */
async function refuseHead(context: Context<Env>, next: Next): Promise<void> {
  if (context.env.incoming.method === 'HEAD') throw wrongMethod(['GET', 'POST']);
  await next();
}

function wrongMethod(allowed: readonly string[]): HttpError {
  const allow = allowed.join(', ');
  return new HttpError('METHOD_NOT_ALLOWED', 'the path has no such method', `It has ${allow}.`, { allow });
}

function refused({ status, headers, body }: Failure): Response {
  return jsonResponse(body, status, headers);
}
