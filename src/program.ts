/** The table of commands and options, nothing else. `docs/cli.md` is made from it. */
import { Command, Option } from 'commander';
import { addAlertCommands } from './commands/alerts-options.ts';
import { addAllowCommands } from './commands/allow-options.ts';
import type { BackfillCommandOptions } from './commands/backfill.ts';
import type { GlobalOptions } from './commands/context.ts';
import type { BacktestCommandOptions } from './commands/detectors-backtest.ts';
import { formatOption } from './commands/format-option.ts';
import { addInvestigationCommands } from './commands/investigations-options.ts';
import { wholeNumber } from './commands/number-option.ts';
import { addQueryCommand } from './commands/query-options.ts';
import { addSigmaCommands } from './commands/sigma-options.ts';
import { addTokenCommands } from './commands/tokens-options.ts';
import { VERSION } from './version.ts';

/** Gathers an option that may be given more than once. */
function collected(text: string, before: readonly string[]): string[] {
  return [...before, text];
}

/** A command's options together with the global ones, wherever they stood. */
type Options<T> = T & GlobalOptions;

export function createProgram(): Command {
  const program = new Command('pgvigil')
    .description('Threat detection for Azure Database for PostgreSQL Flexible Server.')
    .version(VERSION)
    .option('-c, --config <file>', 'configuration file (default: ./pgvigil.yaml where it exists)')
    .option('-d, --data <dir>', 'data folder (environment: PGVIGIL_DATA)')
    .option('--log-level <level>', 'trace, debug, info, warn, error (environment: PGVIGIL_LOG_LEVEL)')
    // Errors are thrown and reported in one place, in one form.
    .configureOutput({ outputError: () => undefined })
    .exitOverride();

  program
    .command('demo')
    .description(
      'see it work: a hub, a worker and a receiver on this machine, fed with a recording of real attacks',
    )
    .option('--headless', 'end by itself; exit code 0 only if every labelled attack was found and delivered')
    .option('--keep <dir>', 'keep the data in this folder to look at later')
    .action(async (_options, command: Command) => {
      const { demoCommand } = await import('./commands/demo.ts');
      await demoCommand(command.optsWithGlobals<Options<{ headless?: boolean; keep?: string }>>());
    });

  program
    .command('run')
    .description('the worker: read the event hub, store, detect, send alerts, until it is stopped')
    .action(async (_options, command: Command) => {
      const { runCommand } = await import('./commands/run.ts');
      await runCommand(command.optsWithGlobals<GlobalOptions>());
    });

  program
    .command('backfill')
    .description(
      'read the past: files and folders (- is standard input), https://ACCOUNT.blob.core.windows.net/CONTAINER, log-analytics:WORKSPACE-ID',
    )
    .argument('<source...>', 'what to read; goes on where an earlier run ended')
    .option('--since <when>', 'from a date, a time (UTC), or so long ago: 60d (the default but for files)')
    .option('--until <when>', 'up to then; files are read whole')
    .option(
      '--server <name>',
      "server that log files of PostgreSQL itself are of (default: this host's name)",
    )
    .option('--timezone <zone>', 'its log_timezone, where the log does not tell: Europe/Berlin')
    .option('--follow', 'go on reading, and judging, what is added')
    .action(async (sources: string[], _options, command: Command) => {
      const { backfillCommand } = await import('./commands/backfill.ts');
      await backfillCommand(sources, command.optsWithGlobals<BackfillCommandOptions>());
    });

  addQueryCommand(program);
  addInvestigationCommands(program);

  program
    .command('explain')
    .description('show what pgvigil sees in a statement: the text as it is stored, its features and flags')
    .argument('[sql]', 'the statement; none or -: standard input')
    .addOption(new Option('-f, --format <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (sql: string | undefined, _options, command: Command) => {
      const { explainCommand } = await import('./commands/explain.ts');
      await explainCommand(sql, command.optsWithGlobals<Options<{ format: string }>>());
    });

  addAlertCommands(program);
  addAllowCommands(program);
  addTokenCommands(program);

  const detectors = program.command('detectors').description('look at detectors and test them');
  detectors
    .command('list')
    .description('detectors with their parameters, and files that were refused')
    .addOption(formatOption())
    .action(async (_options, command: Command) => {
      const { listDetectorsCommand } = await import('./commands/detectors.ts');
      await listDetectorsCommand(command.optsWithGlobals<Options<{ format: string }>>());
    });
  detectors
    .command('status')
    .description(
      'what each detector can see of each server: armed, learning or blind, and what to do about it',
    )
    .option('-s, --server <name>', 'one server only')
    .addOption(formatOption())
    .action(async (_options, command: Command) => {
      const { detectorStatusCommand } = await import('./commands/detectors-status.ts');
      await detectorStatusCommand(command.optsWithGlobals<Options<{ format: string; server?: string }>>());
    });
  detectors
    .command('test')
    .description('run the cases of detectors: log lines, and the alerts that they have to raise')
    .argument('[file...]', 'SQL files; none: all detectors')
    .action(async (files: string[], _options, command: Command) => {
      const { testDetectorsCommand } = await import('./commands/detectors-test.ts');
      await testDetectorsCommand(files, command.optsWithGlobals<GlobalOptions>());
    });
  detectors
    .command('backtest')
    .description(
      'what a detector, new or with other parameters, would have raised of what is stored; writes nothing',
    )
    .argument('<file>', 'SQL file, or id of a detector')
    .option('--from <when>', 'a date, a time (UTC), or so long before the last event', '14d')
    .option('--to <when>', 'first moment that is no longer judged; past the last event unless given')
    .option('--set <name=value>', 'parameter in place of what is configured; again for more', collected, [])
    .addOption(formatOption())
    .option('-t, --timeout <seconds>', 'time at most for a slice: a day or 250,000 records', wholeNumber, 60)
    .action(async (file: string, _options, command: Command) => {
      const { backtestCommand } = await import('./commands/detectors-backtest.ts');
      await backtestCommand(file, command.optsWithGlobals<BacktestCommandOptions>());
    });

  addSigmaCommands(program);

  const serverOption = () => new Option('-s, --server <name>', 'of this server only');
  const baselines = program
    .command('baselines')
    .description('what is ordinary on each server, as it was learned from its logs');
  baselines
    .command('list')
    .description('what is known of whom, and how far learning is')
    .addOption(serverOption())
    .addOption(formatOption())
    .action(async (_options, command: Command) => {
      const { listBaselinesCommand } = await import('./commands/baselines.ts');
      await listBaselinesCommand(command.optsWithGlobals<Options<{ server?: string; format: string }>>());
    });
  baselines
    .command('export')
    .description('every value and volume that is known, one JSON object a line')
    .addOption(serverOption())
    .action(async (_options, command: Command) => {
      const { exportBaselinesCommand } = await import('./commands/baselines.ts');
      await exportBaselinesCommand(command.optsWithGlobals<Options<{ server?: string }>>());
    });
  baselines
    .command('reset')
    .description('forget baselines, so that they are learned anew; the worker must be stopped')
    .addOption(serverOption())
    .option('-e, --entity <role>', 'of this role only')
    .option('--dimension <name>', 'of this dimension or metric only, e.g. user_client, rows_read')
    .option('-y, --yes', 'do it; without it nothing is changed')
    .action(async (_options, command: Command) => {
      const { resetBaselinesCommand } = await import('./commands/baselines.ts');
      await resetBaselinesCommand(
        command.optsWithGlobals<
          Options<{ server?: string; entity?: string; dimension?: string; yes?: boolean }>
        >(),
      );
    });

  program
    .command('config')
    .description('look at the configuration')
    .command('show')
    .description(
      'the whole configuration that is in force, with defaults; secrets are the names of where they are',
    )
    .action(async (_options, command: Command) => {
      const { showConfigCommand } = await import('./commands/config-show.ts');
      await showConfigCommand(command.optsWithGlobals<GlobalOptions>());
    });

  program
    .command('doctor')
    .description('check configuration, data folder, hub, channels and what arrived; say what to do')
    .action(async (_options, command: Command) => {
      const { doctorCommand } = await import('./commands/doctor.ts');
      await doctorCommand(command.optsWithGlobals<GlobalOptions>());
    });

  return program;
}
