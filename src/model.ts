/**
 * The terms of the domain, then the types that rooms hand to each other.
 *
 * - **message**: one Event Hubs event, or one line of a file: bytes that hold one or more records.
 * - **record**: one log record as Azure sent it (an element of `records[]`).
 * - **fact**: what a record says: a connection event, an audit entry, a failure, a setting change.
 * - **session**: one PostgreSQL backend, key (server, `%c`): start time and pid in hex.
 * - **activity**: an audited statement, or one that failed; one stream with `ok`.
 * - **statement features**: what the AST of a text says; one row per distinct text.
 * - **detector**: one SQL file. **evidence**: a row that it returned. **alert**: evidence with one dedup key.
 * - **position**: (source, partition) → sequence number and offset up to which everything is stored.
 * - **watermark**: event time up to which detection has run.
 *
 * Times are milliseconds since 1970-01-01 UTC (`number`) unless a name says otherwise.
 */

/** Where a source stands in one partition: everything up to here is stored. */
export interface Position {
  /** Stable name of the stream, e.g. `eventhub:ns.servicebus.windows.net/logs/$Default` or `file:<digest>`. */
  source: string;
  partition: string;
  sequenceNumber: number;
  /** Opaque: never parsed or compared. */
  offset: string;
}

/** One message of a source, with its place. */
export interface SourceMessage extends Position {
  body: Uint8Array;
}

/** One log record as far as envelope and log_line_prefix say. Text fields are already redacted. */
export interface LogRecord {
  /** Place inside the message, from 0. */
  index: number;
  /** `properties.timestamp`, else `time`. */
  eventTime: number;
  /**
   * `time`, in Log Analytics `TimeGenerated`: when Azure took the record over, 0 to 7 ms after the event on current
   * builds. What all copies of one record have in common. `eventTime` where the record has none.
   */
  azureTime: number;
  /** LogicalServerName, else last segment of resourceId; lower case. */
  server: string;
  /** `PostgreSQLLogs`, `PostgreSQLFlexPGBouncer`, …; `metrics` for metric records. */
  category: string;
  /** `%c` of the prefix, lower-case hex `start.pid`; null for categories without one. */
  sessionId: string | null;
  pid: number | null;
  backendType: string | null;
  /** LOG, ERROR, FATAL, …; null for categories without one. */
  level: string | null;
  sqlstate: string | null;
  /** The `log_line_prefix` that explained the message; null for categories without one. */
  prefix: string | null;
  /** Message text after prefix and level; null where `properties` holds the record. */
  message: string | null;
  detail: string | null;
  context: string | null;
  /** The `properties` (or the whole record where there are none) of categories that are kept as they came; JSON. */
  properties: string | null;
  /** What the log_line_prefix said of the session, if it says more than `%t-%c-`. */
  prefixUser: string | null;
  prefixDatabase: string | null;
  prefixClient: string | null;
  prefixApplication: string | null;
  fact: Fact | null;
}

export type Fact = ConnectionEvent | AuditEntry | Failure | SettingChange;

export const CONNECTION_EVENTS = [
  /** Not a line about the connection, but the first of its session that tells the names, or a snapshot of it. */
  'seen',
  'received',
  'authenticated',
  'authorized',
  'ready',
  'disconnected',
  /** Wrong password, unknown role, expired password: the credential was refused. */
  'failed',
  /** Refused for another reason: no pg_hba.conf entry, no such database, no CONNECT right, not permitted. */
  'rejected',
  /** No free connection slot. */
  'limit',
  /** Not a PostgreSQL client: broken startup packet, failed TLS handshake. */
  'protocol_error',
] as const;
export type ConnectionEventName = (typeof CONNECTION_EVENTS)[number];

/** A step in the life of a connection. Fields that the line does not carry are null. */
export interface ConnectionEvent {
  kind: 'connection';
  event: ConnectionEventName;
  user: string | null;
  database: string | null;
  /** Address, host name, or `[local]` for a unix socket. */
  client: string | null;
  clientPort: number | null;
  application: string | null;
  /** System identity from `connection authenticated` (PG 14+). */
  identity: string | null;
  /** scram-sha-256, md5, cert, trust, … */
  method: string | null;
  tls: boolean | null;
  /** TLSv1.3, … */
  tlsVersion: string | null;
  replication: boolean;
  /** For failures: bad_password, no_such_role, no_password, expired, no_hba, not_permitted, no_such_db, no_connect_priv, too_many, … */
  reason: string | null;
  /** Session time of a disconnection, milliseconds. */
  durationMs: number | null;
}

/** One `AUDIT:` line of pgaudit. */
export interface AuditEntry {
  kind: 'audit';
  auditType: 'SESSION' | 'OBJECT';
  statementId: number;
  substatementId: number;
  /** READ, WRITE, FUNCTION, ROLE, DDL, MISC. */
  class: string;
  command: string;
  objectType: string | null;
  objectName: string | null;
  /** Redacted SQL text; null where pgaudit printed a marker such as `<not logged>`. */
  statement: string | null;
  /** `<previously logged>`: the text is that of the same (session, statement, substatement). */
  previouslyLogged: boolean;
  /** pgaudit's own CSV of the parameters, redacted; null where it printed `<none>` or `<not logged>`. */
  parameters: string | null;
  /** Rows retrieved or affected; null without pgaudit.log_rows. */
  rows: number | null;
  /** The text was cut on the way (closing quote missing), or something stands behind its last field. */
  truncated: boolean;
}

/** A statement that failed (ERROR, FATAL or PANIC inside a session). */
export interface Failure {
  kind: 'failure';
  sqlstate: string;
  /** Primary message text, redacted. */
  message: string;
  /** Redacted SQL text, where the server shipped it. */
  statement: string | null;
}

/** `parameter "x" changed to "y"` after a reload. */
export interface SettingChange {
  kind: 'setting';
  parameter: string;
  /** null: removed from the configuration file, reset to default. */
  value: string | null;
}

/** A record, or a whole message, that could not be decoded. Kept with its bytes. */
export interface Reject {
  /** Place inside the message; null when the whole message was rejected. */
  index: number | null;
  code: RejectCode;
  /** One sentence for people. */
  reason: string;
  /** Raw bytes, secrets blanked. */
  raw: Uint8Array;
}

export const REJECT_CODES = [
  'INVALID_JSON',
  'NOT_A_RECORD',
  'PREFIX_MISMATCH',
  'BAD_TIME',
  'NO_SERVER',
  'BAD_AUDIT',
  /** The store refused one message that is otherwise sound, e.g. a number out of range. */
  'NOT_STORABLE',
] as const;
export type RejectCode = (typeof REJECT_CODES)[number];

/** A server line that no known `log_line_prefix` explains: what a prefix can be found from. Not redacted, never stored. */
export interface UnexplainedLine {
  server: string;
  /** The message as sent. */
  message: string;
  eventTime: number;
  level: string | null;
  sqlstate: string | null;
  pid: number | null;
  backendType: string | null;
}

/** What one message held. */
export interface DecodedMessage {
  records: LogRecord[];
  rejects: Reject[];
  /** Beside its reject, each line that was rejected for its prefix. */
  unexplained: UnexplainedLine[];
}

/** One distinct statement text. */
export interface Statement {
  /** First 32 hex digits of SHA-256 over the redacted text (`msg:` + message where there is no text). */
  statementHash: string;
  /** Redacted text, cut at 64 KiB; null where only the error message is known. */
  sqlText: string | null;
  /** Length of the whole text in characters. */
  textLength: number;
  template: Template;
}

/** What statement texts that differ in nothing but data have in common. */
export interface Template {
  /** 32 hex digits. The same for the same texts in every run of one version. */
  templateId: string;
  features: StatementFeatures;
  /** Numbers of the open literals of its shape that the features depend on, ascending; see `statements/shape.ts`. */
  literalsRead: readonly number[];
}

/** What the AST (or, for failures without text, the error message) says. */
export interface StatementFeatures {
  parseOk: boolean;
  /** libpg-query fingerprint, 16 hex digits; null when the text did not parse. */
  fingerprint: string | null;
  /** Text with every literal replaced by `$n`: what may leave in an alert. Null when the text did not parse. */
  normalized: string | null;
  /** AST node names, one per statement of the string: SelectStmt, CopyStmt, … */
  kinds: string[];
  /** `schema.table` or `table` as written, lower case; CTE names resolved away; system catalogs apart. */
  relationsRead: string[];
  relationsWritten: string[];
  /** System catalogs and information_schema views, read or changed. */
  catalogs: string[];
  /** Of these, the changed ones. */
  catalogsWritten: string[];
  /**
   * Columns that the text names, `schema.table.column` or `table.column` where it tells the relation, else `column`;
   * lower case. `*` names none. Columns of CTEs, subqueries and functions are left out: what they stand for is read
   * inside.
   */
  columnsRead: string[];
  /** Columns of INSERT, UPDATE SET, MERGE and COPY FROM. */
  columnsWritten: string[];
  /** Called functions, last name part, lower case. */
  functions: string[];
  /** Names from the closed list in `statements/flags.ts`. */
  flags: string[];
  settingName: string | null;
  settingValue: string | null;
  /** session, local, role, database, system, attempt. */
  settingScope: string | null;
  rolesGranted: string[];
  grantees: string[];
  /** superuser, createrole, createdb, isreplication, bypassrls, canlogin, …: switched on. */
  roleOptions: string[];
  /** Hosts in connection strings and URLs. */
  hosts: string[];
  language: string | null;
  extension: string | null;
  /** File or program of COPY, library of LOAD. */
  path: string | null;
  /** Object or role that the statement is about. */
  target: string | null;
  statementCount: number;
  /** Objects dropped or truncated. */
  dropCount: number;
  /** NULLs in the widest SELECT list on the right of a UNION. */
  nullPads: number;
  /** Number of chr() calls. */
  chrChain: number;
  /** pgaudit cut the text after PASSWORD: what followed is unknown. */
  tailRedacted: boolean;
}

export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** A row that a detector returned: one event that speaks for an alert. */
export interface Evidence {
  recordId: bigint;
  server: string;
  /** Sub-key of deduplication, e.g. `app_rw@203.0.113.7`. */
  entity: string;
  eventTime: number;
  sessionId: string | null;
  user: string | null;
  client: string | null;
  database: string | null;
  application: string | null;
  severity: Severity | null;
  /** What this row shows, in one sentence without literals of SQL. */
  summary: string;
  statementHash: string | null;
  observed: number | null;
  threshold: number | null;
}

/** Evidence with one dedup key (detector, server, entity), with a life. */
export interface Alert {
  alertId: string;
  detector: string;
  detectorName: string;
  title: string;
  severity: Severity;
  status: 'open' | 'closed';
  server: string;
  entity: string;
  /** The most telling sentence of the evidence. */
  summary: string;
  user: string | null;
  client: string | null;
  database: string | null;
  application: string | null;
  firstSeen: number;
  lastSeen: number;
  /** Distinct events of evidence. */
  count: number;
  /** `%c` ids behind it. */
  sessions: string[];
  observed: number | null;
  threshold: number | null;
  createdAt: number;
  updatedAt: number;
}
