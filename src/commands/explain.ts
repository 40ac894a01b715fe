/** `pgvigil explain`: what pgvigil sees in a statement, so that the author of a detector need not guess. */
import type { Readable } from 'node:stream';
import { cleanText } from '../decode/redaction/text.ts';
import { PgvigilError } from '../errors.ts';
import type { Statement } from '../model/statement.ts';
import { printableJson } from '../printable.ts';
import { StatementReader } from '../statements/statement-reader.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { explanationText, statementColumns } from './explanation.ts';
import { parseFailure } from './parse-failure.ts';

/** Of a terminal that does not tell its width. */
const DEFAULT_WIDTH = 80;

/**
 * Takes the statement the way of a stored one: redaction, then features.
 *
 * @param sql the statement; undefined or `-`: standard input
 * @throws PgvigilError USAGE where there is no statement, CONFIG_INVALID
 */
export async function explainCommand(
  sql: string | undefined,
  options: GlobalOptions & { format: string },
): Promise<void> {
  const { out } = await createContext(options);
  const text = sql === undefined || sql === '-' ? await statementFrom(process.stdin, sql) : sql;
  if (text.trim() === '') throw noStatement('the statement is empty');
  const statement = await statementOf(cleanText(text));
  if (options.format === 'json') {
    out.write(`${printableJson(JSON.stringify(statementColumns(statement)))}\n`);
    return;
  }
  const failure = statement.template.features.parseOk ? null : await parseFailure(statement);
  const terminalWidth = out.isTTY ? out.columns || DEFAULT_WIDTH : null;
  out.write(explanationText(statement, failure, { terminalWidth, colour: out.isTTY }));
}

async function statementOf(redactedText: string): Promise<Statement> {
  const reader = await StatementReader.start();
  try {
    return (await reader.read([redactedText])).get(redactedText)!;
  } finally {
    await reader.close();
  }
}

/** Everything up to the end of the input, without the line break that the shell puts there. */
async function statementFrom(
  input: Readable & { isTTY?: boolean },
  sql: string | undefined,
): Promise<string> {
  if (sql === undefined && input.isTTY) throw noStatement('there is no statement to explain');
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(chunk as Buffer);
  return new TextDecoder().decode(Buffer.concat(chunks)).replace(/\r?\n$/, '');
}

function noStatement(what: string): PgvigilError {
  return new PgvigilError(
    'USAGE',
    what,
    'Give it as an argument, `pgvigil explain "SELECT 1"`, or on standard input, `pgvigil explain < file.sql`.',
  );
}
