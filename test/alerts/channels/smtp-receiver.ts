/** A real submission server on this machine, and what mail clients would read of what it took. */
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import type { TestContext } from 'node:test';
import { type ParsedMail, simpleParser } from 'mailparser';
import { SMTPServer, type SMTPServerOptions, type SMTPServerSession } from 'smtp-server';
import { certificate, type Fault } from './receiver.ts';

export interface TakenMail {
  id: string;
  raw: string;
  parsed: ParsedMail;
  to: string[];
  secure: boolean;
  user: unknown;
  /** The name that the client asked for in its TLS handshake. */
  servername: unknown;
}

export class SmtpReceiver {
  readonly taken: TakenMail[] = [];
  readonly ca: string;
  readonly #server: SMTPServer;
  readonly #faults: Fault[] = [];

  private constructor(tls: { key: string; cert: string }, options: SMTPServerOptions) {
    this.ca = tls.cert;
    this.#server = new SMTPServer({
      ...tls,
      logger: false,
      disableReverseLookup: true,
      closeTimeout: 50,
      authOptional: true,
      onData: (stream, session, done) => {
        const chunks: Buffer[] = [];
        stream.on('data', (chunk: Buffer) => chunks.push(chunk));
        stream.on('end', () => void this.#take(Buffer.concat(chunks), session, done));
      },
      ...options,
    });
    // A client that hangs up is what some tests are about.
    this.#server.on('error', () => undefined);
  }

  /** @param options how this server differs: what it refuses, whether it speaks TLS from the first byte on */
  static async start(t: TestContext, options: SMTPServerOptions = {}): Promise<SmtpReceiver> {
    const receiver = new SmtpReceiver(await certificate(), options);
    receiver.#server.listen(0, '127.0.0.1');
    await once(receiver.#server.server, 'listening');
    t.after(() => new Promise<void>((resolve) => receiver.#server.close(() => resolve())));
    return receiver;
  }

  get port(): number {
    return (this.#server.server.address() as AddressInfo).port;
  }

  failNext(...faults: Fault[]): void {
    this.#faults.push(...faults);
  }

  async #take(
    raw: Buffer,
    session: SMTPServerSession,
    done: (error?: Error | null, message?: string) => void,
  ): Promise<void> {
    const fault = this.#faults.shift();
    if (fault === 'silent') return;
    if (fault === 'drop') return this.#hangUp();
    if (fault === 'error') return done(reply(451, '4.3.0 out of order'));
    const parsed = await simpleParser(raw);
    this.taken.push({
      id: parsed.messageId ?? '',
      raw: raw.toString('latin1'),
      parsed,
      to: session.envelope.rcptTo.map(({ address }) => address),
      secure: session.secure,
      user: session.user,
      servername: (session as { servername?: unknown }).servername,
    });
    done(null, 'queued');
  }

  #hangUp(): void {
    const { connections } = this.#server as unknown as { connections: Set<{ _socket: Socket }> };
    for (const { _socket } of connections) _socket.destroy();
  }
}

/** An error that the server answers with this code. */
export function reply(code: number, text: string): Error {
  return Object.assign(new Error(text), { responseCode: code });
}
