/** What the tests of detection share: log lines made by hand, and the alerts that a detector makes of them. */
import type { TestContext } from 'node:test';
import { type Detector, loadDetectors } from '../../src/detect/detector.ts';
import { bindParameters } from '../../src/detect/parameters.ts';
import type { AuditEntry, ConnectionEvent } from '../../src/model/fact.ts';
import type { LogRecord } from '../../src/model/record.ts';
import type { Statement } from '../../src/model/statement.ts';
import { statementOfMessage } from '../../src/statements/message-features.ts';
import { loadParser } from '../../src/statements/parser/parser.ts';
import type { Row, Store } from '../../src/store/store.ts';
import { StoreWriter } from '../../src/store/writer.ts';
import { Detection } from '../../src/worker/detection.ts';
import { parsedStatement } from '../statements/support.ts';
import { audit, connection, logRecord, message, SOURCE, T0, temporaryStore } from '../store/support.ts';

await loadParser();

export { T0 };
export const SECOND = 1_000;
export const MINUTE = 60_000;
export const HOUR = 3_600_000;
export const DAY = 86_400_000;

/** One log record, and the features of its statement. */
export interface Line {
  record: LogRecord;
  features: Statement | null;
}

/** Whose line it is. */
export interface Who {
  server?: string;
  session: string;
  user?: string;
  client?: string;
  database?: string;
  application?: string;
}

const base = (at: number, who: Who): Partial<LogRecord> => ({
  eventTime: at,
  server: who.server ?? 'pg-1',
  sessionId: who.session,
});

function connectionLine(at: number, who: Who, fact: ConnectionEvent, sqlstate = '00000'): Line {
  return { record: logRecord(fact, { ...base(at, who), sqlstate }), features: null };
}

/** A sign-in that is refused, as PostgreSQL logs it: the address in one line, the refusal in another. */
export function refused(at: number, who: Who, reason = 'bad_password'): Line[] {
  return [
    connectionLine(at, who, connection('received', { client: who.client ?? null })),
    connectionLine(at + 5, who, connection('failed', { user: who.user ?? null, reason }), '28P01'),
  ];
}

/** A sign-in that succeeds. */
export function signIn(at: number, who: Who): Line[] {
  const { user = null, client = null, database = 'orders', application = null } = who;
  return [
    connectionLine(at, who, connection('received', { client })),
    connectionLine(at + 5, who, connection('authenticated', { identity: user, method: 'scram-sha-256' })),
    connectionLine(at + 6, who, connection('authorized', { user, database, application, tls: true })),
  ];
}

/** `count` refused sign-ins, `everyMs` apart, each in a session of its own as libpq makes them. */
export function refusals(
  from: number,
  count: number,
  everyMs: number,
  who: Omit<Who, 'session'>,
  reason?: string,
): Line[] {
  return Array.from({ length: count }, (_, index) =>
    refused(from + index * everyMs, { ...who, session: `${who.user}.${from.toString(36)}.${index}` }, reason),
  ).flat();
}

/** An audited statement. The features are those that the parser finds in the text. */
export function audited(at: number, who: Who, statement: string, entry: Partial<AuditEntry> = {}): Line {
  return {
    record: logRecord(audit({ statement, ...entry }), base(at, who)),
    features: parsedStatement(statement),
  };
}

/** A statement that failed; `statement` is null where the server does not ship the text. */
export function failed(
  at: number,
  who: Who,
  sqlstate: string,
  text: string,
  statement: string | null = null,
): Line {
  const fact = { kind: 'failure', sqlstate, message: text, statement } as const;
  return {
    record: logRecord(fact, { ...base(at, who), level: 'ERROR', sqlstate }),
    features: statement === null ? statementOfMessage(sqlstate, text) : parsedStatement(statement),
  };
}

/** A server setting that changed on reload. */
export function settingChanged(at: number, parameter: string, value: string | null): Line {
  const fact = { kind: 'setting', parameter, value } as const;
  return { record: logRecord(fact, base(at, { session: 'postmaster.1' })), features: null };
}

/** Stores lines in one further message. */
export async function write(store: Store, lines: readonly Line[]): Promise<void> {
  const writer = await StoreWriter.create(store);
  const next = (writer.position(SOURCE, '0')?.sequenceNumber ?? 0) + 1;
  const records = lines.map(({ record }, index) => ({ ...record, index }));
  const features = lines.flatMap(({ features }, index) =>
    features === null ? [] : [[index, features] as [number, Statement]],
  );
  await writer.commit([message(next, { records, features })]);
}

const shipped = loadDetectors();

/** One of pgvigil's own detectors. */
export async function detectorOf(id: string): Promise<Detector> {
  const detector = (await shipped).detectors.find((candidate) => candidate.id === id);
  if (detector === undefined) throw new Error(`there is no detector ${id}`);
  return detector;
}

export interface FoundAlert extends Row {
  server: string;
  entity: string;
  severity: string;
  summary: string;
  evidence_count: bigint;
  observed: number | null;
}

/** Detection with these detectors, without channels. */
export function detection(
  store: Store,
  detectors: readonly Detector[],
  options: {
    parameters?: Record<string, unknown>;
    mode?: 'on' | 'shadow';
    timeoutMs?: number;
    latenessMs?: number;
    now?: () => number;
    onFailure?: (detector: Detector, error: string) => void;
    learn?: (until: number) => Promise<void>;
    slowest?: () => Promise<number>;
  } = {},
): Detection {
  const { parameters = {}, mode = 'on', onFailure, ...rest } = options;
  return new Detection({
    store,
    detectors: detectors.map((detector) => ({
      detector,
      values: bindParameters(detector, parameters),
      mode,
    })),
    latenessMs: 0,
    timeoutMs: 30_000,
    now: Date.now,
    onFailure:
      onFailure ??
      ((detector, error) => {
        throw new Error(`${detector.id}: ${error}`);
      }),
    ...rest,
  });
}

export async function storedAlerts(store: Store): Promise<FoundAlert[]> {
  const rows = await store.rows<FoundAlert>('SELECT * FROM alerts ORDER BY server, entity, first_seen');
  return rows.map((row) => ({ ...row }));
}

/** The alerts that one detector makes of these lines, in a store of their own. */
export async function alertsFrom(
  t: TestContext,
  id: string,
  lines: readonly Line[],
  parameters: Record<string, unknown> = {},
): Promise<FoundAlert[]> {
  const store = await temporaryStore(t);
  await write(store, lines);
  await detection(store, [await detectorOf(id)], { parameters }).finish();
  return storedAlerts(store);
}
