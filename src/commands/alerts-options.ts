/** The command `alerts` with its options, as a part of the table of commands. */
import { type Command, Option } from 'commander';
import { CLOSE_REASONS } from '../alerts/desk.ts';
import { SEVERITIES } from '../model/severity.ts';
import type { DeliveriesOptions, ListOptions } from './alerts.ts';
import type { DecisionOptions } from './alerts-changes.ts';
import type { GlobalOptions } from './context.ts';
import { formatOption } from './format-option.ts';
import { wholeNumber } from './number-option.ts';

const STATUSES = ['open', 'acknowledged', 'closed', 'shadow', 'allowed', 'suppressed', 'held'];
const STATES = ['pending', 'delivered', 'dead', 'gathered', 'digested'];

export function addAlertCommands(program: Command): void {
  const alerts = program
    .command('alerts')
    .description('alerts: look at them, say who has them, and see how they were delivered');
  addLooking(alerts);
  addDeciding(alerts);
  addDelivery(alerts);
}

function addLooking(alerts: Command): void {
  alerts
    .command('list')
    .description('alerts, newest first')
    .addOption(new Option('--status <status...>', 'of these statuses only').choices(STATUSES))
    .addOption(new Option('--severity <severity...>', 'of these severities only').choices(SEVERITIES))
    .option('--detector <id>', 'of this detector only, by id or name')
    .option('-s, --server <name>', 'of this server only')
    .option('--since <when>', 'with events since a date, a time (UTC), or so long ago: 24h')
    .addOption(formatOption())
    .option('-l, --limit <rows>', 'alerts at most; 0: all', wholeNumber, 0)
    .action(async (_options, command: Command) => {
      const { listAlertsCommand } = await import('./alerts.ts');
      await listAlertsCommand(command.optsWithGlobals<ListOptions>());
    });
  alerts
    .command('show')
    .description('one alert with its evidence, its history and what to do')
    .argument('<id>', 'id of the alert, or its beginning')
    .action(async (id: string, _options, command: Command) => {
      const { showAlertCommand } = await import('./alerts-show.ts');
      await showAlertCommand(id, command.optsWithGlobals<GlobalOptions>());
    });
}

function addDeciding(alerts: Command): void {
  const decision = (name: string, description: string) =>
    alerts
      .command(name)
      .description(description)
      .argument('<id>', 'id of the alert, or its beginning')
      .option('--note <text>', 'what others should know')
      .option('--by <name>', 'who does it; your account unless given');
  decision('acknowledge', 'say that somebody has the alert')
    .alias('ack')
    .action(async (id: string, _options, command: Command) => {
      const { acknowledgeAlertCommand } = await import('./alerts-changes.ts');
      await acknowledgeAlertCommand(id, command.optsWithGlobals<DecisionOptions>());
    });
  decision('close', 'close the alert; what goes on opens it again')
    .addOption(new Option('--reason <reason>', 'why').choices(CLOSE_REASONS).makeOptionMandatory())
    .action(async (id: string, _options, command: Command) => {
      const { closeAlertCommand } = await import('./alerts-changes.ts');
      await closeAlertCommand(
        id,
        command.optsWithGlobals<DecisionOptions & { reason: (typeof CLOSE_REASONS)[number] }>(),
      );
    });
  decision('reopen', 'open a closed alert again').action(async (id: string, _options, command: Command) => {
    const { reopenAlertCommand } = await import('./alerts-changes.ts');
    await reopenAlertCommand(id, command.optsWithGlobals<DecisionOptions>());
  });
}

function addDelivery(alerts: Command): void {
  alerts
    .command('deliveries')
    .description('every attempt to deliver a message: status, latency, hash of the body; newest first')
    .option('--channel <name>', 'of this channel only')
    .addOption(new Option('--state <state>', 'of messages in this state only').choices(STATES))
    .option('--alert <id>', 'about this alert only: its id, or the beginning of it')
    .addOption(formatOption())
    .option('-l, --limit <rows>', 'rows at most; 0: all', wholeNumber, 100)
    .action(async (_options, command: Command) => {
      const { listDeliveriesCommand } = await import('./alerts.ts');
      await listDeliveriesCommand(command.optsWithGlobals<DeliveriesOptions>());
    });
  alerts
    .command('replay')
    .description('put messages that were given up (dead letters) back into the queue')
    .argument('[delivery]', 'id of the delivery, or its beginning')
    .option('--channel <name>', 'all of this channel')
    .option('--all', 'all of them')
    .action(async (delivery: string | undefined, _options, command: Command) => {
      const { replayCommand } = await import('./alerts-changes.ts');
      await replayCommand(
        delivery,
        command.optsWithGlobals<GlobalOptions & { channel?: string; all?: boolean }>(),
      );
    });
  alerts
    .command('test')
    .description('send a test alert through a channel and say what came back')
    .argument('<channel>', 'name of the channel in the configuration')
    .action(async (channel: string, _options, command: Command) => {
      const { testChannelCommand } = await import('./alerts-test.ts');
      await testChannelCommand(channel, command.optsWithGlobals<GlobalOptions>());
    });
  alerts
    .command('keys')
    .description(
      'make keys that sign messages: one that both sides hold, and a pair of which the receiver holds half',
    )
    .action(async () => {
      const { printKeys } = await import('./alerts-keys.ts');
      printKeys();
    });
  const channels = alerts
    .command('channels')
    .description('channels with what waits for them and how it went lately')
    .addOption(formatOption())
    .action(async (_options, command: Command) => {
      const { listChannelsCommand } = await import('./alerts.ts');
      await listChannelsCommand(command.optsWithGlobals<GlobalOptions & { format: string }>());
    });
  channels
    .command('enable')
    .description('send again through a channel whose receiver wanted no more (HTTP 410)')
    .argument('<channel>', 'name of the channel')
    .action(async (channel: string, _options, command: Command) => {
      const { enableChannelCommand } = await import('./alerts-changes.ts');
      await enableChannelCommand(channel, command.optsWithGlobals<GlobalOptions>());
    });
}
