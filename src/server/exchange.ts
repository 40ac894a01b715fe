/** One request and its answer, as the connection sees them. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export class Exchange {
  readonly client: string;
  /** Aborted when the client goes before he has the whole answer. */
  readonly gone: AbortSignal;
  readonly #incoming: IncomingMessage;
  readonly #outgoing: ServerResponse;
  readonly #idleMs: number;

  /** @param idleMs how long a client may leave his answer unread */
  constructor(incoming: IncomingMessage, outgoing: ServerResponse, idleMs: number) {
    this.client = incoming.socket.remoteAddress ?? '';
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#idleMs = idleMs;
    const control = new AbortController();
    this.gone = control.signal;
    outgoing.once('close', () => {
      if (!outgoing.writableFinished) control.abort();
    });
  }

  get accept(): string | undefined {
    return this.#incoming.headers.accept;
  }

  /** Something is on its way: who does not take it is cut off in a while. Node ends a connection whose time is over. */
  awaitClient(): void {
    this.#outgoing.socket?.setTimeout(this.#idleMs);
  }

  /** It is this side that takes its time. */
  keepClientWaiting(): void {
    this.#outgoing.socket?.setTimeout(0);
  }

  /** Ends the connection in the midst of an answer, which its reader must not take for a whole one. */
  cutOff(): void {
    this.#outgoing.destroy();
  }

  /** Headers that announce trailers; none where the client cannot have any. */
  announceTrailers(names: readonly string[]): Record<string, string> {
    if (this.#incoming.httpVersion === '1.0') return {};
    return { 'transfer-encoding': 'chunked', trailer: names.join(', ') };
  }

  /** Headers that come after the body. */
  addTrailers(trailers: Record<string, string>): void {
    if (this.#incoming.httpVersion !== '1.0') this.#outgoing.addTrailers(trailers);
  }
}
