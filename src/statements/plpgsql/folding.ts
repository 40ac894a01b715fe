/** Puts together the text that an expression builds, as far as it does not depend on data. */
import type { FuncCall, Node } from 'libpg-query';
import { as, constantText, lastName, strings } from '../ast.ts';

/** Longest text that is put together. */
const MAX_FOLDED = 16_384;
const MAX_DEPTH = 400;
/** Stands for what is not known; a name, so that the result may still parse. */
export const UNKNOWN = '_';

/** Those that put texts together, and those of `chr(60 + 7)`. */
const OPERATORS = new Set(['||', '+', '-', '#']);

/** What earlier assignments put into PL/pgSQL variables, by name as the parser gives it: `a`, `label.a`, `record.field`. */
export interface Variables {
  get(name: string): string | undefined;
}

const NO_VARIABLES: Variables = new Map();

/** Text of an expression. */
export function fold(node: Node | undefined, variables: Variables = NO_VARIABLES, depth = 0): string {
  if (depth > MAX_DEPTH) return UNKNOWN;
  const constant = constantText(node);
  if (constant !== null) return constant.slice(0, MAX_FOLDED);
  const cast = as(node, 'TypeCast');
  if (cast !== undefined) return fold(cast.arg, variables, depth + 1);
  const column = strings(as(node, 'ColumnRef')?.fields);
  if (column.length > 0) return variables.get(column.join('.')) ?? UNKNOWN;
  const expression = as(node, 'A_Expr');
  const operator = lastName(expression?.name);
  if (expression !== undefined) {
    if (!OPERATORS.has(operator)) return UNKNOWN;
    const left = fold(expression.lexpr, variables, depth + 1);
    return operate(operator, left, fold(expression.rexpr, variables, depth + 1)).slice(0, MAX_FOLDED);
  }
  const inner = firstChoice(node);
  if (inner !== undefined) return fold(inner, variables, depth + 1);
  const call = as(node, 'FuncCall');
  return call === undefined ? UNKNOWN : foldCall(call, variables, depth).slice(0, MAX_FOLDED);
}

/** What an expression gives in the first case: coalesce(), CASE, and a query without FROM. */
function firstChoice(node: Node | undefined): Node | undefined {
  const [coalesced] = as(node, 'CoalesceExpr')?.args ?? [];
  if (coalesced !== undefined) return coalesced;
  const [when] = as(node, 'CaseExpr')?.args ?? [];
  if (when !== undefined) return as(when, 'CaseWhen')?.result;
  const query = as(as(node, 'SubLink')?.subselect, 'SelectStmt');
  return query?.fromClause === undefined ? as(query?.targetList?.[0], 'ResTarget')?.val : undefined;
}

function operate(operator: string, left: string, right: string): string {
  if (operator === '||') return left + right;
  if (!isCount(left) || !isCount(right)) return UNKNOWN;
  switch (operator) {
    case '+':
      return String(Number(left) + Number(right));
    case '-':
      return String(Number(left) - Number(right));
    default:
      return String(Number(left) ^ Number(right));
  }
}

function foldCall(call: FuncCall, variables: Variables, depth: number): string {
  const name = lastName(call.funcname);
  const elements = as(call.args?.[0], 'A_ArrayExpr')?.elements;
  if (name === 'array_to_string' && elements !== undefined)
    return join(
      elements.map((element) => fold(element, variables, depth + 2)),
      fold(call.args?.[1], variables, depth + 1),
    );
  const args = (call.args ?? []).map((arg) => fold(arg, variables, depth + 1));
  const [first = '', second = '', third] = args;
  switch (name) {
    case 'chr':
      return isCount(first) && Number(first) <= 0x10ffff ? String.fromCodePoint(Number(first)) : UNKNOWN;
    case 'concat':
      return join(args, '');
    case 'concat_ws':
      return join(args.slice(1), first);
    case 'format':
      return format(first, args.slice(1));
    case 'quote_literal':
    case 'quote_nullable':
      return `'${first.replaceAll("'", "''")}'`;
    case 'quote_ident':
    case 'trim':
    case 'btrim':
    case 'ltrim':
    case 'rtrim':
    case 'convert_from':
    case 'convert_to':
      return first;
    case 'lower':
      return first.toLowerCase();
    case 'upper':
      return first.toUpperCase();
    case 'reverse':
      return [...first].reverse().join('');
    case 'replace':
      return second === '' ? first : join(first.split(second), third ?? '');
    case 'translate':
      return translate(first, second, third ?? '');
    case 'repeat':
      return isCount(second)
        ? first.repeat(Math.min(Number(second), MAX_FOLDED / (first.length + 1)))
        : UNKNOWN;
    case 'left':
      return isCount(second) ? first.slice(0, Number(second)) : UNKNOWN;
    case 'right':
      return isCount(second) ? first.slice(Math.max(0, first.length - Number(second))) : UNKNOWN;
    case 'substr':
    case 'substring':
      return isCount(second) && isCount(third ?? '1') ? substring(first, Number(second), third) : UNKNOWN;
    case 'decode':
      return decode(first, second.toLowerCase());
    default:
      return UNKNOWN;
  }
}

/** Array.join that stops where the text is long enough. */
function join(parts: readonly string[], between: string): string {
  let text = parts[0] ?? '';
  for (let i = 1; i < parts.length && text.length < MAX_FOLDED; i += 1) text += between + parts[i];
  return text;
}

function isCount(text: string): boolean {
  return /^\d{1,7}$/.test(text);
}

function substring(text: string, from: number, length: string | undefined): string {
  const end = length === undefined ? text.length : from - 1 + Number(length);
  return text.slice(Math.max(0, from - 1), Math.max(0, end));
}

function translate(text: string, from: string, to: string): string {
  const map = new Map([...from].map((c, i) => [c, to[i] ?? ''] as const).reverse());
  return [...text].map((c) => map.get(c) ?? c).join('');
}

/** format() of PostgreSQL with %s, %I, %L and `%n$s`. */
function format(template: string, args: readonly string[]): string {
  let next = 0;
  let length = 0;
  return template.replace(/%(?:(\d{1,3})\$)?-?(?:\d{1,4})?([sIL%])/g, (_whole, position, kind) => {
    if (kind === '%') return '%';
    if (length > MAX_FOLDED) return '';
    const index = position === undefined ? next++ : Number(position) - 1;
    const value = args[index] ?? UNKNOWN;
    length += value.length;
    return kind === 'L' ? `'${value.replaceAll("'", "''")}'` : value;
  });
}

function decode(text: string, encoding: string): string {
  if (encoding === 'base64' || encoding === 'hex') return Buffer.from(text, encoding).toString('utf8');
  return encoding === 'escape' ? text : UNKNOWN;
}
