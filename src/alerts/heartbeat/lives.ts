/**
 * What gives signs of life, and what counts as silent. Pure.
 *
 * The clock of servers is the hub: one is silent when the hub went on for so long without it. So a hub that stands still is
 * one silence, its own, and not one of each server.
 */
import type { Severity } from '../../model/severity.ts';
import type { SilentKind } from '../engine-findings.ts';
import type { ChannelFacts, HeartbeatFacts, HeartbeatLimits, PartitionFacts } from './facts.ts';
import { spanText, stampText } from './span.ts';

export interface Life {
  kind: SilentKind;
  /** `server pg-prod-1`: what an alert about it has for its entity. */
  entity: string;
  /** A server's name where it is one. */
  server: string | null;
  /** Last sign of life, milliseconds; null where none is known. */
  lastSign: number | null;
  /** Whether a sign is owed: a channel for which nothing waits owes none. */
  isOwed: boolean;
  silence: Silence | null;
}

export interface Silence {
  /** Milliseconds. */
  since: number;
  severity: Severity;
  /** One sentence. */
  summary: string;
}

/**
 * Messages of each of the others while a partition had none. They are spread by chance: it would be without one for so long
 * once in 500 million times.
 */
const MIN_ELSEWHERE = 20;
/** Times its limit after which a channel is as bad as disabled. */
const LONG_SILENT = 4;

/** @returns everything that is watched, silent or not */
export function livesOf(facts: HeartbeatFacts, limits: HeartbeatLimits): Life[] {
  const hubIsSilent = isHubSilent(facts, limits);
  return [
    ...(limits.server > 0 ? [sourceLife(facts, hubIsSilent)] : []),
    ...(limits.server > 0
      ? [...facts.servers].map(([server, lastSign]) =>
          serverLife(server, lastSign, facts, limits.server, hubIsSilent),
        )
      : []),
    ...(limits.partition > 0
      ? facts.hub.partitions.map((one) => partitionLife(one, facts, limits.partition, hubIsSilent))
      : []),
    ...(limits.channel > 0 ? facts.channels.map((one) => channelLife(one, facts, limits.channel)) : []),
  ];
}

/** Whether the whole hub brings nothing. Then nothing is said of its servers and partitions. */
export function isHubSilent({ hub, now, startedAt }: HeartbeatFacts, { server }: HeartbeatLimits): boolean {
  return server > 0 && hub.lastMessage !== null && now - Math.max(hub.lastMessage, startedAt) >= server;
}

function sourceLife({ hub, now, startedAt }: HeartbeatFacts, isSilent: boolean): Life {
  const { lastMessage } = hub;
  const life = { kind: 'source', entity: `source ${hub.name}`, server: null, isOwed: true } as const;
  if (!isSilent || lastMessage === null) return { ...life, lastSign: lastMessage, silence: null };
  const waiting = hub.partitions.reduce((sum, one) => sum + one.waiting, 0);
  const summary =
    `the hub ${hub.name} has brought no message for ${spanText(now - Math.max(lastMessage, startedAt))}; ` +
    `the last came at ${stampText(lastMessage)}${waitingText(waiting)}`;
  return { ...life, lastSign: lastMessage, silence: { since: lastMessage, severity: 'high', summary } };
}

function serverLife(
  server: string,
  lastSign: number,
  { hub, hubSince, now }: HeartbeatFacts,
  limit: number,
  hubIsSilent: boolean,
): Life {
  const life = { kind: 'server', entity: `server ${server}`, server, lastSign, isOwed: true } as const;
  const since = Math.max(lastSign, hubSince);
  if (hubIsSilent || (hub.lastMessage ?? 0) - since < limit) return { ...life, silence: null };
  const summary =
    `no log line of ${server} that can be read has come for ${spanText(now - since)}; ` +
    `the last came at ${stampText(lastSign)}`;
  return { ...life, silence: { since: lastSign, severity: 'high', summary } };
}

function partitionLife(
  { partition, lastMessage, waiting, elsewhere }: PartitionFacts,
  { hub, hubSince, startedAt, now }: HeartbeatFacts,
  limit: number,
  hubIsSilent: boolean,
): Life {
  const entity = `partition ${partition} of ${hub.name}`;
  const life = { kind: 'partition', entity, server: null, lastSign: lastMessage, isOwed: true } as const;
  const sinceStart = Math.max(lastMessage ?? startedAt, startedAt);
  const sinceHub = Math.max(sinceStart, hubSince);
  const isStuck = waiting > 0 && now - sinceStart >= limit;
  const isLeftOut =
    lastMessage !== null && (hub.lastMessage ?? 0) - sinceHub >= limit && elsewhere >= MIN_ELSEWHERE;
  if (hubIsSilent || !(isStuck || isLeftOut)) return { ...life, silence: null };
  const last = lastMessage === null ? '' : `; the last came at ${stampText(lastMessage)}`;
  const summary =
    `${entity} has brought no message for ${spanText(now - sinceStart)}${last}` +
    (isStuck ? waitingText(waiting) : ', while the other partitions went on');
  return { ...life, silence: { since: lastMessage ?? startedAt, severity: 'medium', summary } };
}

function channelLife(facts: ChannelFacts, { now, startedAt }: HeartbeatFacts, limit: number): Life {
  const { channel, waiting, waitingSince, lastDelivered, disabled } = facts;
  const life = { kind: 'channel', entity: `channel ${channel}`, server: null } as const;
  if (disabled !== null) {
    const summary =
      `channel ${channel} is disabled since ${stampText(disabled.at)}, as its receiver wants no more ` +
      `(${disabled.reason})${waitingText(waiting)}`;
    // What was under way when it was disabled may have been taken after that; it is no return.
    const lastSign = lastDelivered === null ? null : Math.min(lastDelivered, disabled.at);
    return { ...life, lastSign, isOwed: true, silence: { since: disabled.at, severity: 'high', summary } };
  }
  const owed = { ...life, lastSign: lastDelivered, isOwed: waitingSince !== null };
  if (waitingSince === null) return { ...owed, silence: null };
  const since = Math.max(waitingSince, lastDelivered ?? waitingSince);
  const length = now - Math.max(since, startedAt);
  if (length < limit) return { ...owed, silence: null };
  const severity = length > LONG_SILENT * limit ? 'high' : 'medium';
  const last =
    lastDelivered === null ? 'it never took one' : `it took the last one at ${stampText(lastDelivered)}`;
  const summary = `channel ${channel} has taken no message for ${spanText(length)}${waitingText(waiting)}; ${last}`;
  return { ...owed, silence: { since, severity, summary } };
}

function waitingText(messages: number): string {
  if (messages === 0) return '';
  return `, and ${messages.toLocaleString('en')} ${messages === 1 ? 'message waits' : 'messages wait'}`;
}
