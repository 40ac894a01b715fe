/** `pgvigil query`: ad-hoc SQL over the public views, one query or a shell for many; and investigations. */
import type { Readable } from 'node:stream';
import { PgvigilError } from '../errors.ts';
import { printable } from '../printable.ts';
import { AnswerFile, type FileFormat, formatOfName, rowCount } from '../query/answer-file.ts';
import type { Format } from '../query/formats.ts';
import { askInvestigation } from '../query/investigations/ask.ts';
import { findInvestigation } from '../query/investigations/investigation.ts';
import { openSession } from '../query/local-runner.ts';
import { requireParameters, usedParameters } from '../query/parameters.ts';
import type { QueryRequest } from '../query/query-runner.ts';
import { DEFAULT_LIMIT_ROWS } from '../query/query-runner.ts';
import type { QuerySession } from '../query/query-session.ts';
import { ElapsedLine, endedBy } from '../shell/elapsed.ts';
import { History, historyPath } from '../shell/history.ts';
import { runShell } from '../shell/shell.ts';
import { readSqlFile } from '../shell/sql-file.ts';
import { type CommandContext, createContext, type GlobalOptions } from './context.ts';
import { explanation } from './investigations.ts';
import { printRows } from './output.ts';
import type { ParameterTexts } from './parameter-option.ts';

export interface QueryCommandOptions extends GlobalOptions {
  file?: string;
  /** Name of an investigation, in place of SQL. */
  investigation?: string;
  parameter?: ParameterTexts;
  format?: FileFormat;
  output?: string;
  force?: boolean;
  /** Rows at most; 0: all. */
  limit?: number;
  /** Seconds at most. */
  timeout: number;
}

/** Exit codes of a command that a signal ends. */
const SIGNAL_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** @throws PgvigilError USAGE, NOT_FOUND, FILE_UNREADABLE, QUERY_REFUSED, QUERY_FAILED, DATA_* */
export async function queryCommand(sql: string | undefined, options: QueryCommandOptions): Promise<void> {
  const context = await createContext(options);
  const investigation =
    options.investigation === undefined ? null : await findInvestigation(options.investigation);
  if (investigation !== null && (sql !== undefined || options.file !== undefined)) throw twoQuestions();
  const text = investigation === null ? await sqlFrom(sql, options.file, process.stdin) : null;
  const session = openSession(context.config.data);
  try {
    if (investigation !== null) {
      const parameters = await askInvestigation(session, investigation, options.parameter ?? {});
      if (context.err.isTTY) context.err.write(explanation(investigation));
      await stoppable((signal) =>
        once(session, { sql: investigation.sql, parameters }, context, options, signal),
      );
    } else if (text === null) await shell(session, context, options);
    else {
      const parameters = checkedParameters(text, options.parameter ?? {});
      await stoppable((signal) => once(session, { sql: text, parameters }, context, options, signal));
    }
  } finally {
    await session.close();
  }
}

function twoQuestions(): PgvigilError {
  return new PgvigilError(
    'USAGE',
    'there is SQL and an investigation',
    'Give one of them; `pgvigil investigations` lists what is ready.',
  );
}

/** The SQL that the command line gives or names; null: there is a person to type it. */
async function sqlFrom(
  sql: string | undefined,
  file: string | undefined,
  input: Readable & { isTTY?: boolean },
): Promise<string | null> {
  if (sql !== undefined && file !== undefined) {
    throw new PgvigilError(
      'USAGE',
      'there is SQL and a file to read it from',
      'Give one of them. -f is --file here; the format of the output is --format.',
    );
  }
  if (sql !== undefined) return sql;
  if (file !== undefined && file !== '-') return readSqlFile(file);
  if (file === undefined && input.isTTY) return null;
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(chunk as Buffer);
  return new TextDecoder().decode(Buffer.concat(chunks));
}

async function shell(
  session: QuerySession,
  { config, env, out, err }: CommandContext,
  options: QueryCommandOptions,
): Promise<void> {
  const { format = 'table' } = options;
  if (!out.isTTY || options.output !== undefined || format === 'parquet') {
    throw new PgvigilError(
      'USAGE',
      'there is no SQL',
      'Give it as an argument, with --file, or on standard input.',
    );
  }
  await runShell({
    session,
    settings: {
      format,
      expanded: false,
      timing: false,
      limitRows: options.limit ?? null,
      timeoutMs: options.timeout * 1000,
      pager: true,
      output: null,
      parameters: options.parameter ?? {},
    },
    history: await History.load(historyPath(env)),
    dataDir: config.data,
    env,
    input: process.stdin,
    output: out,
    err,
  });
}

/** Answers one query, onto standard output or into a file. */
async function once(
  session: QuerySession,
  { sql, parameters }: Pick<QueryRequest, 'sql' | 'parameters'>,
  { out, err }: CommandContext,
  options: QueryCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const { output } = options;
  const format = options.format ?? (output === undefined ? undefined : formatOfName(output)) ?? 'table';
  const file =
    output === undefined ? null : await AnswerFile.at(output, { format, force: options.force === true });
  if (file === null && format === 'parquet')
    throw new PgvigilError('USAGE', 'Parquet is not for a terminal or a pipe', 'Name a file with --output.');
  const limitRows = options.limit ?? (file === null ? DEFAULT_LIMIT_ROWS : 0);
  const elapsed = new ElapsedLine(err);
  elapsed.start();
  try {
    const request = { sql, parameters, limitRows, limitBytes: 0, timeoutMs: options.timeout * 1000 };
    const answer = await session.run(request, signal);
    try {
      const said =
        file === null ? '' : `${rowCount(await file.write(answer))} written to ${printable(output!)}.\n`;
      if (file === null) {
        const rows = { columns: answer.columns, rows: endedBy(elapsed, answer.rows) };
        await printRows(out, format as Format, rows);
      }
      elapsed.end();
      err.write(said);
      if (answer.cut !== null)
        err.write(`Only the first ${limitRows} rows are there; --limit 0 gives all.\n`);
    } finally {
      answer.close();
    }
  } finally {
    elapsed.end();
  }
}

function checkedParameters(sql: string, values: Readonly<Record<string, string>>): Record<string, string> {
  requireParameters(sql, values, (name) => `Give it one: --parameter ${name}=…`);
  const used = usedParameters(sql, values);
  const unused = Object.keys(values).find((name) => !Object.hasOwn(used, name));
  if (unused === undefined) return used;
  throw new PgvigilError(
    'USAGE',
    `the query has no $${unused}`,
    'Look for a slip in --parameter or in the SQL.',
  );
}

/** Ends the work at the first signal, with time to leave nothing behind; a second one ends the process. */
async function stoppable(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController();
  const stop = (signal: keyof typeof SIGNAL_CODES) => {
    if (controller.signal.aborted) process.exit(SIGNAL_CODES[signal]);
    process.exitCode = SIGNAL_CODES[signal];
    controller.abort();
  };
  const signals = Object.keys(SIGNAL_CODES) as (keyof typeof SIGNAL_CODES)[];
  for (const signal of signals) process.on(signal, stop);
  try {
    await work(controller.signal);
  } catch (error) {
    if (!controller.signal.aborted) throw error;
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
