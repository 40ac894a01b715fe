/** Values that a client binds, as the query runner takes them: text that is cast to the type the query expects. */
import type { Scalar } from '../../query/query-runner.ts';
import { decodeText } from '../frontend.ts';
import { SqlError } from '../sql-error.ts';
import { textFromBinary } from './binary-format.ts';
import type { PgType } from './pg-type.ts';

/**
 * @param type as the client or the query names it; null where neither does
 * @throws SqlError 22P03 for binary data that is no value of the type, 22P02 for a malformed array
 */
export function parameterOf(value: Buffer | null, binary: boolean, type: PgType | null): Scalar {
  if (value === null) return null;
  const text = binary ? binaryText(value, type) : decodeText(value);
  if (text.includes('\0')) throw new SqlError('22021', 'invalid byte sequence for encoding "UTF8": 0x00');
  if (type?.list) return listText(text);
  return type?.kind === 'bytea' ? blobText(text) : text;
}

function binaryText(value: Buffer, type: PgType | null): string {
  if (type === null || type.list) {
    throw new SqlError('0A000', 'binary parameters of this type are not supported', 'Send it as text.');
  }
  try {
    return textFromBinary(value, type);
  } catch {
    throw new SqlError('22P03', 'incorrect binary data format in a parameter');
  }
}

/** PostgreSQL's `\x0aff` is DuckDB's `\x0A\xFF`. */
function blobText(text: string): string {
  return text.startsWith('\\x') ? text.slice(2).replace(/../g, '\\x$&') : text;
}

/** `{a,"b c",NULL}` as DuckDB writes a list: `['a', 'b c', NULL]`. One dimension. */
function listText(text: string): string {
  const body = /^\s*\{(.*)\}\s*$/s.exec(text)?.[1];
  if (body === undefined) throw malformedArray();
  if (body.trim() === '') return '[]';
  const element = /\s*(?:"((?:[^"\\]|\\.)*)"|((?:[^{}",\\]|\\.)+?))\s*(,|$)/sy;
  const elements: string[] = [];
  for (;;) {
    const match = element.exec(body);
    if (match === null) throw malformedArray();
    const [, quoted, bare, separator] = match;
    if (quoted === undefined && bare!.toUpperCase() === 'NULL') elements.push('NULL');
    else elements.push(`'${(quoted ?? bare!).replace(/\\(.)/gs, '$1').replace(/['\\]/g, '\\$&')}'`);
    if (separator === '') return `[${elements.join(', ')}]`;
  }
}

function malformedArray(): SqlError {
  return new SqlError('22P02', 'malformed array literal', 'Write one dimension: {a,b}.');
}
