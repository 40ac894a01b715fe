/** `pgvigil alerts acknowledge`, `close`, `reopen`, `replay` and `channels enable`. */
import { routeOf } from '../alerts/channels/open.ts';
import { AlertDesk, type CloseReason } from '../alerts/desk.ts';
import { Notifier } from '../alerts/notifier.ts';
import { type AlertsAnswer, type AlertsRequest, answerAlertsRequest } from '../alerts/requests.ts';
import type { Config } from '../config.ts';
import { PgvigilError } from '../errors.ts';
import { printable } from '../printable.ts';
import { requestOfAlerts } from '../query/control-client.ts';
import type { Store } from '../store/store.ts';
import { account } from './account.ts';
import { changeStored } from './changes.ts';
import { createContext, type GlobalOptions } from './context.ts';

export interface DecisionOptions extends GlobalOptions {
  by?: string;
  note?: string;
  reason?: CloseReason;
}

/** @throws PgvigilError NOT_FOUND, USAGE, DATA_*, WORKER_UNREACHABLE */
export async function acknowledgeAlertCommand(id: string, options: DecisionOptions): Promise<void> {
  await decide(options, { action: 'acknowledge', id, ...who(options) });
}

/** @throws PgvigilError NOT_FOUND, USAGE, DATA_*, WORKER_UNREACHABLE */
export async function reopenAlertCommand(id: string, options: DecisionOptions): Promise<void> {
  await decide(options, { action: 'reopen', id, ...who(options) });
}

/** @throws PgvigilError NOT_FOUND, USAGE, DATA_*, WORKER_UNREACHABLE */
export async function closeAlertCommand(
  id: string,
  options: DecisionOptions & { reason: CloseReason },
): Promise<void> {
  const err = await decide(options, { action: 'close', id, reason: options.reason, ...who(options) });
  if (options.reason === 'false-positive' || options.reason === 'expected') {
    err.write('It opens again if it goes on. To keep it quiet: pgvigil allow add --help.\n');
  }
}

/** @throws PgvigilError NOT_FOUND, USAGE, DATA_*, WORKER_UNREACHABLE */
export async function replayCommand(
  delivery: string | undefined,
  options: GlobalOptions & { channel?: string; all?: boolean },
): Promise<void> {
  const { config, out } = await createContext(options);
  // Also for an empty text, as of a variable that was not set: it begins every id.
  if (!delivery && !options.channel && !options.all) {
    throw new PgvigilError(
      'USAGE',
      'which dead letters?',
      'Name a delivery, --channel NAME, or --all; `pgvigil alerts deliveries --state dead` lists them.',
    );
  }
  const { messages } = await ask(config, {
    action: 'replay',
    channel: options.channel || null,
    delivery: delivery || null,
  });
  out.write(`${messages} ${messages === 1 ? 'message is' : 'messages are'} in the queue again\n`);
}

/** @throws PgvigilError NOT_FOUND, DATA_*, WORKER_UNREACHABLE */
export async function enableChannelCommand(channel: string, options: GlobalOptions): Promise<void> {
  const { config, out } = await createContext(options);
  await ask(config, { action: 'enable', channel });
  out.write(`${printable(channel)} is enabled; what waited is sent\n`);
}

async function decide(options: GlobalOptions, request: AlertsRequest): Promise<NodeJS.WriteStream> {
  const { config, out, err } = await createContext(options);
  const { id, status } = await ask(config, request);
  out.write(`${printable(String(id))} ${printable(String(status))}\n`);
  return err;
}

function who({ by, note }: DecisionOptions): { actor: { name: string; via: 'cli' }; note: string | null } {
  const name = (by ?? account()).trim();
  if (name === '')
    throw new PgvigilError('USAGE', 'nobody is named who does this', 'Name yourself: --by NAME.');
  return { actor: { name, via: 'cli' }, note: note ?? null };
}

function ask(config: Config, request: AlertsRequest): Promise<AlertsAnswer> {
  return changeStored(
    config,
    async (worker) => (await requestOfAlerts(worker, request)) as AlertsAnswer,
    (store) => answerAlertsRequest(deskOf(config, store), request),
  );
}

/** The desk of a store that no worker holds: its next one sends the messages. */
function deskOf(config: Config, store: Store): AlertDesk {
  return new AlertDesk({
    store,
    notifier: new Notifier({ routes: config.channels.map(routeOf), serverTags: config.serverTags }),
    detectorFolders: config.detection.detectorFolders,
  });
}
