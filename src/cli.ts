#!/usr/bin/env node
/** The entry of the command line: runs a command and turns what it throws into text and an exit code. */
import { CommanderError } from 'commander';
import { ERROR_CODES, messageOf, PgvigilError } from './errors.ts';
import { printable } from './printable.ts';
import { createProgram } from './program.ts';

/** Whatever pgvigil creates is for its owner only. */
process.umask(0o077);

async function main(): Promise<void> {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  try {
    await createProgram().parseAsync();
  } catch (error) {
    process.exitCode = reportError(error);
  }
}

/** Prints what was thrown and returns the exit code. */
function reportError(error: unknown): number {
  if (error instanceof CommanderError) {
    // Help was asked for, or stands where a command is missing.
    if (error.exitCode === 0) return 0;
    if (error.code === 'commander.help') return ERROR_CODES.USAGE;
    const [message = '', ...suggestion] = error.message.replace(/^error: /, '').split('\n');
    return reportError(new PgvigilError('USAGE', message, [...suggestion, 'See: pgvigil --help'].join(' ')));
  }
  if (error instanceof PgvigilError) {
    process.stderr.write(
      `pgvigil: ${printableLines(error.message)} [${error.code}]\n  ${printableLines(error.hint)}\n`,
    );
    return error.exitCode;
  }
  process.stderr.write(
    `pgvigil: ${printableLines(messageOf(error))} [INTERNAL]\n  This is a defect of pgvigil. Please report it.\n`,
  );
  if (process.env.PGVIGIL_LOG_LEVEL === 'debug' && error instanceof Error)
    process.stderr.write(`${error.stack}\n`);
  return ERROR_CODES.INTERNAL;
}

/** Text of several lines may quote data: all but the first are set in, so that none of them looks like ours. */
function printableLines(text: string): string {
  return text.trimEnd().split('\n').map(printable).join('\n  ');
}

await main();
