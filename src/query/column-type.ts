/**
 * Reads DuckDB's names of types. They may hold names that the author of a query chose, and come from another process, so
 * nothing of such a text is ever put into SQL: it is read into types, and DuckDB's own classes write these again.
 */
import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  type DuckDBType,
  type DuckDBValue,
  FLOAT,
  INTEGER,
  LIST,
  MAP,
  SMALLINT,
  STRUCT,
  TIME,
  TIMESTAMP,
  TIMESTAMP_MS,
  TIMESTAMP_NS,
  TIMESTAMP_S,
  TIMESTAMPTZ,
  TINYINT,
  UBIGINT,
  UINTEGER,
  USMALLINT,
  UTINYINT,
  UUID,
  VARCHAR,
} from '@duckdb/node-api';
import { PgvigilError } from '../errors.ts';
import type { Cell } from './values.ts';

/** How the cells of a column become values of DuckDB again. */
export interface ColumnType {
  /** Type in the file. */
  stored: DuckDBType;
  /** Type in which values are handed to DuckDB, which casts them: texts inside, as that is what cells are. */
  handed: DuckDBType;
  convert(cell: Exclude<Cell, null>): DuckDBValue;
}

/** Parquet has no whole numbers of 128 bits; 38 digits hold all but the largest. */
const WIDE = DECIMAL(38, 0);

const SCALARS: Readonly<Record<string, DuckDBType>> = {
  BOOLEAN,
  TINYINT,
  SMALLINT,
  INTEGER,
  BIGINT,
  HUGEINT: WIDE,
  UTINYINT,
  USMALLINT,
  UINTEGER,
  UBIGINT,
  UHUGEINT: WIDE,
  FLOAT,
  DOUBLE,
  VARCHAR,
  DATE,
  TIME,
  TIMESTAMP,
  TIMESTAMP_S,
  TIMESTAMP_MS,
  TIMESTAMP_NS,
  'TIMESTAMP WITH TIME ZONE': TIMESTAMPTZ,
  UUID,
};

const TEXT: ColumnType = scalar(VARCHAR);

/** Deeper nesting is nobody's wish. */
const MAX_DEPTH = 32;

/**
 * What a column is in a file of types. What Parquet has no exact type for (INTERVAL, TIME WITH TIME ZONE, BIT, BIGNUM,
 * UNION, ENUM) is text, as the other formats write it.
 */
export function columnType(name: string): ColumnType {
  const reader = new TypeReader(name);
  return reader.read() ?? TEXT;
}

function scalar(stored: DuckDBType): ColumnType {
  return {
    stored,
    handed: VARCHAR,
    convert: (cell) => (typeof cell === 'object' ? JSON.stringify(cell) : String(cell)),
  };
}

const BYTES: ColumnType = {
  stored: BLOB,
  handed: BLOB,
  convert: (cell) => new DuckDBBlobValue(Buffer.from(String(cell), 'base64')),
};

/** A cell of a column of this type, as it is handed to DuckDB. */
export function handedValue(type: ColumnType, cell: Cell | undefined): DuckDBValue {
  return cell === null || cell === undefined ? null : type.convert(cell);
}

function list(of: ColumnType): ColumnType {
  return {
    stored: LIST(of.stored),
    handed: LIST(of.handed),
    convert: (cell) => new DuckDBListValue(itemsOf(cell).map((item) => handedValue(of, item))),
  };
}

function struct(fields: readonly (readonly [string, ColumnType])[]): ColumnType {
  const entries = (pick: (type: ColumnType) => DuckDBType) =>
    Object.fromEntries(fields.map(([name, type]) => [name, pick(type)]));
  return {
    stored: STRUCT(entries(({ stored }) => stored)),
    handed: STRUCT(entries(({ handed }) => handed)),
    convert: (cell) => {
      const members = membersOf(cell);
      return new DuckDBStructValue(
        Object.fromEntries(fields.map(([name, type]) => [name, handedValue(type, members[name])])),
      );
    },
  };
}

function map(key: ColumnType, value: ColumnType): ColumnType {
  return {
    stored: MAP(key.stored, value.stored),
    handed: MAP(key.handed, value.handed),
    convert: (cell) =>
      new DuckDBMapValue(
        itemsOf(cell).map((item) => {
          const entry = membersOf(item);
          return { key: handedValue(key, entry.key), value: handedValue(value, entry.value) };
        }),
      ),
  };
}

function itemsOf(cell: Cell): Cell[] {
  if (Array.isArray(cell)) return cell;
  throw misfit();
}

function membersOf(cell: Cell): Record<string, Cell> {
  if (cell !== null && typeof cell === 'object' && !Array.isArray(cell)) return cell;
  throw misfit();
}

function misfit(): PgvigilError {
  return new PgvigilError('QUERY_FAILED', 'a value does not fit the type of its column', 'Run it again.');
}

/** Reads one name of a type from its beginning to its end; null for what it does not know. */
class TypeReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  read(): ColumnType | null {
    const type = this.#type(0);
    return this.#at === this.#text.length ? type : null;
  }

  #type(depth: number): ColumnType | null {
    if (depth > MAX_DEPTH) return null;
    let type = this.#single(depth);
    for (let lists = depth; type !== null && this.#take(/\[\d*\]/y) !== null; lists++) {
      type = lists < MAX_DEPTH ? list(type) : null;
    }
    return type;
  }

  #single(depth: number): ColumnType | null {
    if (this.#take(/STRUCT\(/y) !== null) return this.#struct(depth);
    if (this.#take(/MAP\(/y) !== null) return this.#map(depth);
    const decimal = this.#take(/DECIMAL\((\d{1,2}),(\d{1,2})\)/y);
    if (decimal !== null) return scalar(DECIMAL(Number(decimal[1]), Number(decimal[2])));
    const name = this.#take(/[A-Z][A-Z0-9_]*(?: [A-Z]+)*/y)?.[0] ?? '';
    if (name === 'BLOB') return BYTES;
    return Object.hasOwn(SCALARS, name) ? scalar(SCALARS[name]!) : null;
  }

  #struct(depth: number): ColumnType | null {
    const fields = new Map<string, ColumnType>();
    const folded = new Set<string>();
    do {
      const quoted = this.#take(/"((?:[^"]|"")*)" /y);
      if (quoted === null) return null;
      const name = quoted[1]!.replaceAll('""', '"');
      const type = this.#type(depth + 1);
      // A row without names of its own, or with two that are one to DuckDB, is no struct that could be made again.
      if (type === null || name === '' || folded.has(name.toLowerCase())) return null;
      fields.set(name, type);
      folded.add(name.toLowerCase());
    } while (this.#take(/, /y) !== null);
    return this.#take(/\)/y) === null ? null : struct([...fields]);
  }

  #map(depth: number): ColumnType | null {
    const key = this.#type(depth + 1);
    if (key === null || this.#take(/, /y) === null) return null;
    const value = this.#type(depth + 1);
    return value === null || this.#take(/\)/y) === null ? null : map(key, value);
  }

  #take(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#at = pattern.lastIndex;
    return match;
  }
}
