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
