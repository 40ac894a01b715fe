#!/usr/bin/env node
/** The entry of the command line: runs a command and turns what it throws into text and an exit code. */
import { CommanderError } from 'commander';
import { errorText } from './error-text.ts';
import { ERROR_CODES, PgvigilError } from './errors.ts';
import { createProgram } from './program.ts';

/** Whatever pgvigil creates is for its owner only. */
process.umask(0o077);

/** Time for the last output to be written. */
const LINGER_MS = 1_000;

async function main(): Promise<void> {
  // A reader that has seen enough (`| head`) is no error.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  try {
    await createProgram().parseAsync();
  } catch (error) {
    process.exitCode = reportError(error);
  }
  // The hub's client can leave a timer of 45 minutes behind. The command has ended; so does the process.
  setTimeout(() => process.exit(), LINGER_MS).unref();
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
  process.stderr.write(errorText(error));
  if (error instanceof PgvigilError) return error.exitCode;
  if (process.env.PGVIGIL_LOG_LEVEL === 'debug' && error instanceof Error)
    process.stderr.write(`${error.stack}\n`);
  return ERROR_CODES.INTERNAL;
}

await main();
