/** `pgvigil run`: the worker. */

import { openChannel } from '../alerts/channels/open.ts';
import { Links, linkKeys } from '../alerts/links.ts';
import { type Config, resolveSecret, type SecretRef } from '../config.ts';
import { PgvigilError } from '../errors.ts';
import type { Log } from '../log.ts';
import type { HubAddress } from '../sources/hub-client.ts';
import { Worker, type WorkerOptions } from '../worker/worker.ts';
import { createContext, type GlobalOptions, stopSignal } from './context.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const DAY_MS = 86_400_000;

/** Runs until SIGINT or SIGTERM. */
export async function runCommand(options: GlobalOptions): Promise<void> {
  const { config, log, env } = await createContext(options);
  const stop = new AbortController();
  const stopped = stopSignal().then((signal) => {
    stop.abort();
    return signal;
  });
  const worker = await Worker.start({
    config,
    log,
    signal: stop.signal,
    hub: { address: await hubAddress(config, env, log) },
    channels: await openChannels(config, env, log),
    links: await openLinks(config, env, log),
  });
  log.info({ data: config.data, detectors: worker.status().detectors }, 'pgvigil is watching');
  const signal = await stopped;
  log.info({ signal }, 'stopping');
  await worker.stop();
  log.info({ records: worker.status().records }, 'stopped');
}

/**
 * Address of the hub, with its secret or identity.
 *
 * @throws PgvigilError CONFIG_INVALID, SECRET_INVALID
 */
export async function hubAddress(config: Config, env: Environment, log: Log): Promise<HubAddress> {
  const hub = config.eventHub;
  if (hub === undefined) {
    throw new PgvigilError(
      'CONFIG_INVALID',
      'the configuration names no event hub',
      'Add a section eventHub to pgvigil.yaml (see the README), or try `pgvigil demo`.',
    );
  }
  if (hub.fullyQualifiedNamespace !== undefined && hub.name !== undefined) {
    // Large, and only needed here.
    const { DefaultAzureCredential } = await import('@azure/identity');
    return {
      fullyQualifiedNamespace: hub.fullyQualifiedNamespace,
      hub: hub.name,
      credential: new DefaultAzureCredential(),
    };
  }
  const connectionString = await secret(hub.connectionString as SecretRef, env, log);
  return { connectionString, hub: hub.name };
}

/** The configured channels, ready to send. @throws PgvigilError SECRET_INVALID, CONFIG_INVALID, FILE_UNREADABLE */
export async function openChannels(
  config: Config,
  env: Environment,
  log: Log,
): Promise<WorkerOptions['channels']> {
  return Promise.all(config.channels.map((one) => openChannel(one, (ref) => secret(ref, env, log))));
}

/** What makes and reads links, where they are configured. @throws PgvigilError SECRET_INVALID */
export async function openLinks(config: Config, env: Environment, log: Log): Promise<Links | undefined> {
  if (config.links === undefined) return undefined;
  const { publicUrl, secret: ref, lifetimeDays } = config.links;
  const keys = linkKeys(await secret(ref, env, log));
  return new Links({ publicUrl, keys, lifetimeMs: lifetimeDays * DAY_MS });
}

function secret(ref: SecretRef, env: Environment, log: Log): Promise<string> {
  return resolveSecret(ref, env, (message) => log.warn(message));
}
