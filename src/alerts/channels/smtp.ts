/**
 * Hands one mail to a submission server (RFC 6409): one connection for each, as alerts are rare. The connection is made
 * through the address guard; SNI and certificate go by the name of the host, whatever address it has.
 */
import { once } from 'node:events';
import net, { type LookupFunction } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type SMTPConnection from 'nodemailer/lib/smtp-connection';

/** `starttls`: TLS is required before anything else is said. `tls`: from the first byte on. `none`: for this machine. */
export const SECURITIES = ['starttls', 'tls', 'none'] as const;
export type Security = (typeof SECURITIES)[number];

export interface SmtpServer {
  host: string;
  port: number;
  security: Security;
  /** Null: no sign-in. */
  credentials: { user: string; pass: string } | null;
  tls: ConnectionOptions;
  lookup: LookupFunction;
}

export interface Envelope {
  from: string;
  to: readonly string[];
}

/** The server has the mail, for at least one recipient. */
export interface Submitted {
  /** Reply code after the data. */
  status: number;
  /** Recipients that it did not take, each with its reply. */
  rejected: { recipient: string; reply: string }[];
}

/** Time for the answer to QUIT: the mail is already taken. */
const QUIT_MS = 1_000;

/**
 * Makes one attempt.
 *
 * @param raw the mail, CRLF at the ends of lines
 * @throws what nodemailer gives, with `command`, `responseCode` and `response` where the server replied
 */
export async function submit(
  server: SmtpServer,
  envelope: Envelope,
  raw: Buffer,
  signal: AbortSignal,
): Promise<Submitted> {
  // Large, and only needed where there is such a channel.
  const { default: Connection } = await import('nodemailer/lib/smtp-connection');
  const { host, port, security, tls, lookup } = server;
  const socket = net.connect({ host, port, lookup });
  // Those that count come through the connection; one that comes after its end is of no interest.
  socket.on('error', () => undefined);
  try {
    await once(socket, 'connect', { signal });
    const connection = new Connection({
      connection: socket,
      host,
      port,
      secure: security === 'tls',
      requireTLS: security === 'starttls',
      ignoreTLS: security === 'none',
      tls,
      // Closing is by `destroy`: who is told to stop does not wait for the server.
      socketCloseTimeout: 0,
    });
    const end = () => {
      connection.close();
      socket.destroy();
    };
    try {
      const submitted = await Promise.race([
        converse(connection, server, envelope, raw),
        failureOf(connection, signal),
      ]);
      const timer = setTimeout(end, QUIT_MS);
      connection.once('end', () => clearTimeout(timer));
      connection.quit();
      return submitted;
    } catch (error) {
      end();
      throw error;
    }
  } catch (error) {
    socket.destroy();
    throw error;
  }
}

/** Does not end but by failing. */
function failureOf(connection: SMTPConnection, signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    connection.on('error', reject);
    connection.on('end', () => reject(new Error('the connection ended')));
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

async function converse(
  connection: SMTPConnection,
  { credentials }: SmtpServer,
  { from, to }: Envelope,
  raw: Buffer,
): Promise<Submitted> {
  await called<unknown>((done) => connection.connect(done));
  if (credentials !== null) await called<unknown>((done) => connection.login({ credentials }, done));
  const { response, rejectedErrors = [] } = await called<{
    response?: string;
    rejectedErrors?: { recipient?: string; response?: string }[];
  }>((done) => connection.send({ from, to: [...to] }, raw, done));
  return {
    status: Number.parseInt(response ?? '', 10) || 250,
    rejected: rejectedErrors.map(({ recipient = '', response: reply = '' }) => ({ recipient, reply })),
  };
}

function called<T>(call: (done: (error?: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, value) => (error ? reject(error) : resolve(value as T)));
  });
}
