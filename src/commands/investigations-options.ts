/** The command `investigations` with its options, as a part of the table of commands. */
import type { Command } from 'commander';
import { formatOption } from './format-option.ts';

export function addInvestigationCommands(program: Command): void {
  const investigations = program
    .command('investigations')
    .description('ready questions: which there are, and what each asks');
  investigations
    .command('list', { isDefault: true })
    .description('names and titles')
    .addOption(formatOption())
    .action(async (_options, command: Command) => {
      const { listInvestigationsCommand } = await import('./investigations.ts');
      await listInvestigationsCommand(command.optsWithGlobals<{ format: string }>());
    });
  investigations
    .command('show')
    .description('one of them: its question, its parameters, how to read the answer, and its SQL')
    .argument('<name>', 'its name')
    .action(async (name: string) => {
      const { showInvestigationCommand } = await import('./investigations.ts');
      await showInvestigationCommand(name);
    });
}
