/** Which type of PostgreSQL a type of DuckDB is shown as. */

export type Kind =
  | 'bool'
  | 'int2'
  | 'int4'
  | 'int8'
  | 'float4'
  | 'float8'
  | 'numeric'
  | 'text'
  | 'json'
  | 'bytea'
  | 'date'
  | 'time'
  | 'timestamp'
  | 'timestamptz'
  | 'interval'
  | 'uuid';

/** OID of a type, of the list of it, and its size; -1: as many bytes as it takes. From `pg_type.dat`. */
export const PG_TYPES: Readonly<Record<Kind, { oid: number; list: number; size: number }>> = {
  bool: { oid: 16, list: 1000, size: 1 },
  bytea: { oid: 17, list: 1001, size: -1 },
  int8: { oid: 20, list: 1016, size: 8 },
  int2: { oid: 21, list: 1005, size: 2 },
  int4: { oid: 23, list: 1007, size: 4 },
  text: { oid: 25, list: 1009, size: -1 },
  json: { oid: 114, list: 199, size: -1 },
  float4: { oid: 700, list: 1021, size: 4 },
  float8: { oid: 701, list: 1022, size: 8 },
  date: { oid: 1082, list: 1182, size: 4 },
  time: { oid: 1083, list: 1183, size: 8 },
  timestamp: { oid: 1114, list: 1115, size: 8 },
  timestamptz: { oid: 1184, list: 1185, size: 8 },
  interval: { oid: 1186, list: 1187, size: 16 },
  numeric: { oid: 1700, list: 1231, size: -1 },
  uuid: { oid: 2950, list: 2951, size: 16 },
};

const KINDS: Readonly<Record<string, Kind>> = {
  BOOLEAN: 'bool',
  TINYINT: 'int2',
  SMALLINT: 'int2',
  UTINYINT: 'int2',
  INTEGER: 'int4',
  USMALLINT: 'int4',
  BIGINT: 'int8',
  UINTEGER: 'int8',
  UBIGINT: 'numeric',
  HUGEINT: 'numeric',
  UHUGEINT: 'numeric',
  FLOAT: 'float4',
  DOUBLE: 'float8',
  BLOB: 'bytea',
  DATE: 'date',
  TIME: 'time',
  TIMESTAMP: 'timestamp',
  TIMESTAMP_S: 'timestamp',
  TIMESTAMP_MS: 'timestamp',
  TIMESTAMP_NS: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
  INTERVAL: 'interval',
  UUID: 'uuid',
  JSON: 'json',
};

/** What a value of a type is cast to where the query leaves the type open. */
const DUCKDB_TYPES: Readonly<Record<Kind, string>> = {
  bool: 'BOOLEAN',
  int2: 'SMALLINT',
  int4: 'INTEGER',
  int8: 'BIGINT',
  float4: 'FLOAT',
  float8: 'DOUBLE',
  numeric: 'DECIMAL(38,9)',
  text: 'VARCHAR',
  json: 'JSON',
  bytea: 'BLOB',
  date: 'DATE',
  time: 'TIME',
  timestamp: 'TIMESTAMP',
  timestamptz: 'TIMESTAMP WITH TIME ZONE',
  interval: 'INTERVAL',
  uuid: 'UUID',
};

/** Other names of text. */
const [BPCHAR_OID, VARCHAR_OID] = [1042, 1043];

export interface PgType {
  kind: Kind;
  list: boolean;
  /** Digits behind the point of a DECIMAL; null for everything else. */
  scale: number | null;
  /** As `atttypmod`; -1: none. */
  modifier: number;
}

/**
 * - Whole numbers without sign become the next wider type that holds them.
 * - A list of scalars is an array. STRUCT, MAP, UNION and lists of those, or of lists, are JSON.
 * - What PostgreSQL does not have (ENUM, BIT, TIMETZ, …) is text.
 */
export function pgTypeOf(duckdbType: string): PgType {
  const element = /^(.*)\[\d*\]$/s.exec(duckdbType)?.[1];
  if (element !== undefined) {
    const inner = pgTypeOf(element);
    return inner.list || inner.kind === 'json' ? plain('json') : { ...inner, list: true };
  }
  if (/^(?:STRUCT|MAP|UNION)\(/.test(duckdbType)) return plain('json');
  const decimal = /^DECIMAL\((\d+),\s*(\d+)\)$/.exec(duckdbType);
  if (decimal !== null) {
    const [precision, scale] = [Number(decimal[1]), Number(decimal[2])];
    return { kind: 'numeric', list: false, scale, modifier: ((precision << 16) | scale) + 4 };
  }
  return plain((Object.hasOwn(KINDS, duckdbType) ? KINDS[duckdbType] : undefined) ?? 'text');
}

function plain(kind: Kind): PgType {
  return { kind, list: false, scale: null, modifier: -1 };
}

export function oidOf({ kind, list }: PgType): number {
  return list ? PG_TYPES[kind].list : PG_TYPES[kind].oid;
}

export function sizeOf({ kind, list }: PgType): number {
  return list ? -1 : PG_TYPES[kind].size;
}

export function duckdbTypeOf({ kind, list }: PgType): string {
  return `${DUCKDB_TYPES[kind]}${list ? '[]' : ''}`;
}

/** The type of an OID that a client names for a parameter; null for one that we do not know. */
export function pgTypeOfOid(oid: number): PgType | null {
  if (oid === VARCHAR_OID || oid === BPCHAR_OID) return plain('text');
  for (const kind of Object.keys(PG_TYPES) as Kind[]) {
    if (PG_TYPES[kind].oid === oid) return plain(kind);
    if (PG_TYPES[kind].list === oid) return { ...plain(kind), list: true };
  }
  return null;
}
