/** Nodes of PostgreSQL's parse tree, as JSON: what is asked of them, and new ones. */
import { parseText } from '../../statements/parser/parser.ts';

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Fields = { [key: string]: Json };

export function isFields(value: Json | undefined): value is Fields {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** The last part of a name as the parser has it. */
export function lastName(names: Json | undefined): string {
  const last = Array.isArray(names) ? (names.at(-1) as { String?: { sval?: string } }) : undefined;
  return last?.String?.sval ?? '';
}

export function constantText(node: Json | undefined): string | null {
  return (node as { A_Const?: { sval?: { sval?: string } } } | undefined)?.A_Const?.sval?.sval ?? null;
}

export function text(value: string): Json {
  return { A_Const: { sval: { sval: value } } };
}

export function call(name: string, args: Json[]): Json {
  return { FuncCall: { funcname: [{ String: { sval: name } }], args, funcformat: 'COERCE_EXPLICIT_CALL' } };
}

export function literal(value: string): string {
  return `'${value.replaceAll('\0', '').replaceAll("'", "''")}'`;
}

export function parsedNode(sql: string): Json {
  const parsed = parseText(sql);
  if (!parsed.ok) throw new Error('our own SQL does not parse');
  return parsed.statements[0]!.stmt as unknown as Json;
}

export function parsedExpression(sql: string): Json {
  const { SelectStmt } = parsedNode(`SELECT ${sql}`) as unknown as {
    SelectStmt: { targetList: [{ ResTarget: { val: Json } }] };
  };
  return SelectStmt.targetList[0].ResTarget.val;
}
