/** What the tests of the store share: data folders that go away, and decoded messages made by hand. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { AuditEntry, Fact } from '../../src/model/fact.ts';
import type { LogRecord } from '../../src/model/record.ts';
import type { Reject } from '../../src/model/reject.ts';
import type { Statement } from '../../src/model/statement.ts';
import type { StatementFeatures } from '../../src/model/statement-features.ts';
import { Store, type StoreEvents } from '../../src/store/store.ts';
import type { WritableMessage } from '../../src/store/writable-message.ts';

export { connectionEvent as connection } from '../../src/decode/connection/connection-line.ts';

export const T0 = Date.UTC(2026, 2, 2, 9);
export const SOURCE = 'eventhub:test/logs/$Default';

/** An empty folder, removed after the test. */
export async function temporaryFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-store-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens a store that the end of the test closes if the test has not. */
export async function openStore(t: TestContext, folder: string, events?: StoreEvents): Promise<Store> {
  const store = await Store.open(folder, events);
  t.after(() => store.close().catch(() => undefined)); // closed already
  return store;
}

export async function temporaryStore(t: TestContext): Promise<Store> {
  return openStore(t, await temporaryFolder(t));
}

export async function count(store: Pick<Store, 'rows'>, table: string): Promise<number> {
  const [row] = await store.rows<{ n: bigint }>(`SELECT count(*) AS n FROM store.${table}`);
  return Number(row?.n);
}

let lines = 0;

/** A record with a text that no other of this process has, so that none is taken for a copy. */
export function logRecord(fact: Fact | null, changes: Partial<LogRecord> = {}): LogRecord {
  return {
    index: 0,
    eventTime: T0,
    azureTime: changes.eventTime ?? T0,
    server: 'pg-1',
    category: 'PostgreSQLLogs',
    sessionId: '69a55080.1a',
    pid: 26,
    backendType: 'client backend',
    level: 'LOG',
    sqlstate: '00000',
    prefix: '%t-%c-',
    message: `line ${++lines}`,
    detail: null,
    context: null,
    properties: null,
    prefixUser: null,
    prefixDatabase: null,
    prefixClient: null,
    prefixApplication: null,
    fact,
    ...changes,
  };
}

export function audit(changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    kind: 'audit',
    auditType: 'SESSION',
    statementId: 1,
    substatementId: 1,
    class: 'READ',
    command: 'SELECT',
    objectType: null,
    objectName: null,
    statement: 'SELECT 1',
    previouslyLogged: false,
    parameters: null,
    rows: 1,
    truncated: false,
    ...changes,
  };
}

/** A statement that the parser read. */
export function features(
  statementHash: string,
  { sqlText = `SELECT '${statementHash}'`, ...changes }: Partial<StatementFeatures & Statement> = {},
): Statement {
  const template = {
    templateId: `template-${statementHash}`,
    literalsRead: [],
    features: { ...FEATURES, ...changes },
  };
  return { statementHash, sqlText, textLength: sqlText?.length ?? 0, template };
}

const FEATURES: StatementFeatures = {
  parseOk: true,
  fingerprint: '0123456789abcdef',
  normalized: 'SELECT $1',
  kinds: ['SelectStmt'],
  relationsRead: [],
  relationsWritten: [],
  catalogs: [],
  catalogsWritten: [],
  columnsRead: [],
  columnsWritten: [],
  functions: [],
  flags: [],
  settingName: null,
  settingValue: null,
  settingScope: null,
  settings: [],
  rolesGranted: [],
  grantees: [],
  roleOptions: [],
  hosts: [],
  language: null,
  extension: null,
  path: null,
  target: null,
  statementCount: 1,
  dropCount: 0,
  nullPads: 0,
  chrChain: 0,
  tailRedacted: false,
};

export function reject(reason = 'broken'): Reject {
  return { index: null, code: 'INVALID_JSON', reason, raw: Buffer.from('{"records":[') };
}

export interface MessageParts {
  records?: LogRecord[];
  rejects?: Reject[];
  features?: [number, Statement][];
  partition?: string;
  contiguous?: boolean;
}

/** Message `sequenceNumber` of a partition; one plain record unless told otherwise. */
export function message(sequenceNumber: number, parts: MessageParts = {}): WritableMessage {
  return {
    position: {
      source: SOURCE,
      partition: parts.partition ?? '0',
      sequenceNumber,
      offset: `offset-${sequenceNumber}`,
    },
    decoded: {
      records: parts.records ?? [logRecord(null)],
      rejects: parts.rejects ?? [],
      unexplained: [],
    },
    statements: new Map(parts.features),
    contiguous: parts.contiguous ?? true,
  };
}

/** Runs a script of this folder in a process of its own. */
export function startChild(script: string, ...parameters: string[]) {
  const file = new URL(script, import.meta.url).pathname;
  return spawn(process.execPath, ['--import', 'tsx', file, ...parameters], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** What such a script prints until it ends. */
export async function outputOf(script: string, ...parameters: string[]): Promise<string> {
  const child = startChild(script, ...parameters);
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await new Promise((ended) => child.once('close', ended));
  return output.trim();
}
