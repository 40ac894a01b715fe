/** Turns decoded records into rows of the store. Column order is that of `queries/schema`. Pure. */
import { DuckDBBlobValue, DuckDBTimestampValue, type DuckDBValue } from '@duckdb/node-api';
import type { AuditEntry, ConnectionEvent, Failure, SettingChange } from '../model/fact.ts';
import type { Position } from '../model/position.ts';
import type { LogRecord } from '../model/record.ts';
import type { Reject } from '../model/reject.ts';
import { sessionKey } from './session-key.ts';
import type { StatementKey } from './statement-key.ts';

export type TableRow = DuckDBValue[];

/** Milliseconds since 1970 as a DuckDB timestamp. */
export function timestamp(milliseconds: number): DuckDBTimestampValue {
  return new DuckDBTimestampValue(BigInt(Math.round(milliseconds)) * 1000n);
}

const bigintOrNull = (value: number | null): bigint | null => (value === null ? null : BigInt(value));

export function recordRow(
  id: bigint,
  place: Position,
  receivedAt: number,
  record: LogRecord,
  contentHash: bigint,
): TableRow {
  // The text of an AUDIT line is kept once per distinct statement, not once per execution.
  const message = record.fact?.kind === 'audit' ? null : record.message;
  return [
    id,
    place.source,
    place.partition,
    BigInt(place.sequenceNumber),
    record.index,
    timestamp(record.eventTime),
    timestamp(receivedAt),
    record.server,
    record.category,
    record.sessionId,
    bigintOrNull(record.pid),
    record.backendType,
    record.level,
    record.sqlstate,
    message,
    record.detail,
    record.context,
    record.properties,
    timestamp(record.azureTime),
    contentHash,
  ];
}

export function connectionRow(id: bigint, record: LogRecord, event: ConnectionEvent): TableRow {
  return [
    id,
    timestamp(record.eventTime),
    record.server,
    record.sessionId,
    event.event,
    event.user ?? record.prefixUser,
    event.database ?? record.prefixDatabase,
    event.client ?? record.prefixClient,
    event.clientPort,
    event.application ?? record.prefixApplication,
    event.identity,
    event.method,
    event.tls,
    event.tlsVersion,
    event.replication,
    record.sqlstate,
    event.reason,
    bigintOrNull(event.durationMs),
    sessionKey(record.server, record.sessionId),
  ];
}

/** @param key of its statement; null when it has none */
export function activityRow(
  id: bigint,
  record: LogRecord,
  fact: AuditEntry | Failure,
  key: StatementKey | null,
): TableRow {
  const audit = fact.kind === 'audit' ? fact : null;
  const failure = fact.kind === 'failure' ? fact : null;
  return [
    id,
    timestamp(record.eventTime),
    record.server,
    record.sessionId,
    audit ? 'audit' : 'error',
    record.prefixUser,
    record.prefixDatabase,
    record.prefixClient,
    record.prefixApplication,
    audit?.auditType ?? null,
    bigintOrNull(audit?.statementId ?? null),
    bigintOrNull(audit?.substatementId ?? null),
    audit?.class ?? null,
    audit?.command ?? null,
    audit?.objectType ?? null,
    audit?.objectName ?? null,
    audit?.parameters ?? null,
    bigintOrNull(audit?.rows ?? null),
    audit?.truncated ?? false,
    failure?.sqlstate ?? null,
    failure?.message ?? null,
    audit?.previouslyLogged ?? false,
    sessionKey(record.server, record.sessionId),
    key?.statement ?? null,
    key?.template ?? null,
  ];
}

export function settingRow(id: bigint, record: LogRecord, change: SettingChange): TableRow {
  return [id, timestamp(record.eventTime), record.server, change.parameter, change.value];
}

/** The messages between two places of a stream, which never arrived. */
export function gapRow(last: Position, next: Position, foundAt: number): TableRow {
  return [
    next.source,
    next.partition,
    BigInt(last.sequenceNumber + 1),
    BigInt(next.sequenceNumber - 1),
    timestamp(foundAt),
  ];
}

/** @param server where it is known although the record could not be decoded */
export function rejectRow(
  place: Position,
  receivedAt: number,
  reject: Reject,
  server: string | null,
): TableRow {
  return [
    place.source,
    place.partition,
    BigInt(place.sequenceNumber),
    reject.index,
    timestamp(receivedAt),
    reject.code,
    reject.reason,
    new DuckDBBlobValue(reject.raw),
    server,
  ];
}
