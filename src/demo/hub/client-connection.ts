import type { Connection, Message, Sender } from 'rhea';
import type { Reader } from './reader.ts';
import { Refusal } from './refusal.ts';
import { Claims } from './tokens.ts';
import { types } from './wire.ts';

/** What the hub answers on a request/response node: `$cbs` or `$management`. */
export interface Reply {
  /** HTTP-like: 200, 202, 401, 404, … */
  status: number;
  description: string;
  /** AMQP error condition of a refusal. */
  condition?: string;
  body?: Record<string, unknown>;
}

/** One client's connection: what it may do, what it reads, where it awaits replies. */
export class ClientConnection {
  readonly connection: Connection;
  readonly claims = new Claims();
  readonly readers = new Set<Reader>();
  readonly #replyLinks = new Map<string, Sender>();

  constructor(connection: Connection) {
    this.connection = connection;
  }

  /** A client names its reply link by link name or by target address. */
  addReplyLink(link: Sender): void {
    this.#replyLinks.set(link.name, link);
    if (link.target?.address) this.#replyLinks.set(link.target.address, link);
  }

  removeReplyLink(link: Sender): void {
    for (const [name, known] of this.#replyLinks) if (known === link) this.#replyLinks.delete(name);
  }

  /** Sends the reply to the link that the request named; without such a link nobody waits for it. */
  reply(request: Message, reply: Reply): void {
    const properties: Record<string, unknown> = {
      'status-code': types.wrap_int(reply.status),
      'status-description': reply.description,
    };
    if (reply.condition !== undefined) properties['error-condition'] = types.wrap_symbol(reply.condition);
    this.#replyLinks.get(request.reply_to ?? '')?.send({
      to: request.reply_to,
      correlation_id: request.message_id,
      application_properties: properties,
      body: reply.body,
    });
  }

  stopReaders(): void {
    for (const reader of [...this.readers]) reader.stop();
  }
}

const STATUS_OF: Record<string, number> = {
  'amqp:unauthorized-access': 401,
  'amqp:not-found': 404,
  'amqp:not-implemented': 501,
};

/** A refusal in the form of a reply; rethrows what is none. */
export function refusedReply(error: unknown): Reply {
  if (!(error instanceof Refusal)) throw error;
  const status = STATUS_OF[error.condition] ?? 400;
  return { status, description: error.message, condition: error.condition };
}
