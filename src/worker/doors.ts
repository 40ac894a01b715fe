/** The doors that people and tools come through to ask, where they are configured. Queries run in processes of their own. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { isAtLeast } from '../access/access.ts';
import type { AccessTokens } from '../access/access-tokens.ts';
import { QueryLog } from '../access/query-log.ts';
import type { Desk } from '../alerts/requests.ts';
import type { Config } from '../config.ts';
import { messageOf, PgvigilError } from '../errors.ts';
import type { Log } from '../log.ts';
import { storedViews } from '../query/catalog.ts';
import { Sandbox } from '../query/sandbox/sandbox.ts';
import { removeSnapshot } from '../query/sandbox/states.ts';
import { type Api, startApi } from '../server/api.ts';
import { readMeta, writeMeta } from '../store/meta.ts';
import type { Store } from '../store/store.ts';
import { CatalogHost } from '../wire/catalog/catalog-host.ts';
import { startWire, type WireServer } from '../wire/server.ts';
import type { Snapshots } from './snapshots.ts';

const MEGABYTE = 1_000_000;
const MINUTE_MS = 60_000;

export interface DoorsOptions {
  config: Config;
  store: Store;
  snapshots: Pick<Snapshots, 'take'>;
  tokens: AccessTokens;
  desk: Desk;
  /** What GET /api/v1/status answers, as JSON. */
  status: () => Promise<unknown>;
  log: Log;
}

export interface Doors {
  /** Ends connections and queries, and stores what was asked. */
  close(): Promise<void>;
}

/** Nobody comes in: nothing listens, and no process waits for questions. */
const NONE: Doors = { close: async () => undefined };

/** @throws PgvigilError CONFIG_INVALID when a port is taken or a certificate cannot be used, FILE_UNREADABLE */
export async function openDoors(options: DoorsOptions): Promise<Doors> {
  const { config, store, snapshots, log } = options;
  if (config.wire === undefined && config.api === undefined) return NONE;
  const queryLog = await QueryLog.open(store, log);
  const sandbox = new Sandbox({
    dataDir: config.data,
    states: {
      exclusive: false,
      take: async (maxAgeMs) => ({ path: await snapshots.take(maxAgeMs) }),
      giveBack: removeSnapshot,
    },
    processes: config.query.processes,
    memoryMb: config.query.memoryMb,
  });
  const closing: (() => void | Promise<void>)[] = [() => sandbox.close(), () => queryLog.close()];
  const close = async () => {
    for (const end of closing) await end();
  };
  try {
    if (config.wire !== undefined) {
      const catalog = await CatalogHost.start(await storedViews(store));
      closing.unshift(() => catalog.close());
      const wire = await openWire(config.wire, options, sandbox, catalog, queryLog);
      closing.unshift(() => wire.close());
      log.info({ host: config.wire.host, port: wire.port }, 'PostgreSQL clients can ask');
    }
    if (config.api !== undefined) {
      const api = await openApi(config.api, options, sandbox, queryLog);
      closing.unshift(() => api.close());
    }
    return { close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openWire(
  wire: NonNullable<Config['wire']>,
  { config, store, tokens, log }: DoorsOptions,
  sandbox: Sandbox,
  catalog: CatalogHost,
  queryLog: QueryLog,
): Promise<WireServer> {
  return startWire({
    host: wire.host,
    port: wire.port,
    tls: wire.tls === undefined ? null : await tlsFiles(wire.tls),
    requireTls: wire.tls !== undefined,
    runner: sandbox,
    catalog,
    account: async (user) => {
      const account = await tokens.account(user);
      return (
        account && {
          name: account.name,
          verifier: account.verifier,
          mayQuery: isAtLeast(account.role, 'analyst'),
        }
      );
    },
    mockSecret: await mockSecret(store),
    limits: {
      ...limitsOf(config),
      connections: wire.connections,
      idleMs: wire.idleMinutes * MINUTE_MS,
    },
    onQuery: ({ ms, ...entry }) => queryLog.add({ ...entry, via: 'psql', startedAt: Date.now() - ms, ms }),
    log,
  });
}

async function openApi(
  api: NonNullable<Config['api']>,
  { config, store, tokens, desk, status, log }: DoorsOptions,
  sandbox: Sandbox,
  queryLog: QueryLog,
): Promise<Api> {
  return startApi({
    host: api.host,
    port: api.port,
    tls: api.tls === undefined ? null : await tlsFiles(api.tls),
    runner: sandbox,
    bearer: (token) => tokens.bearer(token),
    onQuery: (entry) => queryLog.add(entry),
    limits: {
      ...limitsOf(config),
      requestsPerMinute: api.requestsPerMinute,
      openAnswers: Math.max(1, config.query.processes - 1),
    },
    status,
    views: () => storedViews(store),
    desk,
    log,
  });
}

/** What one query may take. */
function limitsOf({ query }: Config): { rows: number; bytes: number; timeoutMs: number } {
  return {
    rows: query.maxRows,
    bytes: query.maxMegabytes * MEGABYTE,
    timeoutMs: query.timeoutSeconds * 1_000,
  };
}

async function tlsFiles({
  cert,
  key,
}: {
  cert: string;
  key: string;
}): Promise<{ cert: string; key: string }> {
  return { cert: await readPem(cert), key: await readPem(key) };
}

async function readPem(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new PgvigilError(
      'FILE_UNREADABLE',
      `cannot read ${path}: ${messageOf(error)}`,
      'Check tls.cert and tls.key in the configuration, and who may read the files.',
      error,
    );
  }
}

/** The same after a restart: salts of accounts that do not exist must not change when those of others stay. */
async function mockSecret(store: Store): Promise<Buffer> {
  const key = 'wire_mock_secret';
  const known = await readMeta(store, key);
  if (known !== null) return Buffer.from(known, 'base64url');
  const secret = randomBytes(32);
  await writeMeta(store, key, secret.toString('base64url'));
  return secret;
}
