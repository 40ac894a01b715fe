/**
 * `AUDIT: ` lines of pgaudit (format: README and append_valid_csv in pgaudit.c):
 * `TYPE,STATEMENT_ID,SUBSTATEMENT_ID,CLASS,COMMAND,OBJECT_TYPE,OBJECT_NAME,STATEMENT,PARAMETER[,ROWS]`.
 * A field is quoted when it holds a comma, a quote or a line break. Ids count per session, and are not unique:
 * one statement writes a line per object.
 */
import type { AuditEntry } from '../model.ts';
import { namesSecret, REDACTED } from './redact.ts';

export const AUDIT_MARK = 'AUDIT: ';

/** Classes as pgaudit prints them; `MISC_SET` of its settings is printed as `MISC`. */
const CLASSES = new Set(['READ', 'WRITE', 'FUNCTION', 'ROLE', 'DDL', 'MISC']);

interface Csv {
  fields: string[];
  /** Every field was quoted as append_valid_csv does. */
  wellFormed: boolean;
  /** The last field opened a quote that never closed. */
  unterminated: boolean;
  /** Where each field begins. */
  starts: number[];
}

/** Reads the one RFC 4180 record that a text is; line breaks inside quotes belong to their field. */
function readCsv(text: string): Csv {
  const csv: Csv = { fields: [], wellFormed: true, unterminated: false, starts: [] };
  let at = 0;
  while (at <= text.length) {
    csv.starts.push(at);
    if (text[at] === '"') {
      const end = quotedEnd(text, at + 1);
      csv.unterminated = end < 0;
      const close = end < 0 ? text.length : end;
      csv.fields.push(text.slice(at + 1, close).replaceAll('""', '"'));
      at = close + 1;
      if (at < text.length && text[at] !== ',') {
        csv.wellFormed = false;
        const comma = text.indexOf(',', at);
        at = comma < 0 ? text.length : comma;
      }
    } else {
      const comma = text.indexOf(',', at);
      const end = comma < 0 ? text.length : comma;
      const field = text.slice(at, end);
      if (/["\r\n]/.test(field)) csv.wellFormed = false;
      csv.fields.push(field);
      at = end;
    }
    at++;
  }
  return csv;
}

/** Index of the quote that closes a quoted field, or -1. */
function quotedEnd(text: string, from: number): number {
  let at = text.indexOf('"', from);
  while (at >= 0 && text[at + 1] === '"') at = text.indexOf('"', at + 2);
  return at;
}

/**
 * Reads what follows `AUDIT: `. Null when it is not a line of pgaudit. Where the statement was not quoted although it
 * holds commas (hand-edited and old data), everything up to the last field is the statement.
 */
export function readAudit(body: string): AuditEntry | null {
  const csv = readCsv(body);
  const [type, statementId, substatementId, auditClass, command, objectType, objectName] = csv.fields;
  if ((type !== 'SESSION' && type !== 'OBJECT') || command === undefined) return null;
  if (!isId(statementId) || !isId(substatementId) || !CLASSES.has(auditClass!)) return null;
  const tail = readTail(body, csv);
  const statement = tail.statement;
  return {
    kind: 'audit',
    auditType: type,
    statementId: Number(statementId),
    substatementId: Number(substatementId),
    class: auditClass!,
    command,
    objectType: objectType || null,
    objectName: objectName || null,
    statement: statement === '<not logged>' || statement === '<previously logged>' ? null : statement,
    previouslyLogged: statement === '<previously logged>',
    parameters: readParameters(tail.parameters, statement),
    rows: tail.rows,
    truncated: tail.truncated,
  };
}

/** True when the text has the right number of fields and no quote or line break outside a quoted field. */
export function isWellFormedAudit(body: string): boolean {
  const csv = readCsv(body);
  return csv.wellFormed && !csv.unterminated && isComplete(csv.fields) && readAudit(body) !== null;
}

interface Tail {
  statement: string | null;
  parameters: string | null;
  rows: number | null;
  truncated: boolean;
}

function readTail(body: string, csv: Csv): Tail {
  const [statement = null, parameters = null, rows] = csv.fields.slice(7);
  if (csv.unterminated && csv.fields.length <= 9)
    return { statement, parameters, rows: null, truncated: true };
  if (csv.wellFormed && isComplete(csv.fields))
    return { statement, parameters, rows: rows === undefined ? null : Number(rows), truncated: false };
  if (csv.fields.length < 9) return { statement, parameters, rows: null, truncated: true };
  return readUnquoted(body.slice(csv.starts[7]));
}

function isComplete(fields: readonly string[]): boolean {
  return fields.length === 9 || (fields.length === 10 && /^\d{1,15}$/.test(fields[9]!));
}

const MARKED_END = /,(<not logged>|<none>|<previously logged>)(?:,(\d{1,15}))?$/;

/** Statement, parameters and rows where commas do not tell the fields apart. */
function readUnquoted(text: string): Tail {
  const marked = MARKED_END.exec(text.slice(-64));
  const end = marked === null ? text.lastIndexOf(',') : text.length - marked[0].length;
  const parameters = marked === null ? text.slice(end + 1) : marked[1]!;
  const rows = marked?.[2] === undefined ? null : Number(marked[2]);
  return { statement: text.slice(0, end), parameters, rows, truncated: false };
}

/** Values that belong to a statement about passwords cannot be told apart from the password: all are blanked. */
function readParameters(parameters: string | null, statement: string | null): string | null {
  if (parameters === null || /^<(?:none|not logged|previously logged)>$/.test(parameters)) return null;
  return statement !== null && namesSecret(statement) ? REDACTED : parameters;
}

function isId(text: string | undefined): boolean {
  return text !== undefined && /^\d{1,15}$/.test(text);
}
