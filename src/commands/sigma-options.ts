/** The commands `sigma` with their options, as a part of the table of commands. */
import type { Command } from 'commander';
import type { GlobalOptions } from './context.ts';

export function addSigmaCommands(program: Command): void {
  const sigma = program
    .command('sigma')
    .description('detectors as Sigma rules, and Sigma rules as detectors');
  sigma
    .command('export')
    .description('write the detectors that Sigma can express as rules, and tell why the others are none')
    .argument('[id...]', 'detectors; none: all')
    .option('-o, --out <folder>', 'folder for one file a rule; standard output unless given')
    .action(async (ids: string[], _options, command: Command) => {
      const { exportSigmaCommand } = await import('./sigma.ts');
      await exportSigmaCommand(ids, command.optsWithGlobals<GlobalOptions & { out?: string }>());
    });
  sigma
    .command('import')
    .description('make a detector file of a Sigma rule; one that does not fit is refused with the reason')
    .argument('<rule>', 'YAML file of the rule')
    .requiredOption(
      '--id <id>',
      'id of the detector: an upper-case letter and two or three digits, such as Z01',
    )
    .option('-o, --out <file>', 'SQL file to write; standard output unless given')
    .action(async (rule: string, _options, command: Command) => {
      const { importSigmaCommand } = await import('./sigma.ts');
      await importSigmaCommand(rule, command.optsWithGlobals<GlobalOptions & { id: string; out?: string }>());
    });
}
