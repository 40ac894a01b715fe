/** The statement that makes a function again, up to its body: as much of it as the PL/pgSQL compiler wants to know. */
import type { CreateFunctionStmt, FunctionParameter, TypeName } from 'libpg-query';
import { as, strings } from '../ast.ts';

/** `CREATE FUNCTION "f"("a" "t", OUT "b" "text") RETURNS SETOF "record" LANGUAGE plpgsql AS` */
export function functionHeader(node: CreateFunctionStmt): string {
  const parameters = (node.parameters ?? []).map((parameter) => as(parameter, 'FunctionParameter') ?? {});
  const name = quoted(strings(node.funcname).at(-1) ?? '');
  const kind = node.is_procedure === true ? 'PROCEDURE' : 'FUNCTION';
  const returns = kind === 'PROCEDURE' ? '' : returned(node, parameters);
  return `CREATE ${kind} ${name}(${parameters.map(written).join(', ')})${returns} LANGUAGE plpgsql AS`;
}

function returned({ returnType }: CreateFunctionStmt, parameters: readonly FunctionParameter[]): string {
  if (returnType === undefined) return '';
  const outputs = parameters.filter(({ mode }) => isOutput(mode)).length;
  // With one output its type is what is returned, with several a record. The types do not matter here.
  const type =
    outputs > 0 ? (outputs > 1 ? 'record' : typeOf(parameters.find(isOut)?.argType)) : typeOf(returnType);
  return ` RETURNS ${returnType.setof === true ? 'SETOF ' : ''}${type}`;
}

function written({ name, argType, mode }: FunctionParameter): string {
  const direction = mode === 'FUNC_PARAM_INOUT' ? 'INOUT ' : isOutput(mode) ? 'OUT ' : '';
  return `${direction}${name === undefined ? '' : `${quoted(name)} `}${typeOf(argType)}`;
}

function isOut({ mode }: FunctionParameter): boolean {
  return isOutput(mode);
}

/** Columns of RETURNS TABLE are outputs. */
function isOutput(mode: FunctionParameter['mode']): boolean {
  return mode === 'FUNC_PARAM_OUT' || mode === 'FUNC_PARAM_TABLE' || mode === 'FUNC_PARAM_INOUT';
}

/** The compiler has no columns to look `%TYPE` up. */
function typeOf(type: TypeName | undefined): string {
  const names = strings(type?.names);
  if (type === undefined || type.pct_type === true || names.length === 0) return 'text';
  return names.map(quoted).join('.') + '[]'.repeat(Math.min(type.arrayBounds?.length ?? 0, 1));
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
