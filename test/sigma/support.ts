/** What the tests of Sigma share: a database with a small `activity`, and rules of a few lines. */
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type Detector, parseDetector } from '../../src/detect/detector.ts';
import { readKnown, serialize } from '../../src/sigma/database.ts';
import { type Exported, exportDetector } from '../../src/sigma/export.ts';
import { importRule } from '../../src/sigma/import.ts';
import type { Known } from '../../src/sigma/relation.ts';
import { parseRule } from '../../src/sigma/rule.ts';

/** Columns of the view that the tests ask about; the type of a text where it has none. */
const COLUMNS = `record_id BIGINT, event_time TIMESTAMP, server VARCHAR, session_id VARCHAR, user_name VARCHAR,
  client VARCHAR, database_name VARCHAR, application VARCHAR, statement_hash VARCHAR, sqlstate VARCHAR,
  message VARCHAR, sql_text VARCHAR, command VARCHAR, flags VARCHAR[], kinds VARCHAR[], statement_count INTEGER,
  ok BOOLEAN, is_platform BOOLEAN`;

export interface Database {
  connection: DuckDBConnection;
  known: Known;
  close: () => void | Promise<void>;
}

/** A database with tables in place of the views: they may hold what no log line gives. */
export async function database(): Promise<Database> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  for (const name of ['activity', 'notable_activity'])
    await connection.run(`CREATE TABLE ${name} (${COLUMNS})`);
  await connection.run(
    `CREATE TABLE sign_ins AS SELECT * EXCLUDE (message, sql_text, flags, kinds, ok), '' AS outcome FROM activity`,
  );
  await connection.run('CREATE TABLE records AS SELECT *, message AS detail FROM activity');
  return {
    connection,
    known: await readKnown(connection),
    close: () => {
      connection.closeSync();
      instance.closeSync();
    },
  };
}

export function detector(select: string, more = 'parameters: {}'): Detector {
  return parseDetector(
    'test.sql',
    `/*---
id: Z01
name: test.test
title: Test
severity: high
risk: 1
tactic: execution
attack: [T1059.004]
quiet: 1h
requires: []
false_positives: [None]
runbook: [Look]
${more}
---*/
${select}`,
  );
}

/** A SELECT over activity with this condition. An imported rule leaves platform sessions out by itself. */
export function selectWhere(condition: string): string {
  return `SELECT record_id FROM activity WHERE event_time > $since AND event_time <= $until AND NOT is_platform AND (${condition})`;
}

export async function exported({ connection, known }: Database, one: Detector): Promise<Exported> {
  return exportDetector(one, await serialize(connection, one.sql), known);
}

/** The rule of a detector that has one. */
export async function ruleOf(base: Database, one: Detector): Promise<string> {
  const result = await exported(base, one);
  if ('reason' in result) throw new Error(`${one.sql}: ${result.reason}`);
  return result.rule;
}

export async function imported({ known }: Database, rule: string): Promise<Detector> {
  const { text } = importRule(parseRule(rule), 'Z02', known.views);
  return parseDetector('test.sql', text);
}

/** A rule with this detection, its lines indented by two. */
export function rule(
  detection: string,
  more = 'logsource: { product: postgresql, service: pgaudit }',
): string {
  return `title: Test\n${more}\ndetection:\n${detection}\n`;
}

/** Ids of the records that a detector finds, between the beginning and the end of time. */
export async function found({ connection }: Database, { sql }: Detector): Promise<number[]> {
  const bounded = sql
    .replaceAll('$since', "TIMESTAMP '1970-01-01'")
    .replaceAll('$until', "TIMESTAMP '2100-01-01'");
  const reader = await connection.runAndReadAll(`SELECT record_id FROM (${bounded}) ORDER BY record_id`);
  return reader.getRowsJS().map((row) => Number(row[0]));
}
