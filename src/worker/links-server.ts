/**
 * The worker's door for people with a link, where links are configured. It is meant to stand behind a reverse proxy with TLS
 * and sign-on, and to be safe to use without the latter: nothing is shown or done without the token of a link.
 */
import type { AddressInfo } from 'node:net';
import { type Context, Hono, type Next } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { LINK_ACTIONS } from '../alerts/links.ts';
import { messageOf } from '../errors.ts';
import type { Log } from '../log.ts';
import { CONTENT_SECURITY_POLICY, noticePage } from './link-pages.ts';
import { LinksRoute, type LinksRouteOptions } from './links-route.ts';
import { listen, stopListening } from './listening.ts';

/** The fields of the form, each at its longest, percent-encoded. */
const MAX_BODY_BYTES = 16 * 1024;
/** For one request: a form is sent at once. */
const REQUEST_TIMEOUT_MS = 10_000;

const HEADERS = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  // The token stands in the address of the page.
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};

export interface LinksServerOptions extends Omit<LinksRouteOptions, 'now'> {
  host: string;
  port: number;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  now?: () => number;
}

export interface LinksServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Starts to listen. GET /health answers anyone, without a word about alerts.
 *
 * @throws PgvigilError CONFIG_INVALID when the port is taken
 */
export async function startLinksServer(options: LinksServerOptions): Promise<LinksServer> {
  const { host, port, log, now = Date.now } = options;
  const server = await listen(
    application(new LinksRoute({ ...options, now }), log),
    {
      host,
      port,
      key: 'links.port',
      hint: 'Choose another links.port, or an address of this machine for links.host.',
    },
    { requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
  );
  return { port: (server.address() as AddressInfo).port, close: () => stopListening(server) };
}

function application(route: LinksRoute, log: LinksServerOptions['log']): Hono {
  const app = new Hono();
  app.use(secured);
  app.get('/health', (context) => context.json({ status: 'ok' }));
  for (const action of LINK_ACTIONS) {
    const path = `/alerts/${action}`;
    app.get(path, (context) => route.show(context, action));
    app.post(path, smallBody, (context) => route.decide(context, action));
    app.all(path, wrongMethod);
  }
  app.notFound((context) =>
    context.html(
      noticePage('There is no such page', 'Open the link of the message again: it may not be complete.'),
      404,
    ),
  );
  app.onError((error, context) => {
    log.error({ error: messageOf(error) }, 'a link could not be answered');
    const text = 'The log of pgvigil says why. Open the link again to see whether anything was changed.';
    return context.html(noticePage('Something went wrong', text), 500);
  });
  return app;
}

async function secured(context: Context, next: Next): Promise<void> {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) context.res.headers.set(name, value);
}

const smallBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (context) =>
    context.html(noticePage('This is too much', 'Write a shorter note. Nothing was changed.'), 413),
});

function wrongMethod(context: Context): Response | Promise<Response> {
  context.header('allow', 'GET, HEAD, POST');
  return context.html(noticePage('This cannot be done with a link', 'Links are opened in a browser.'), 405);
}
