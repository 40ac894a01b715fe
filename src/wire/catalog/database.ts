/** The catalogs: a DuckDB in memory that holds nothing but names, types and comments of the public views. */
import { readFileSync } from 'node:fs';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { packagePath } from '../../paths.ts';
import { type Kind, oidOf, PG_TYPES, pgTypeOf } from '../types/pg-type.ts';
import type { ViewInfo } from './catalog-runner.ts';

export interface CatalogDatabase {
  instance: DuckDBInstance;
  /** Relations as they are stored: `pgc_pg_class`, `pgi_tables`. */
  relations: ReadonlySet<string>;
  /** Functions that have a macro, without its prefix. */
  functions: ReadonlySet<string>;
}

/** Settings of a database that asks nobody and grows little. */
const CLOSED = {
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
  threads: '1',
};

const DEFAULTS: Readonly<Record<string, string>> = {
  bool: 'false',
  int2: '0',
  int4: '0',
  int8: '0',
  float4: '0',
  float8: '0',
};

export async function openCatalog(views: readonly ViewInfo[]): Promise<CatalogDatabase> {
  const instance = await DuckDBInstance.create(':memory:', CLOSED);
  const connection = await instance.connect();
  const functionSql = readFileSync(packagePath('queries/wire/functions.sql'), 'utf8');
  await connection.run("SET GLOBAL TimeZone = 'UTC'; CREATE SCHEMA stored;");
  const relations = await createRelations(connection);
  await loadShown(connection, views);
  await connection.run(readFileSync(packagePath('queries/wire/contents.sql'), 'utf8'));
  await connection.run(functionSql);
  await connection.run(
    `SET temp_directory = ''; SET memory_limit = '256MB'; SET enable_external_access = false; SET lock_configuration = true;`,
  );
  connection.closeSync();
  const functions = new Set([...functionSql.matchAll(/CREATE MACRO pgf_(\w+)/g)].map(([, name]) => name!));
  return { instance, relations, functions };
}

async function createRelations(connection: DuckDBConnection): Promise<Set<string>> {
  const lines = readFileSync(packagePath('queries/wire/relations.txt'), 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\n +/g, ' ');
  const names = new Set<string>();
  const statements: string[] = [];
  for (const line of lines.trim().split('\n')) {
    const [relation, list] = line.split(': ') as [string, string];
    const isInformation = relation.startsWith('information_schema.');
    const name = isInformation ? `pgi_${relation.slice(19)}` : `pgc_${relation}`;
    const columns = list.split(', ').map((column) => {
      const [columnName, type] = column.split(' ') as [string, string];
      const standard = isInformation ? undefined : DEFAULTS[type];
      return `"${columnName}" ${type}${standard === undefined ? '' : ` DEFAULT ${standard}`}`;
    });
    names.add(name);
    // The guard knows views.
    statements.push(
      `CREATE TABLE stored.${name} (${columns.join(', ')}); CREATE VIEW ${name} AS FROM stored.${name};`,
    );
  }
  await connection.run(statements.join('\n'));
  return names;
}

/** `display` is what format_type writes. */
const DISPLAY: Partial<Record<Kind, string>> = {
  bool: 'boolean',
  int2: 'smallint',
  int4: 'integer',
  int8: 'bigint',
  float4: 'real',
  float8: 'double precision',
  time: 'time without time zone',
  timestamp: 'timestamp without time zone',
  timestamptz: 'timestamp with time zone',
};

const CATEGORIES: Partial<Record<Kind, string>> = {
  bool: 'B',
  text: 'S',
  date: 'D',
  time: 'D',
  timestamp: 'D',
  timestamptz: 'D',
  interval: 'T',
  json: 'U',
  bytea: 'U',
  uuid: 'U',
};

type TypeRow = [
  oid: number,
  name: string,
  display: string,
  size: number,
  kind: string,
  category: string,
  element: number,
  list: number,
];

/** Types that drivers look for though no column has them. */
const MORE_TYPES: readonly TypeRow[] = [
  [18, 'char', '"char"', 1, 'b', 'Z', 0, 1002],
  [19, 'name', 'name', 64, 'b', 'S', 0, 1003],
  [26, 'oid', 'oid', 4, 'b', 'N', 0, 1028],
  [705, 'unknown', 'unknown', -2, 'p', 'X', 0, 0],
  [1043, 'varchar', 'character varying', -1, 'b', 'S', 0, 1015],
  [2205, 'regclass', 'regclass', 4, 'b', 'N', 0, 2210],
  [2249, 'record', 'record', -1, 'p', 'P', 0, 2287],
  [2278, 'void', 'void', 4, 'p', 'P', 0, 0],
];

function typeRows(): TypeRow[] {
  const rows = (Object.keys(PG_TYPES) as Kind[]).flatMap((kind): TypeRow[] => {
    const { oid, list, size } = PG_TYPES[kind];
    const display = DISPLAY[kind] ?? kind;
    return [
      [oid, kind, display, size, 'b', CATEGORIES[kind] ?? 'N', 0, list],
      [list, `_${kind}`, `${display}[]`, -1, 'b', 'A', oid, 0],
    ];
  });
  return [...rows, ...MORE_TYPES];
}

async function loadShown(connection: DuckDBConnection, views: readonly ViewInfo[]): Promise<void> {
  await connection.run(
    `CREATE TABLE stored.shown_types (oid int4, name text, display text, size int2, kind text, category text, element int4, list int4);
     CREATE TABLE stored.shown_views (number int4, name text, comment text);
     CREATE TABLE stored.shown_columns ("view" int4, number int4, name text, "type" int4, modifier int4, comment text);
     CREATE VIEW pgc_shown_types AS FROM stored.shown_types; CREATE VIEW pgc_shown_views AS FROM stored.shown_views;
     CREATE VIEW pgc_shown_columns AS FROM stored.shown_columns;`,
  );
  for (const row of typeRows())
    await connection.run('INSERT INTO stored.shown_types VALUES ($1, $2, $3, $4, $5, $6, $7, $8)', row);
  for (const [number, { name, comment, columns }] of views.entries()) {
    await connection.run('INSERT INTO stored.shown_views VALUES ($1, $2, $3)', [number, name, comment]);
    for (const [index, column] of columns.entries()) {
      const type = pgTypeOf(column.type);
      await connection.run('INSERT INTO stored.shown_columns VALUES ($1, $2, $3, $4, $5, $6)', [
        number,
        index + 1,
        column.name,
        oidOf(type),
        type.modifier,
        column.comment,
      ]);
    }
  }
}
