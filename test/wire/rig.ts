/** The endpoint as a worker would start it, over a small store. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { generate } from 'selfsigned';
import { makeVerifier } from '../../src/access/scram-verifier.ts';
import { readViews } from '../../src/query/catalog.ts';
import { openReader } from '../../src/query/reader.ts';
import { Sandbox } from '../../src/query/sandbox/sandbox.ts';
import { statesOf } from '../../src/query/sandbox/states.ts';
import { CatalogHost } from '../../src/wire/catalog/catalog-host.ts';
import type { QueryEntry, WireLimits, WireOptions } from '../../src/wire/options.ts';
import { startWire } from '../../src/wire/server.ts';
import { sampleFolder } from '../query/sample-store.ts';

export const PASSWORD = 'correct-horse-7';
export const LIMITS: WireLimits = {
  rows: 10_000,
  bytes: 50_000_000,
  timeoutMs: 10_000,
  connections: 20,
  idleMs: 60_000,
};

export interface Rig {
  port: number;
  queries: QueryEntry[];
  /** Fields and message of each line of the log. */
  log: [object, string][];
  /** PEM of the certificate, which is its own authority; null without TLS. */
  ca: string | null;
}

export interface RigOptions extends Partial<Pick<WireOptions, 'requireTls' | 'account' | 'runner'>> {
  tls?: boolean;
  limits?: Partial<WireLimits>;
}

export async function startRig(t: TestContext, options: RigOptions = {}): Promise<Rig> {
  const folder = await sampleFolder();
  const reader = await openReader(folder.dataDir);
  const catalog = await CatalogHost.start(await readViews(reader));
  const { dataDir } = folder;
  const sandbox = new Sandbox({ dataDir, states: statesOf(dataDir), processes: 2, memoryMb: 256 });
  const queries: QueryEntry[] = [];
  const log: [object, string][] = [];
  const write = (fields: object, message: string) => void log.push([fields, message]);
  const verifier = await makeVerifier(PASSWORD);
  const pair = options.tls ? await certificate() : null;
  const server = await startWire({
    host: '127.0.0.1',
    port: 0,
    tls: pair === null ? null : { key: pair.key, cert: pair.cert },
    requireTls: options.requireTls ?? pair !== null,
    runner: options.runner ?? sandbox,
    catalog,
    account:
      options.account ??
      (async (user) => {
        if (user === 'grafana') return { name: user, verifier, mayQuery: true };
        return user === 'viewer' ? { name: user, verifier, mayQuery: false } : null;
      }),
    limits: { ...LIMITS, ...options.limits },
    onQuery: (entry) => queries.push(entry),
    log: { info: write, warn: write, error: write } as unknown as WireOptions['log'],
  });
  t.after(async () => {
    await server.close();
    catalog.close();
    await sandbox.close();
    await reader.close();
    await folder.remove();
  });
  return { port: server.port, queries, log, ca: pair?.cert ?? null };
}

async function certificate(): Promise<{ key: string; cert: string }> {
  const pair = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    extensions: [
      { name: 'basicConstraints', cA: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
        ],
      },
    ],
  });
  return { key: pair.private, cert: pair.cert };
}

const found = ['/usr/lib/postgresql/15/bin/psql', '/usr/pgsql-15/bin/psql'].find((path) => existsSync(path));
export const psqlPath = found ?? 'psql';
const required = process.env.PGVIGIL_REQUIRE_REAL === '1';
/** Why there is no psql 15 to test with; false where there is one. */
export const skipPsql =
  found !== undefined || required
    ? false
    : 'psql 15 is not installed; install it: apt-get install postgresql-client-15';
if (skipPsql !== false) process.stderr.write(`SKIPPED, no real psql: ${skipPsql}\n`);

export interface PsqlResult {
  stdout: string;
  stderr: string;
  code: number;
}

/** Runs psql in an empty folder of its own, without anybody's settings. */
export async function psql(
  rig: Rig,
  args: readonly string[],
  settings: Record<string, string> = {},
): Promise<PsqlResult> {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-psql-'));
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    PGHOST: '127.0.0.1',
    PGPORT: String(rig.port),
    PGUSER: 'grafana',
    PGDATABASE: 'pgvigil',
    PGPASSWORD: PASSWORD,
    PGSSLMODE: 'disable',
    PGCONNECT_TIMEOUT: '20',
    ...settings,
  };
  try {
    return await new Promise((resolve) => {
      const options = { env, cwd: folder, timeout: 60_000, maxBuffer: 64 * 1024 * 1024 };
      const child = execFile(psqlPath, ['-X', '-w', ...args], options, (error, stdout, stderr) =>
        resolve({ stdout, stderr, code: typeof error?.code === 'number' ? error.code : error ? -1 : 0 }),
      );
      child.stdin?.end(); // it reads on after a COPY FROM that failed
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
