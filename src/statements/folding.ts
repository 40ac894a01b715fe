/** Puts together the text that an expression builds, as far as it does not depend on data. */
import type { FuncCall, Node } from 'libpg-query';
import { as, constantText, lastName, strings } from './ast.ts';

/** Longest text that is put together. */
const MAX_FOLDED = 16_384;
const MAX_DEPTH = 400;
/** Stands for what is not known; a name, so that the result may still parse. */
export const UNKNOWN = '_';

/** Text of an expression. `variables` holds what earlier assignments put into PL/pgSQL variables. */
export function fold(node: Node | undefined, variables: ReadonlyMap<string, string>, depth = 0): string {
  if (depth > MAX_DEPTH) return UNKNOWN;
  const constant = constantText(node);
  if (constant !== null) return constant.slice(0, MAX_FOLDED);
  const cast = as(node, 'TypeCast');
  if (cast !== undefined) return fold(cast.arg, variables, depth + 1);
  const column = strings(as(node, 'ColumnRef')?.fields);
  if (column.length === 1) return variables.get(column[0]!.toLowerCase()) ?? UNKNOWN;
  const expression = as(node, 'A_Expr');
  if (expression !== undefined && lastName(expression.name) === '||') {
    const left = fold(expression.lexpr, variables, depth + 1);
    return (left + fold(expression.rexpr, variables, depth + 1)).slice(0, MAX_FOLDED);
  }
  const call = as(node, 'FuncCall');
  return call === undefined ? UNKNOWN : foldCall(call, variables, depth).slice(0, MAX_FOLDED);
}

function foldCall(call: FuncCall, variables: ReadonlyMap<string, string>, depth: number): string {
  const args = (call.args ?? []).map((arg) => fold(arg, variables, depth + 1));
  const [first = '', second = ''] = args;
  switch (lastName(call.funcname)) {
    case 'chr':
      return /^\d{1,6}$/.test(first) ? String.fromCodePoint(Number(first)) : UNKNOWN;
    case 'concat':
      return args.join('');
    case 'concat_ws':
      return args.slice(1).join(first);
    case 'format':
      return format(first, args.slice(1));
    case 'quote_literal':
    case 'quote_nullable':
      return `'${first.replaceAll("'", "''")}'`;
    case 'quote_ident':
    case 'trim':
    case 'btrim':
      return first;
    case 'lower':
      return first.toLowerCase();
    case 'upper':
      return first.toUpperCase();
    case 'reverse':
      return [...first].reverse().join('');
    case 'replace':
      return second === '' ? first : first.replaceAll(second, args[2] ?? '');
    case 'decode':
      return decode(first, second.toLowerCase());
    case 'convert_from':
      return first;
    default:
      return UNKNOWN;
  }
}

/** format() of PostgreSQL with %s, %I, %L and `%n$s`. */
function format(template: string, args: readonly string[]): string {
  let next = 0;
  return template.replace(/%(?:(\d{1,3})\$)?-?(?:\d{1,4})?([sIL%])/g, (_whole, position, kind) => {
    if (kind === '%') return '%';
    const index = position === undefined ? next++ : Number(position) - 1;
    const value = args[index] ?? UNKNOWN;
    return kind === 'L' ? `'${value.replaceAll("'", "''")}'` : value;
  });
}

function decode(text: string, encoding: string): string {
  if (encoding === 'base64' || encoding === 'hex') return Buffer.from(text, encoding).toString('utf8');
  return encoding === 'escape' ? text : UNKNOWN;
}
