/** The commands `allow` and `suppress` with their options, as a part of the table of commands. */
import type { Command } from 'commander';
import type { AllowKind } from '../model/allow-entry.ts';
import type { AddOptions } from './allow.ts';
import type { GlobalOptions } from './context.ts';
import { formatOption } from './format-option.ts';

export function addAllowCommands(program: Command): void {
  const allow = program
    .command('allow')
    .description('the allow-list: what detectors find and is known and harmless, with a reason and an end');
  allow
    .command('add')
    .description(
      'allow something; evidence that fits all of it is kept as an alert `allowed` and sent to nobody',
    )
    .option('--detector <id>', 'detector, or * for all')
    .option('--server <text>', 'server; in this and what follows * stands for any characters')
    .option('--user <text>', 'role')
    .option('--client <text>', 'client address, or a range such as 10.1.0.0/16')
    .option('--database <text>', 'database')
    .option('--application <text>', 'application_name; any client can give itself one')
    .option('--entity <text>', 'entity of the alert')
    .option(
      '--relation <text>',
      'relation as statements write it; a statement that touches others does not fit',
    )
    .option('--fingerprint <text>', 'fingerprint of the statement (view activity)')
    .option('--from <when>', 'first event time; now unless given')
    .option(
      '--expires <when>',
      'end: a date, a time (UTC), or a duration such as 90d; 366 days ahead at most',
    )
    .option('--reason <text>', 'why')
    .option('--author <name>', 'who answers for it; your account unless given')
    .action(add('allow'));
  addListAndRemove(allow, 'allow', 'entries of the allow-list with their hits');

  const suppress = program
    .command('suppress')
    .description('windows of planned work, in which what detectors find is sent to nobody');
  suppress
    .command('add')
    .description('suppress a server, a detector or both; critical findings only where the detector is named')
    .option('--detector <id>', 'detector; all unless given')
    .option('--server <text>', 'server; all unless given')
    .option(
      '--from <when>',
      'first event time: a date, a time (UTC), or a duration from now; now unless given',
    )
    .option('--to <when>', 'end: a date, a time (UTC), or a duration such as 4h; 7 days at most')
    .option('--reason <text>', 'why')
    .option('--author <name>', 'who answers for it; your account unless given')
    .action(add('suppress'));
  addListAndRemove(suppress, 'suppress', 'windows with what they kept quiet');
}

function add(kind: AllowKind) {
  return async (_options: unknown, command: Command) => {
    const { addAllowCommand } = await import('./allow.ts');
    await addAllowCommand(kind, command.optsWithGlobals<AddOptions>());
  };
}

function addListAndRemove(parent: Command, kind: AllowKind, what: string): void {
  parent
    .command('list')
    .description(`${what}, newest first`)
    .addOption(formatOption())
    .option('-a, --all', 'those that expired or were removed, too')
    .action(async (_options, command: Command) => {
      const { listAllowCommand } = await import('./allow.ts');
      await listAllowCommand(
        kind,
        command.optsWithGlobals<GlobalOptions & { format: string; all?: boolean }>(),
      );
    });
  parent
    .command('remove')
    .description('end one now; it stays in the list of all')
    .argument('<id>', 'its id, or the beginning of it')
    .option('--author <name>', 'who removes it; your account unless given')
    .action(async (id: string, _options, command: Command) => {
      const { removeAllowCommand } = await import('./allow.ts');
      await removeAllowCommand(kind, id, command.optsWithGlobals<GlobalOptions & { author?: string }>());
    });
}
