/**
 * The running worker's door for other commands: loopback only, with a token that stands in `worker.json`.
 *
 * DuckDB lets no second process read while one writes, so readers get a state of their own.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { type Context, Hono, type Next } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { AccessTokens } from '../access/access-tokens.ts';
import type { AllowList } from '../alerts/allow-list/allow-list.ts';
import type { Desk } from '../alerts/requests.ts';
import { messageOf, PgvigilError } from '../errors.ts';
import { type WorkerFile, workerFilePath } from '../query/control-client.ts';
import { alertsRoute } from './alerts-route.ts';
import { allowListRoute } from './allow-list-route.ts';
import { listen, stopListening } from './listening.ts';
import { type SnapshotStore, Snapshots } from './snapshots.ts';
import { tokensRoute } from './tokens-route.ts';

const MAX_BODY_BYTES = 64 * 1024;

export interface ControlOptions {
  dataDir: string;
  /** Port on 127.0.0.1; 0: any free one. */
  port: number;
  store: SnapshotStore;
  /** What GET /status answers, as JSON. */
  status: () => unknown;
  allowList: Pick<AllowList, 'add' | 'remove'>;
  desk: Desk;
  tokens: Pick<AccessTokens, 'create' | 'revoke'>;
}

export interface Control {
  /** States for readers in other processes. */
  readonly snapshots: Snapshots;
  readonly port: number;
  /** Stops listening and removes `worker.json`. */
  close(): Promise<void>;
}

/**
 * Starts to listen and writes `worker.json`.
 *
 * GET /health answers anyone on this machine; the other paths ask for `Authorization: Bearer`.
 *
 * @throws PgvigilError CONFIG_INVALID when the port is taken, STORE_WRITE when the folder cannot be written
 */
export async function startControl(options: ControlOptions): Promise<Control> {
  const token = randomBytes(32).toString('base64url');
  const snapshots = await Snapshots.open(options.dataDir, options.store);
  const server = await listen(application(token, snapshots, options), {
    host: '127.0.0.1',
    port: options.port,
    key: 'control.port',
    hint: 'Choose another control.port, or 0 for any free one.',
  });
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    await removeWorkerFile(options.dataDir, token);
    await stopListening(server);
    await snapshots.close();
  };
  try {
    await writeWorkerFile(options.dataDir, { pid: process.pid, port, token });
  } catch (error) {
    await close();
    throw new PgvigilError(
      'STORE_WRITE',
      `cannot write ${workerFilePath(options.dataDir)}: ${messageOf(error)}`,
      'Free space or mend the permissions of the data folder.',
      error,
    );
  }
  return { port, snapshots, close };
}

function application(token: string, snapshots: Snapshots, options: ControlOptions): Hono {
  const { status, allowList, desk, tokens } = options;
  const app = new Hono();
  app.use(refuseOtherHosts);
  app.get('/health', (context) => context.json({ status: 'ok' }));
  const authorized = bearer(token);
  app.get('/status', authorized, async (context) => context.json((await status()) as object));
  app.post('/snapshot', authorized, async (context) => context.json({ path: await snapshots.take() }));
  app.post('/alerts', authorized, smallBody, alertsRoute(desk));
  app.post('/allow-list', authorized, smallBody, allowListRoute(allowList));
  app.post('/tokens', authorized, smallBody, tokensRoute(tokens));
  app.notFound((context) => context.json({ error: 'not found' }, 404));
  app.onError((error, context) => context.json({ error: messageOf(error) }, 500));
  return app;
}

const smallBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (context) => context.json({ error: 'the body is too large' }, 413),
});

/** A web page that had its own name resolve to 127.0.0.1 would send that name (DNS rebinding). */
async function refuseOtherHosts(context: Context, next: Next): Promise<Response | undefined> {
  if (!/^(127\.0\.0\.1|localhost)(:\d{1,5})?$/i.test(context.req.header('host') ?? '')) {
    return context.json({ error: 'wrong host' }, 421);
  }
  await next();
  return undefined;
}

function bearer(token: string) {
  const expected = digest(`Bearer ${token}`);
  return async (context: Context, next: Next): Promise<Response | undefined> => {
    if (!timingSafeEqual(digest(context.req.header('authorization') ?? ''), expected)) {
      return context.json({ error: 'unauthorized' }, 401, { 'www-authenticate': 'Bearer' });
    }
    await next();
    return undefined;
  };
}

/** Same length for every text, which a comparison in constant time needs. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

/** Readers see the whole file or none. */
async function writeWorkerFile(dataDir: string, worker: WorkerFile): Promise<void> {
  const path = workerFilePath(dataDir);
  const temporary = `${path}.${process.pid}`;
  await rm(temporary, { force: true }); // of a killed process with the same pid
  await writeFile(temporary, JSON.stringify(worker), { mode: 0o600, flag: 'wx' });
  await rename(temporary, path);
}

async function removeWorkerFile(dataDir: string, token: string): Promise<void> {
  const path = workerFilePath(dataDir);
  const text = await readFile(path, 'utf8').catch(() => '');
  if (text.includes(token)) await rm(path, { force: true });
}
