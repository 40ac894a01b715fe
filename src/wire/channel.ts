/**
 * The bytes of one connection: messages in, messages out.
 *
 * Bytes are pulled: no more is read from the socket than the next message needs, so a client that sends faster than it is served
 * waits in the kernel, and a length that lies takes no memory.
 */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { type SecureContext, TLSSocket } from 'node:tls';
import { ProtocolError } from './frontend.ts';

/** Bytes that are gathered before they are handed to the socket. */
const FLUSH_BYTES = 32_768;

/** The client has gone, or was sent away. */
export class Gone extends Error {}

export class Channel {
  #socket: Socket;
  #pending: Buffer[] = [];
  #pendingBytes = 0;
  readonly #gone = new AbortController();
  readonly #stallMs: number;

  /** @param stallMs how long a client may leave what is sent to it unread */
  constructor(socket: Socket, stallMs: number) {
    this.#socket = socket;
    this.#stallMs = stallMs;
    socket.setNoDelay(true);
    this.#watch(socket);
  }

  /** Aborts when the client has gone. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  get encrypted(): boolean {
    return this.#socket instanceof TLSSocket;
  }

  /** Bytes of a message that has no type. */
  async startupMessage(limit: number): Promise<Buffer> {
    return this.#body((await this.#take(4)).readUInt32BE(), limit);
  }

  async message(limit: number): Promise<{ type: string; body: Buffer }> {
    const head = await this.#take(5);
    return { type: head.toString('latin1', 0, 1), body: await this.#body(head.readUInt32BE(1), limit) };
  }

  /** Says one byte, then goes on encrypted. */
  async encrypt(secureContext: SecureContext): Promise<void> {
    const plain = this.#socket;
    // What somebody in between put behind the request would be read as if it had come encrypted.
    if (plain.readableLength > 0) throw new ProtocolError('unencrypted data after the request for TLS');
    plain.removeAllListeners('readable');
    plain.write('S');
    const secure = new TLSSocket(plain, { isServer: true, secureContext, ALPNProtocols: ['postgresql'] });
    this.#socket = secure;
    this.#watch(secure);
    try {
      await once(secure, 'secure', { signal: this.gone });
    } catch {
      throw new Gone('no TLS handshake');
    }
    if (plain.destroyed) throw new Gone('no TLS handshake');
  }

  /** Gathers a message; `flush` sends it. */
  send(...messages: Buffer[]): void {
    for (const message of messages) {
      this.#pending.push(message);
      this.#pendingBytes += message.length;
    }
  }

  /** Sends what was gathered where it is much, and waits where the client does not read. For rows. */
  async sendPatiently(message: Buffer): Promise<void> {
    this.send(message);
    if (this.#pendingBytes >= FLUSH_BYTES) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#pendingBytes === 0) return;
    const bytes = Buffer.concat(this.#pending, this.#pendingBytes);
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#throwIfGone();
    if (this.#socket.write(bytes)) return;
    const signal = AbortSignal.any([this.gone, AbortSignal.timeout(this.#stallMs)]);
    try {
      await once(this.#socket, 'drain', { signal });
    } catch {
      this.destroy();
      throw new Gone('the client does not read');
    }
  }

  /** A last message, as far as it can be sent, and the end. */
  end(message?: Buffer): void {
    if (message !== undefined) this.send(message);
    if (!this.#socket.destroyed) this.#socket.end(Buffer.concat(this.#pending));
    this.#pending = [];
    this.#pendingBytes = 0;
    // A client that keeps its side open is not waited for.
    setTimeout(() => this.destroy(), 1_000).unref();
  }

  destroy(): void {
    this.#socket.destroy();
    this.#gone.abort();
  }

  #watch(socket: Socket): void {
    const gone = () => this.#gone.abort();
    socket.on('error', gone);
    socket.on('close', gone);
    socket.on('end', gone);
    // Reading nothing lets the end of the stream be seen while nobody waits for a message.
    socket.on('readable', () => socket.read(0));
  }

  async #body(length: number, limit: number): Promise<Buffer> {
    if (length < 4 || length > limit) throw new ProtocolError('invalid length of a message');
    return length === 4 ? Buffer.alloc(0) : this.#take(length - 4);
  }

  async #take(count: number): Promise<Buffer> {
    for (;;) {
      this.#throwIfGone();
      const bytes = this.#socket.read(count) as Buffer | null;
      // At the end of the stream fewer are returned.
      if (bytes !== null) {
        if (bytes.length < count) throw new Gone('the client left in the middle of a message');
        return bytes;
      }
      try {
        await once(this.#socket, 'readable', { signal: this.gone });
      } catch {
        throw new Gone('the client has gone');
      }
    }
  }

  #throwIfGone(): void {
    if (this.gone.aborted) throw new Gone('the client has gone');
  }
}
