/** `pgvigil alerts test`: proof that a channel works, before it matters. */
import { randomBytes } from 'node:crypto';
import type { DeliveryResult } from '../alerts/channels/channel.ts';
import { openChannel } from '../alerts/channels/open.ts';
import { testMessage } from '../alerts/test-message.ts';
import { closest } from '../closest.ts';
import { resolveSecret } from '../config.ts';
import { PgvigilError } from '../errors.ts';
import { printable } from '../printable.ts';
import { createContext, type GlobalOptions } from './context.ts';

/** @throws PgvigilError NOT_FOUND, SECRET_INVALID, CONFIG_INVALID, FILE_UNREADABLE, and DELIVERY_FAILED when it was not taken */
export async function testChannelCommand(name: string, options: GlobalOptions): Promise<void> {
  const { config, log, env, out } = await createContext(options);
  const configured = config.channels.find((one) => one.name === name);
  if (configured === undefined)
    throw noChannel(
      name,
      config.channels.map((one) => one.name),
    );
  const { channel } = await openChannel(configured, (ref) =>
    resolveSecret(ref, env, (message) => log.warn(message)),
  );
  const id = `msg_test_${randomBytes(12).toString('hex')}`;
  const now = Date.now();
  const message = testMessage(id, now);
  out.write(
    `Sending a test alert through ${printable(name)} (${configured.type}) to ${printable(channel.target)} …\n`,
  );
  const stop = new AbortController();
  const cancel = () => stop.abort();
  process.once('SIGINT', cancel);
  try {
    const began = performance.now();
    const result = await channel.deliver(
      { id, message, json: JSON.stringify(message), timestampSeconds: Math.floor(now / 1000) },
      stop.signal,
    );
    const ms = Math.round(performance.now() - began);
    if (result.outcome !== 'delivered') throw notTaken(name, result, ms);
    const status = result.status === null ? '' : ` with ${result.status}`;
    out.write(`Taken${status} after ${ms} ms. id ${id}, body sha256 ${result.bodyHash ?? '-'}\n`);
  } finally {
    process.off('SIGINT', cancel);
    await channel.close();
  }
}

function notTaken(
  name: string,
  result: Exclude<DeliveryResult, { outcome: 'delivered' }>,
  ms: number,
): PgvigilError {
  return new PgvigilError(
    'DELIVERY_FAILED',
    `channel ${name} did not take the test alert (${ms} ms): ${printable(result.error)}`,
    HINTS[result.outcome],
  );
}

const HINTS = {
  retry: 'Alerts would be tried again for a day and more. Look at the receiver, the address and the key.',
  refused: 'The receiver will not take such messages: look at the address, the key and what it says.',
  gone: 'The receiver is gone for good (HTTP 410): give the channel another address.',
  aborted: 'It was stopped before an answer came.',
} as const;

function noChannel(name: string, known: readonly string[]): PgvigilError {
  const guess = closest(name, [...known]);
  return new PgvigilError(
    'NOT_FOUND',
    `the configuration has no channel ${name}`,
    guess !== undefined
      ? `Did you mean ${guess}?`
      : known.length === 0
        ? 'It has no channels at all: add a section channels, see docs/configuration.md.'
        : `Channels: ${known.join(', ')}.`,
  );
}
