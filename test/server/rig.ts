/** The API as a worker would start it: over a store that is written, with queries in processes of their own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { QueryEntry, Role } from '../../src/access/access.ts';
import { saveChanges } from '../../src/alerts/alert-store.ts';
import { AlertDesk } from '../../src/alerts/desk.ts';
import { Notifier } from '../../src/alerts/notifier.ts';
import type { Alert } from '../../src/model/alert.ts';
import { readViews } from '../../src/query/catalog.ts';
import type { View } from '../../src/query/query-session.ts';
import { openReader } from '../../src/query/reader.ts';
import { Sandbox } from '../../src/query/sandbox/sandbox.ts';
import { removeSnapshot } from '../../src/query/sandbox/states.ts';
import { type ApiOptions, startApi } from '../../src/server/api.ts';
import { Store } from '../../src/store/store.ts';
import { Snapshots } from '../../src/worker/snapshots.ts';
import { fill } from '../query/sample-store.ts';

/** A token of each role, and a second one of an analyst. */
export const TOKENS: Readonly<Record<string, { name: string; role: Role }>> = {
  pgv_viewer: { name: 'wall', role: 'viewer' },
  pgv_analyst: { name: 'ana', role: 'analyst' },
  pgv_other: { name: 'otto', role: 'analyst' },
  pgv_admin: { name: 'ada', role: 'admin' },
};

export const LIMITS = {
  rows: 1_000_000,
  bytes: 400_000_000,
  timeoutMs: 20_000,
  requestsPerMinute: 10_000,
  openAnswers: 8,
};

export interface Rig {
  port: number;
  store: Store;
  queries: QueryEntry[];
  /** What was logged, as JSON. */
  logged: string[];
  /** Asks below /api/v1, as an analyst unless another token is given. */
  ask(path: string, request?: RequestInit & { token?: string | null }): Promise<Response>;
  post(path: string, body: unknown, request?: { token?: string; accept?: string }): Promise<Response>;
  /** A socket that has sent a request for a query. */
  rawQuery(sql: string, accept?: string): Promise<Socket>;
  close(): Promise<void>;
}

export interface RigOptions
  extends Partial<Pick<ApiOptions, 'runner' | 'idleMs' | 'limits' | 'tls' | 'host'>> {
  /** A folder that was filled; one of its own with a few rows unless given. */
  dataDir?: string;
}

export async function startRig({ dataDir: filled, ...options }: RigOptions = {}): Promise<Rig> {
  const dataDir = filled ?? (await mkdtemp(join(tmpdir(), 'pgvigil-api-')));
  const views = await viewsOf(dataDir);
  const store = await Store.open(dataDir);
  if (filled === undefined) await fill(store);
  const snapshots = await Snapshots.open(dataDir, store);
  const states = {
    exclusive: false,
    take: async (maxAgeMs: number) => ({ path: await snapshots.take(maxAgeMs) }),
    giveBack: removeSnapshot,
  };
  const sandbox = new Sandbox({ dataDir, states, processes: 3, memoryMb: 256 });
  const queries: QueryEntry[] = [];
  const logged: string[] = [];
  const write = (...line: unknown[]) => void logged.push(JSON.stringify(line));
  const leave = async () => {
    await sandbox.close();
    await snapshots.close();
    await store.close();
    if (filled === undefined) await rm(dataDir, { recursive: true, force: true });
  };
  const started = startApi({
    host: '127.0.0.1',
    port: 0,
    tls: null,
    runner: sandbox,
    bearer: async (token) => TOKENS[token] ?? null,
    onQuery: (entry) => queries.push(entry),
    limits: LIMITS,
    status: async () => ({ state: 'running' }),
    views: async () => views,
    desk: new AlertDesk({ store, notifier: new Notifier({ routes: [] }), detectorFolders: [] }),
    log: { info: write, warn: write, error: write } as unknown as ApiOptions['log'],
    ...options,
  });
  // What is refused leaves nothing behind either.
  const api = await started.catch(async (error) => {
    await leave();
    throw error;
  });
  const ask: Rig['ask'] = (path, { token = 'pgv_analyst', ...request } = {}) =>
    fetch(`http://127.0.0.1:${api.port}/api/v1${path}`, {
      ...request,
      headers: { ...(token !== null && { authorization: `Bearer ${token}` }), ...request.headers },
    });
  return {
    port: api.port,
    store,
    queries,
    logged,
    ask,
    post: (path, body, { token = 'pgv_analyst', accept = 'application/json' } = {}) =>
      ask(path, { method: 'POST', token, headers: { accept }, body: JSON.stringify(body) }),
    rawQuery: (sql, accept = 'application/x-ndjson') => rawQuery(api.port, sql, accept),
    close: async () => {
      await api.close();
      await leave();
    },
  };
}

/** Read before anybody writes the store. */
async function viewsOf(dataDir: string): Promise<View[]> {
  await (await Store.open(dataDir)).close();
  const reader = await openReader(dataDir);
  try {
    return await readViews(reader);
  } finally {
    await reader.close();
  }
}

async function rawQuery(port: number, sql: string, accept: string): Promise<Socket> {
  const socket = await connected(port);
  const body = JSON.stringify({ sql });
  socket.write(
    `POST /api/v1/query HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer pgv_analyst\r\n` +
      `Accept: ${accept}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  return socket;
}

export function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', reject);
  });
}

export async function storeAlerts(store: Store, alerts: readonly Alert[]): Promise<void> {
  await store.transaction((transaction) =>
    saveChanges(
      transaction,
      alerts.map((alert) => ({ alert, added: [], change: 'opened' as const, before: null })),
    ),
  );
}

/** Waits until something is so, for ten seconds at most. */
export async function until(what: () => boolean): Promise<void> {
  for (const end = Date.now() + 10_000; !what(); ) {
    if (Date.now() > end) throw new Error('it did not happen within 10 s');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
