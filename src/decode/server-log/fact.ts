/** What a server line says: the fact in it, and the fact without secrets. */
import type { AuditEntry, ConnectionEvent, Fact } from '../../model/fact.ts';
import { readConnection, sameName } from '../connection/connection.ts';
import { writeCsvField } from '../pgaudit/csv.ts';
import { AUDIT_MARK, readAudit } from '../pgaudit/pgaudit.ts';
import { namesSecret, REDACTED } from '../redaction/redact.ts';
import { cleanField, cleanText } from '../redaction/text.ts';
import { readFailure, readSettingChange } from './failure.ts';
import { isAuditLine, type LogLine } from './logline.ts';

/** What a record says beside its line. */
export interface LineSurroundings {
  detail: string | null;
  context: string | null;
  statement: string | null;
  backendType: string | null;
}

/** The fact of a line, null when it has none, or `BAD_AUDIT` for an audit line with other fields than pgaudit's. */
export function readFact(line: LogLine, around: LineSurroundings): Fact | null | 'BAD_AUDIT' {
  const { level, sqlstate, text, user } = line;
  // pgaudit hides the CONTEXT of its lines (errhidecontext in log_audit_event): a line that has one is of RAISE.
  if (isAuditLine(level, text) && around.context === null)
    return readAudit(text.slice(AUDIT_MARK.length)) ?? 'BAD_AUDIT';
  const connection = readConnection({ level, sqlstate, text, detail: around.detail, prefixUser: user });
  const isGenuine = level !== 'LOG' || (around.context === null && isOwnEvent(connection, user));
  if (isGenuine) {
    if (connection !== null) return connection;
    const setting = readSettingChange(level, text);
    // Only the postmaster reports a reload at level LOG.
    if (setting !== null && (around.backendType === null || around.backendType === 'postmaster'))
      return setting;
  }
  return readFailure(level, sqlstate, text, around.statement);
}

/**
 * False for a connection line that speaks of another user than its prefix: `RAISE LOG` wrote it. (So it did where the
 * line has a CONTEXT, which the server's own connection and setting lines never have.) `received` comes before any user.
 */
function isOwnEvent(event: ConnectionEvent | null, prefixUser: string | null): boolean {
  if (event === null || prefixUser === null) return true;
  return event.event !== 'received' && (event.user === null || sameName(event.user, prefixUser));
}

/** Cleans every text of a fact, in place: a name, too, may hold a connection string that was meant for elsewhere. */
export function cleanFact(fact: Fact): void {
  switch (fact.kind) {
    case 'connection':
      fact.user = cleanField(fact.user);
      fact.database = cleanField(fact.database);
      fact.client = cleanField(fact.client);
      fact.application = cleanField(fact.application);
      fact.identity = cleanField(fact.identity);
      fact.method = cleanField(fact.method);
      fact.tlsVersion = cleanField(fact.tlsVersion);
      fact.reason = cleanField(fact.reason);
      break;
    case 'audit':
      fact.command = cleanText(fact.command);
      fact.objectType = cleanField(fact.objectType);
      fact.objectName = cleanField(fact.objectName);
      fact.statement = cleanField(fact.statement);
      fact.parameters = cleanField(fact.parameters);
      break;
    case 'failure':
      fact.sqlstate = cleanText(fact.sqlstate);
      fact.message = cleanText(fact.message);
      fact.statement = cleanField(fact.statement);
      break;
    case 'setting':
      fact.parameter = cleanText(fact.parameter);
      fact.value = fact.value !== null && namesSecret(fact.parameter) ? REDACTED : cleanField(fact.value);
      break;
  }
}

/** The text of an audit line, written again from what was read and cleaned; `<none>` becomes `<not logged>`. */
export function auditMessage(entry: AuditEntry): string {
  const { auditType, statementId, substatementId, command, objectType, objectName, statement } = entry;
  const absent = entry.previouslyLogged ? '<previously logged>' : '<not logged>';
  const texts = [
    command,
    objectType ?? '',
    objectName ?? '',
    statement ?? absent,
    entry.parameters ?? absent,
  ];
  const rows = entry.rows === null ? '' : `,${entry.rows}`;
  const ids = `${statementId},${substatementId}`;
  return `${AUDIT_MARK}${auditType},${ids},${entry.class},${texts.map(writeCsvField).join(',')}${rows}`;
}
