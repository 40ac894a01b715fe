/** Where alerts leave: what every channel takes and answers. */
import type { z } from 'zod';
import type { SecretRef } from '../../config/references.ts';
import type { Message } from '../message.ts';

/** One attempt to deliver a message. */
export interface OutgoingMessage {
  /** The same on every attempt: what a receiver drops repeats by. */
  id: string;
  message: Message;
  /** The message as JSON, as it stands in the outbox: the same bytes on every attempt. */
  json: string;
  /** Time of this attempt, seconds since 1970-01-01 UTC. */
  timestampSeconds: number;
}

/** What is known of every attempt. */
interface Attempted {
  /** HTTP status, or the reply code of SMTP; null where there was no answer. */
  status: number | null;
  /** SHA-256 of the body as it was sent, hex; null where nothing was sent. */
  bodyHash: string | null;
}

interface Failed extends Attempted {
  /** Stored and logged: it names the host and nothing else of the address, and never a secret. */
  error: string;
}

/** What became of an attempt. */
export type DeliveryResult =
  /** `warning`: what did not arrive of it, as a recipient of several; shown like an error. */
  | ({ outcome: 'delivered'; warning?: string } & Attempted)
  /** Failed; may succeed later, not before `retryAfterMs` (milliseconds from now) where the receiver said so. */
  | ({ outcome: 'retry'; retryAfterMs: number | null } & Failed)
  /** The receiver will never take this message. */
  | ({ outcome: 'refused' } & Failed)
  /** The receiver wants no more of anything (HTTP 410). */
  | ({ outcome: 'gone' } & Failed)
  /** The signal came before the answer: it may or may not have arrived. */
  | ({ outcome: 'aborted' } & Failed);

export interface Channel {
  /** Name in the configuration; key of its rows in the outbox. */
  readonly name: string;
  /** Where it sends to, as far as that may be shown: host and port, a path, addresses. */
  readonly target: string;
  /** Makes one attempt. Does not throw, has a time limit of its own, and ends soon after `signal`. */
  deliver(message: OutgoingMessage, signal: AbortSignal): Promise<DeliveryResult>;
  /** Gives connections back. */
  close(): Promise<void>;
}

/** What a channel gets besides the keys of its own. */
export interface ChannelContext {
  name: string;
  /** Reads a secret. @throws PgvigilError SECRET_INVALID */
  secret(ref: SecretRef): Promise<string>;
  /** Hosts that may be at a private address, as the configuration names them. */
  allowPrivate: readonly string[];
  /** Certificates (PEM) that are trusted besides those of Node.js; undefined: none. */
  ca: string | undefined;
  /** Version of pgvigil, as receivers are told. */
  version: string;
  /** Milliseconds for one attempt; each kind has a default. */
  timeoutMs?: number;
}

/** A kind of channel: its keys in the configuration, and how one is opened. */
export interface ChannelKind<Shape extends z.ZodRawShape = z.ZodRawShape> {
  /** `type` in the configuration. */
  readonly type: string;
  /** Its own keys, besides those that every channel has. */
  readonly shape: Shape;
  /** Keys of them that are paths. */
  readonly paths: readonly (keyof Shape & string)[];
  /** Messages that it is sent unless the configuration says otherwise. */
  readonly events: readonly ChannelEvent[];
  /** Where people read its messages: these have links unless the configuration says otherwise. */
  readonly links?: true;
  /** @throws PgvigilError CONFIG_INVALID, SECRET_INVALID, FILE_UNREADABLE */
  open(options: z.infer<z.ZodObject<Shape>>, context: ChannelContext): Promise<Channel>;
}

/** What a channel can be told of. `quiet`: an alert closed by itself, as nothing more came. */
export const CHANNEL_EVENTS = ['opened', 'updated', 'acknowledged', 'closed', 'quiet'] as const;
export type ChannelEvent = (typeof CHANNEL_EVENTS)[number];

/** Keeps the types of a kind's own keys. */
export function channelKind<Shape extends z.ZodRawShape>(kind: ChannelKind<Shape>): ChannelKind<Shape> {
  return kind;
}
