/**
 * Puts links into the messages of a channel at the moment of sending: whoever has a link can act with it, so none stands in the
 * outbox or in a copy of the database.
 */
import type { Links } from '../links.ts';
import type { Message } from '../message.ts';
import type { Channel, DeliveryResult, OutgoingMessage } from './channel.ts';

export class LinkedChannel implements Channel {
  readonly name: string;
  readonly target: string;
  readonly #channel: Channel;
  readonly #links: Pick<Links, 'of'>;

  constructor(channel: Channel, links: Pick<Links, 'of'>) {
    this.name = channel.name;
    this.target = channel.target;
    this.#channel = channel;
    this.#links = links;
  }

  async deliver(outgoing: OutgoingMessage, signal: AbortSignal): Promise<DeliveryResult> {
    const message = this.#linked(outgoing.message, outgoing.timestampSeconds);
    if (message === outgoing.message) return this.#channel.deliver(outgoing, signal);
    return this.#channel.deliver({ ...outgoing, message, json: JSON.stringify(message) }, signal);
  }

  close(): Promise<void> {
    return this.#channel.close();
  }

  /** With links to an alert about which something can be done. */
  #linked(message: Message, timestampSeconds: number): Message {
    if (message.type === 'alert.digest' || message.data.status === 'closed') return message;
    // They last from the alert's change on, and not from the attempt: each attempt has the same bytes.
    const from = message.timestamp === null ? timestampSeconds * 1000 : Date.parse(message.timestamp);
    const links = this.#links.of({ alertId: message.data.id }, from);
    return { ...message, data: { ...message.data, links } };
  }
}
