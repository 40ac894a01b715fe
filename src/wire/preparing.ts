/** What a statement needs and gives, before it runs: for Parse and Describe. */

import type { Column } from '../query/result.ts';
import { noData, rowDescription } from './backend.ts';
import { fieldsOf, formatsFor } from './encoder.ts';
import type { Prepared, Session } from './session.ts';
import { type Statement, statementsOf } from './statement.ts';
import { duckdbTypeOf, oidOf, pgTypeOf, pgTypeOfOid } from './types/pg-type.ts';

const TEXT_OID = 25;

/**
 * A query with the types of its parameters: those that the client named, else those that the query expects, else text.
 *
 * @param oids as Parse has them, 0 for those that the client leaves open
 * @throws PgvigilError QUERY_REFUSED, QUERY_FAILED
 */
export async function prepareQuery(
  session: Pick<Session, 'describe'>,
  statement: Statement,
  oids: readonly number[],
): Promise<Prepared> {
  const open = await session.describe(statement);
  const isOpen = open.parameters.some(({ type }) => type === null);
  const typed = isOpen ? withParameterTypes(statement, oids) : statement;
  const { parameters, columns } = isOpen ? await session.describe(typed) : open;
  const known = parameters.map(({ type }, index) => {
    const oid = oids[index] ?? 0;
    const own = type === null ? null : pgTypeOf(type);
    if (oid !== 0) return { oid, type: pgTypeOfOid(oid) };
    return { oid: own === null ? TEXT_OID : oidOf(own), type: own };
  });
  return { statement: typed, parameters: known, columns };
}

/** The statement with a type at each parameter: the client's own, else text, as PostgreSQL has it. */
function withParameterTypes({ sql, tokens }: Statement, oids: readonly number[]): Statement {
  let out = '';
  let copied = 0;
  for (const { type, start, end } of tokens) {
    if (type !== 'parameter') continue;
    const named = pgTypeOfOid(oids[Number(sql.slice(start + 1, end)) - 1] ?? 0);
    out += `${sql.slice(copied, start)}(${sql.slice(start, end)}::${named === null ? 'VARCHAR' : duckdbTypeOf(named)})`;
    copied = end;
  }
  return statementsOf(out + sql.slice(copied))[0]!;
}

/** RowDescription, or NoData where there are no rows. @param formats as Bind has them */
export function description(columns: readonly Column[] | null, formats: readonly number[]): Buffer {
  return columns === null ? noData() : rowDescription(fieldsOf(columns), formatsFor(columns, formats));
}
