/** An investigation: a question that people ask again and again, as one SELECT over the public views with parameters. */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { closest } from '../../closest.ts';
import { PgvigilError } from '../../errors.ts';
import { packagePath } from '../../paths.ts';
import { issuesIn } from '../../schema-issues.ts';
import { readSqlFile } from '../../sql-file.ts';
import { parameterNames, tokensOf } from '../sql-tokens.ts';
import { frontMatter, type Parameter, TOPICS, type Topic } from './front-matter.ts';

export interface Investigation {
  name: string;
  title: string;
  topic: Topic;
  question: string;
  howToRead: string;
  parameters: Readonly<Record<string, Parameter>>;
  sql: string;
  file: string;
}

/** Reads one file. @throws PgvigilError INTERNAL naming file and key: the files are part of pgvigil */
export function parseInvestigation(file: string, text: string): Investigation {
  const read = readSqlFile(text);
  if ('reason' in read) throw broken(`${file}:${read.line}`, read.reason);
  const parsed = frontMatter.safeParse(read.values);
  if (!parsed.success) throw broken(file, issuesIn(parsed.error));
  const { how_to_read: howToRead, ...rest } = parsed.data;
  const name = basename(file, '.sql');
  if (rest.name !== name) throw broken(file, `name: it is ${rest.name}, and the file is ${name}.sql`);
  checkSql(file, read.sql, Object.keys(rest.parameters));
  return { ...rest, howToRead, sql: read.sql, file };
}

/** DuckDB refuses values for parameters that a statement does not have. */
function checkSql(file: string, sql: string, declared: readonly string[]): void {
  const names = [...parameterNames(sql)];
  if (sql === '' || tokensOf(sql).some(({ kind }) => kind === 'semicolon'))
    throw broken(file, 'the SQL is not one statement without a semicolon');
  const undeclared = names.find((name) => !declared.includes(name));
  if (undeclared !== undefined) throw broken(file, `parameters: $${undeclared} of the SQL is not declared`);
  const unused = declared.find((name) => !names.includes(name));
  if (unused !== undefined) throw broken(file, `parameters.${unused}: the SQL does not use it`);
}

function broken(where: string, reason: string): PgvigilError {
  return new PgvigilError(
    'INTERNAL',
    `${where}: ${reason}`,
    'This is a defect of pgvigil. Please report it.',
  );
}

const FOLDER = packagePath('queries/investigations');

/** All investigations, by topic and name. @throws PgvigilError INTERNAL */
export async function loadInvestigations(): Promise<Investigation[]> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.sql')).sort();
  const all = await Promise.all(
    files.map(async (name) => {
      const file = join(FOLDER, name);
      return parseInvestigation(file, await readFile(file, 'utf8'));
    }),
  );
  // Array sort is stable: those of one topic stay in the order of their names.
  const topics = Object.keys(TOPICS);
  return all.sort((a, b) => topics.indexOf(a.topic) - topics.indexOf(b.topic));
}

/** The investigation of a name. @throws PgvigilError NOT_FOUND */
export async function findInvestigation(name: string): Promise<Investigation> {
  const all = await loadInvestigations();
  const found = all.find((one) => one.name === name);
  if (found !== undefined) return found;
  const guess = closest(
    name,
    all.map((one) => one.name),
  );
  throw new PgvigilError(
    'NOT_FOUND',
    `there is no investigation ${JSON.stringify(name.slice(0, 64))}`,
    `${guess === undefined ? '' : `Did you mean ${guess}? `}\`pgvigil investigations\` lists them.`,
  );
}

/** A command line that asks it with the values of its examples. */
export function commandLine({ name, parameters }: Investigation): string {
  const values = Object.entries(parameters).flatMap(([key, { example }]) =>
    example === undefined ? [] : [` -p ${key}=${shellWord(example)}`],
  );
  return `pgvigil query --investigation ${name}${values.join('')}`;
}

function shellWord(text: string): string {
  return /^[\w.:@/+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
