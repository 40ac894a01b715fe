/** The command `query` with its options, as a part of the table of commands. */
import { type Command, Option } from 'commander';
import { FILE_FORMATS } from '../query/answer-file.ts';
import { wholeNumber } from './number-option.ts';
import { parameterOption } from './parameter-option.ts';
import type { QueryCommandOptions } from './query.ts';

export function addQueryCommand(program: Command): void {
  program
    .command('query')
    .description(
      'run one SQL query over the public views (SHOW TABLES lists them), read-only; without SQL at a terminal: a shell',
    )
    .argument('[sql]', 'the query; none: a shell at a terminal, else standard input')
    .option('-f, --file <file>', 'read the query from a file; -: standard input')
    .option('--investigation <name>', 'a ready question in place of SQL; `pgvigil investigations` lists them')
    .addOption(parameterOption())
    .addOption(
      new Option(
        '--format <format>',
        'output format; unless given, what the name of --output ends with, else table',
      ).choices(FILE_FORMATS),
    )
    .option(
      '-o, --output <file>',
      'write a file (mode 0600), which appears when it is whole; parquet needs it',
    )
    .option('--force', 'replace the file of --output if it exists')
    .option(
      '-l, --limit <rows>',
      'rows at most; 0: all; unless given, all with --output, else 10000',
      wholeNumber,
    )
    .option('-t, --timeout <seconds>', 'time at most', wholeNumber, 60)
    .action(async (sql: string | undefined, _options, command: Command) => {
      const { queryCommand } = await import('./query.ts');
      await queryCommand(sql, command.optsWithGlobals<QueryCommandOptions>());
    });
}
