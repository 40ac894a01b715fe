/**
 * `AUDIT: ` lines of pgaudit 1.3 to 18 (log_audit_event and append_valid_csv in pgaudit.c):
 * `TYPE,STATEMENT_ID,SUBSTATEMENT_ID,CLASS,COMMAND,OBJECT_TYPE,OBJECT_NAME,STATEMENT,PARAMETER[,ROWS]`;
 * ROWS with pgaudit.log_rows only. Type, ids and class need no quotes, all other fields are CSV.
 *
 * What the ids say (log_audit_event, stack_free; held to a real server by pgaudit.live.test.ts):
 * - The statement id counts the commands of a session of which anything was logged, from 1. What the settings leave out,
 *   what fails before it is logged, and what an aborted transaction refuses uses none up. So a gap means that lines are
 *   missing: lost on the way, or, with log_client, of a log_level below log_min_messages.
 * - The substatement id counts what was logged inside one command, from 1 and without gaps, in the order of the log. That
 *   is not the order of nesting: with log_rows queries and EXECUTE are logged at their end, after what they called.
 * - The pair is not unique: one substatement writes a line per relation or object. With log_statement_once only the first
 *   of these carries text and parameters, the others `<previously logged>`; another substatement carries its text again.
 */
import type { AuditEntry } from '../../model/fact.ts';
import { redactParameters } from '../redaction/redact.ts';
import { CsvCursor, needsQuotes, writeCsvField } from './csv.ts';

export const AUDIT_MARK = 'AUDIT: ';

const NOT_LOGGED = '<not logged>';
const PREVIOUSLY_LOGGED = '<previously logged>';
/** log_parameter is on and the statement has none. */
const NO_PARAMETERS = '<none>';

/** Classes as pgaudit prints them; `MISC_SET` of its settings is printed as `MISC`. */
const CLASSES = new Set(['READ', 'WRITE', 'FUNCTION', 'ROLE', 'DDL', 'MISC']);

const QUOTE = 0x22;
const BLANK = 0x20;

/** The fields up to the object's name; `''` where pgaudit printed nothing. */
interface Head {
  auditType: 'SESSION' | 'OBJECT';
  statementId: number;
  substatementId: number;
  auditClass: string;
  command: string;
  objectType: string;
  objectName: string;
}

interface Tail {
  statement: string;
  /** Null where the text ends before it. */
  parameters: string | null;
  rows: number | null;
  truncated: boolean;
}

/**
 * Reads what follows `AUDIT: `. Null when that is not a line of pgaudit, or was cut before its statement.
 *
 * - Cut in the statement or the parameters: what is there, `truncated`.
 * - A statement with commas but without quotes (old and hand-edited data): it ends at the last fields.
 * - Text behind the last field, or behind a closing quote: `truncated`, because this is not what pgaudit wrote. The text
 *   stays readable in the record's message.
 * - A single parameter whose value is `<none>` cannot be told from no parameter.
 *
 * Line breaks stay as they are: on stderr PostgreSQL puts a tab after each.
 */
export function readAudit(body: string): AuditEntry | null {
  const cursor = new CsvCursor(body, 0);
  const head = readHead(cursor);
  if (head === null) return null;
  const { statement, parameters, rows, truncated } = readTail(cursor);
  const isMarker = statement === NOT_LOGGED || statement === PREVIOUSLY_LOGGED;
  return {
    kind: 'audit',
    auditType: head.auditType,
    statementId: head.statementId,
    substatementId: head.substatementId,
    class: head.auditClass,
    command: head.command,
    objectType: head.objectType === '' ? null : head.objectType,
    objectName: head.objectName === '' ? null : head.objectName,
    statement: isMarker ? null : statement,
    previouslyLogged: statement === PREVIOUSLY_LOGGED,
    parameters: shownParameters(parameters, statement),
    rows,
    truncated,
  };
}

/**
 * True for exactly the texts that pgaudit can write: what was read, written again by its rules, is the same text.
 * For telling a true line from one that a client's name made up.
 */
export function isWellFormedAudit(body: string): boolean {
  const cursor = new CsvCursor(body, 0);
  const head = readHead(cursor);
  if (head === null) return false;
  const tail = readTail(cursor);
  if (tail.parameters === null) return false;
  const { auditType, statementId, substatementId, auditClass } = head;
  const texts = [head.command, head.objectType, head.objectName, tail.statement, tail.parameters];
  const start = `${auditType},${statementId},${substatementId},${auditClass}`;
  const end = tail.rows === null ? '' : `,${tail.rows}`;
  return `${start},${texts.map(writeCsvField).join(',')}${end}` === body;
}

/** Null when a field is not what pgaudit prints there, or the text ends before the statement begins. */
function readHead(cursor: CsvCursor): Head | null {
  const auditType = cursor.next();
  if (auditType !== 'SESSION' && auditType !== 'OBJECT') return null;
  const statementId = cursor.nextCount();
  const substatementId = cursor.nextCount();
  if (statementId === null || statementId === 0 || substatementId === null || substatementId === 0)
    return null;
  const auditClass = cursor.next();
  if (!CLASSES.has(auditClass)) return null;
  const command = cursor.next();
  const objectType = cursor.next();
  const objectName = cursor.next();
  if (command === '' || cursor.done) return null;
  return { auditType, statementId, substatementId, auditClass, command, objectType, objectName };
}

function readTail(cursor: CsvCursor): Tail {
  const start = cursor.at;
  // A field of the head that goes on after its closing quote says nothing about the tail.
  cursor.broken = false;
  const statement = cursor.next();
  if (cursor.done) return { statement, parameters: null, rows: null, truncated: true };
  const parameters = cursor.next();
  const isQuoted = cursor.text.charCodeAt(start) === QUOTE;
  if (cursor.done && !cursor.broken) return { statement, parameters, rows: null, truncated: cursor.unclosed };
  const rows = cursor.nextCount();
  const isWhole = cursor.done && rows !== null && !cursor.broken;
  if (isQuoted) return { statement, parameters, rows, truncated: !isWhole };
  if (isWhole && !needsQuotes(statement)) return { statement, parameters, rows, truncated: false };
  return readUnquoted(cursor.text.slice(start));
}

const MARKED_END = /,(<not logged>|<none>|<previously logged>)(?:,(\d{1,15}))?$/;

/** Statement, parameters and rows where commas do not tell the fields apart: statement is what the last fields leave. */
function readUnquoted(text: string): Tail {
  const marked = MARKED_END.exec(text.slice(-64));
  if (marked !== null) {
    const rows = marked[2] === undefined ? null : Number(marked[2]);
    const statement = text.slice(0, text.length - marked[0].length);
    return { statement, parameters: marked[1]!, rows, truncated: false };
  }
  const lastComma = text.lastIndexOf(',');
  const last = text.slice(lastComma + 1);
  // Cut in the statement.
  if (last.charCodeAt(0) === BLANK) return { statement: text, parameters: null, rows: null, truncated: true };
  const rows = new CsvCursor(last, 0).nextCount();
  const comma = rows === null ? -1 : fieldBefore(text, lastComma);
  if (comma < 0)
    return { statement: text.slice(0, lastComma), parameters: last, rows: null, truncated: false };
  const parameters = new CsvCursor(text.slice(0, lastComma), comma + 1).next();
  return { statement: text.slice(0, comma), parameters, rows, truncated: false };
}

/**
 * The comma in front of the field that ends at `end`; -1 when that is no field of pgaudit, but the end of a statement:
 * in SQL a blank follows a comma, between fields none does.
 */
function fieldBefore(text: string, end: number): number {
  if (text.charCodeAt(end - 1) !== QUOTE) {
    const comma = text.lastIndexOf(',', end - 1);
    return text.charCodeAt(comma + 1) === BLANK ? -1 : comma;
  }
  let open = text.lastIndexOf('"', end - 2);
  while (open > 0 && text.charCodeAt(open - 1) === QUOTE) open = text.lastIndexOf('"', open - 2);
  return open > 0 && text[open - 1] === ',' ? open - 1 : -1;
}

/** Values that belong to a statement about passwords cannot be told apart from the password: all are blanked. */
function shownParameters(parameters: string | null, statement: string): string | null {
  if (parameters === null || parameters === NOT_LOGGED) return null;
  if (parameters === NO_PARAMETERS || parameters === PREVIOUSLY_LOGGED) return null;
  return redactParameters(parameters, statement);
}
