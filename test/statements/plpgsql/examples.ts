/** Bodies of the examples, as the readers are given them. */
import type { CreateFunctionStmt, DoStmt } from 'libpg-query';
import type { BodyExample } from '../../../fixtures/statements/bodies.ts';
import { as, strings } from '../../../src/statements/ast.ts';
import { options } from '../../../src/statements/extractors/definitions.ts';
import { extractFeatures } from '../../../src/statements/features.ts';
import { parseText } from '../../../src/statements/parser/parser.ts';
import { functionHeader } from '../../../src/statements/plpgsql/header.ts';
import { DO_HEADER } from '../../../src/statements/plpgsql/plpgsql.ts';
import type { BodySql } from '../../../src/statements/plpgsql/script.ts';

/** The body of an example and the header that the compiler gets with it. Needs the parser. */
export function bodyOf({ name, sql }: BodyExample): { body: string; header: string } {
  const parsed = parseText(sql);
  const statement = parsed.ok ? parsed.statements[0]?.stmt : undefined;
  const block = as(statement, 'DoStmt');
  const made = as(statement, 'CreateFunctionStmt');
  const body = sourceOf(block) ?? sourceOf(made);
  if (body === undefined) throw new Error(`no body in the example "${name}"`);
  return { body, header: made === undefined ? DO_HEADER : functionHeader(made) };
}

function sourceOf(node: DoStmt | CreateFunctionStmt | undefined): string | undefined {
  const list = node === undefined ? [] : 'args' in node ? node.args : (node as CreateFunctionStmt).options;
  const source = options(list).find(({ defname }) => defname === 'as')?.arg;
  return as(source, 'String')?.sval ?? strings(as(source, 'List')?.items)[0];
}

/** What the statements of a body mean to a detector, as sorted lines. */
export function meaningOf({ statements, dynamic }: BodySql): string[] {
  const lines = new Set([`dynamic ${dynamic}`]);
  for (const statement of statements) {
    const features = extractFeatures(statement);
    const lists = ['kinds', 'relationsRead', 'relationsWritten', 'catalogs', 'functions', 'flags'] as const;
    for (const list of [...lists, 'roleOptions', 'rolesGranted', 'hosts'] as const)
      for (const value of features[list]) lines.add(`${list} ${value}`);
    for (const name of ['settingName', 'settingValue', 'extension', 'path', 'target'] as const)
      if (features[name] !== null) lines.add(`${name} ${features[name]}`);
  }
  return [...lines].sort();
}
