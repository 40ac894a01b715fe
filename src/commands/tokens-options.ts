/** The command `tokens` with its options, as a part of the table of commands. */
import { type Command, Option } from 'commander';
import { ROLES, type Role } from '../access/access.ts';
import type { GlobalOptions } from './context.ts';
import { formatOption } from './format-option.ts';

type Options<T> = T & GlobalOptions;

export function addTokenCommands(program: Command): void {
  const tokens = program
    .command('tokens')
    .description('access tokens: who may ask at the HTTP API and with PostgreSQL clients');
  tokens
    .command('create')
    .description('make a token and show it, once')
    .argument('<name>', 'its name; the user name of PostgreSQL clients')
    .addOption(new Option('-r, --role <role>', 'what it may do').choices(ROLES).default('viewer'))
    .option('--expires <when>', 'end: a date, a time (UTC), or a duration; two years ahead at most', '365d')
    .option('--author <name>', 'who answers for it; your account unless given')
    .action(async (name: string, _options, command: Command) => {
      const { createTokenCommand } = await import('./tokens.ts');
      await createTokenCommand(name, command.optsWithGlobals<Options<{ role: Role; expires: string }>>());
    });
  tokens
    .command('list')
    .description('tokens in force; their secrets are stored nowhere')
    .option('--all', 'those that ended too')
    .addOption(formatOption())
    .action(async (_options, command: Command) => {
      const { listTokensCommand } = await import('./tokens.ts');
      await listTokensCommand(command.optsWithGlobals<Options<{ format: string; all?: boolean }>>());
    });
  tokens
    .command('revoke')
    .description('take a token back, from now on')
    .argument('<name>', 'its name')
    .option('--author <name>', 'who answers for it; your account unless given')
    .action(async (name: string, _options, command: Command) => {
      const { revokeTokenCommand } = await import('./tokens.ts');
      await revokeTokenCommand(name, command.optsWithGlobals<GlobalOptions>());
    });
}
