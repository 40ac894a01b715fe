/** Channel to a chat: each message becomes one body of JSON, laid out for people, and one request. */
import type { Message } from '../message.ts';
import type { Channel, DeliveryResult, OutgoingMessage } from './channel.ts';
import { type HttpSender, judgeAnswer } from './http.ts';

/** How one chat differs from another. */
export interface Chat {
  /** The body that is posted. Pure: a repeat has the same bytes. */
  layout(message: Message): object;
  /** Statuses which say that this message will never be taken. */
  refusals: readonly number[];
}

export class ChatChannel implements Channel {
  readonly name: string;
  readonly target: string;
  readonly #sender: HttpSender;
  readonly #chat: Chat;

  constructor(name: string, sender: HttpSender, chat: Chat) {
    this.name = name;
    this.target = sender.host;
    this.#sender = sender;
    this.#chat = chat;
  }

  async deliver({ message }: OutgoingMessage, signal: AbortSignal): Promise<DeliveryResult> {
    const body = JSON.stringify(this.#chat.layout(message));
    const posted = await this.#sender.post(body, { 'content-type': 'application/json' }, signal);
    const result = judgeAnswer(this.target, posted);
    if (result.outcome !== 'retry' || !this.#chat.refusals.includes(result.status ?? 0)) return result;
    const { status, bodyHash, error } = result;
    return { outcome: 'refused', status, bodyHash, error };
  }

  close(): Promise<void> {
    return this.#sender.close();
  }
}
