/** The configured channels, ready to send. */
import { readFile } from 'node:fs/promises';
import type { ChannelOptions, SecretRef } from '../../config.ts';
import { messageOf, PgvigilError } from '../../errors.ts';
import { VERSION } from '../../version.ts';
import type { Route } from '../routing.ts';
import type { Channel, ChannelContext } from './channel.ts';
import { kindOf } from './kinds.ts';

/** A channel and what it is told of. */
export interface OpenChannel {
  channel: Channel;
  route: Route;
  /** Whether its messages have links, where links are configured. */
  hasLinks: boolean;
}

/**
 * Opens one channel.
 *
 * @param secret reads what a reference names
 * @param limits where they are not those of the kind
 * @throws PgvigilError SECRET_INVALID, CONFIG_INVALID, FILE_UNREADABLE
 */
export async function openChannel(
  options: ChannelOptions,
  secret: (ref: SecretRef) => Promise<string>,
  limits: Pick<ChannelContext, 'timeoutMs'> = {},
): Promise<OpenChannel> {
  const { name, type, allowPrivate, ca } = options;
  const kind = kindOf(type);
  try {
    const channel = await kind.open(options, {
      name,
      secret,
      allowPrivate,
      ca: ca === undefined ? undefined : await certificates(name, ca),
      version: VERSION,
      ...limits,
    });
    return { channel, route: routeOf(options), hasLinks: hasLinks(options) };
  } catch (error) {
    throw named(name, error);
  }
}

/** Of several channels, which one: what reads a secret does not know whose it is. */
function named(name: string, error: unknown): unknown {
  if (!(error instanceof PgvigilError) || error.message.includes(`channel ${name}`)) return error;
  return new PgvigilError(error.code, `channel ${name}: ${error.message}`, error.hint, error.cause);
}

/** Whether a channel's messages have links: as it says, or as its kind has them. */
export function hasLinks({ type, links }: ChannelOptions): boolean {
  return links ?? kindOf(type).links ?? false;
}

/** What a channel is told of, and when. */
export function routeOf(options: ChannelOptions): Route {
  const { name, type, minSeverity, detectors, servers, tags, events, quietHours, digest } = options;
  return {
    name,
    minSeverity,
    detectors,
    servers,
    tags,
    events: events ?? kindOf(type).events,
    quietHours,
    digest,
  };
}

async function certificates(name: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new PgvigilError(
      'FILE_UNREADABLE',
      `channel ${name}: the certificates ${path} cannot be read: ${messageOf(error)}`,
      'Check the path and its permissions.',
      error,
    );
  }
}
