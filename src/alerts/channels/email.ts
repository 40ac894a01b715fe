/** Channel that mails, through a submission server (RFC 6409) with TLS. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import { isLoopbackHost, secretRef } from '../../config/references.ts';
import { PgvigilError } from '../../errors.ts';
import {
  type Channel,
  type ChannelContext,
  channelKind,
  type DeliveryResult,
  type OutgoingMessage,
} from './channel.ts';
import { type Mail, mailOf } from './mail.ts';
import { causeOf, guardOf, shownText, verifiedTls } from './receiver.ts';
import { type Envelope, SECURITIES, type SmtpServer, submit } from './smtp.ts';

/** Servers delay their greeting to find out senders of spam, and scan before they take a mail. */
const TIMEOUT_MS = 60_000;

const address = z
  .string()
  .max(254)
  .regex(/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+$/)
  .meta({ allowed: 'a mail address without a name: soc@example.com' });

export const email = channelKind({
  type: 'email',
  shape: {
    host: z
      .string()
      .max(253)
      .regex(/^[A-Za-z0-9.:-]+$/)
      .meta({ allowed: 'a host name or an address' })
      .describe('Submission server.'),
    port: z.int().min(1).max(65_535).default(587).describe('Its port; 465 where security is tls.'),
    security: z
      .enum(SECURITIES)
      .default('starttls')
      .describe('starttls (required), tls from the first byte on, or none, to this machine only.'),
    user: z.string().min(1).max(254).optional().meta({ allowed: 'a name' }).describe('Who signs in.'),
    password: secretRef.optional().describe('Password of user.'),
    from: address.describe('Sender of the mails.'),
    to: z
      .array(address)
      .min(1)
      .max(50)
      .meta({ allowed: 'a list of mail addresses' })
      .describe('Recipients. A mail counts as delivered when the server takes it for one of them.'),
  },
  paths: [],
  events: ['opened', 'updated'],
  links: true,
  async open({ host, port, security, user, password, from, to }, context) {
    const { name, ca } = context;
    if ((user === undefined) !== (password === undefined)) {
      throw invalid(name, 'has one of user and password', 'Give both, or neither.');
    }
    if (security === 'none' && !isLoopbackHost(host.includes(':') ? `[${host}]` : host)) {
      throw invalid(
        name,
        `would send alerts to ${host} without TLS`,
        'security: none is for localhost, 127.0.0.1 and ::1.',
      );
    }
    const guard = guardOf(context, host, host);
    const credentials =
      user === undefined || password === undefined ? null : { user, pass: await context.secret(password) };
    const server = { host, port, security, credentials, tls: verifiedTls(ca), lookup: guard.lookup };
    return new EmailChannel(server, { from, to }, context);
  },
});

function invalid(name: string, what: string, hint: string): PgvigilError {
  return new PgvigilError('CONFIG_INVALID', `channel ${name} ${what}`, hint);
}

class EmailChannel implements Channel {
  readonly name: string;
  readonly target: string;
  readonly #host: string;
  readonly #server: SmtpServer;
  readonly #envelope: Envelope;
  readonly #secrets: readonly string[];
  readonly #timeoutMs: number;

  constructor(
    server: SmtpServer,
    envelope: Envelope,
    { name, timeoutMs = TIMEOUT_MS }: Pick<ChannelContext, 'name' | 'timeoutMs'>,
  ) {
    const { host, port, credentials } = server;
    this.name = name;
    this.#host = `${host.includes(':') ? `[${host}]` : host}:${port}`;
    this.target = `${envelope.to.join(', ')} via ${this.#host}`;
    this.#server = server;
    this.#envelope = envelope;
    this.#secrets = credentials === null ? [] : formsOf(credentials);
    this.#timeoutMs = timeoutMs;
  }

  async deliver(
    { id, message, timestampSeconds }: OutgoingMessage,
    signal: AbortSignal,
  ): Promise<DeliveryResult> {
    const raw = await composed(mailOf(message, id), this.#envelope, new Date(timestampSeconds * 1000));
    const bodyHash = createHash('sha256').update(raw).digest('hex');
    const limit = AbortSignal.timeout(this.#timeoutMs);
    try {
      const either = AbortSignal.any([signal, limit]);
      const { status, rejected } = await submit(this.#server, this.#envelope, raw, either);
      // Taken for some: sent again, it would come to those twice. The others are told of in the log.
      const warning = rejected
        .map(({ recipient, reply }) => `${recipient}: ${this.#shown(reply)}`)
        .join('; ');
      return { outcome: 'delivered', status, bodyHash, ...(warning !== '' && { warning }) };
    } catch (error) {
      if (signal.aborted) {
        const stopped = `${this.#host}: stopped before the mail was taken`;
        return { outcome: 'aborted', status: null, bodyHash, error: stopped };
      }
      if (limit.aborted) {
        const late = `${this.#host}: not taken within ${this.#timeoutMs} ms`;
        return { outcome: 'retry', status: null, bodyHash, error: late, retryAfterMs: null };
      }
      return this.#failed(error as SmtpFailure, bodyHash);
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  #failed(failure: SmtpFailure, bodyHash: string): DeliveryResult {
    const { command = '', responseCode: status = null, response = '', code, originalCode } = failure;
    if (status === null) {
      const cause = causeOf(originalCode === undefined ? failure : { ...failure, code: originalCode });
      const error = `${this.#host}: ${command === 'API' ? (code ?? 'not sent') : cause}`;
      return { outcome: 'retry', status, bodyHash, error, retryAfterMs: null };
    }
    const what = this.#shown(response);
    const error = `${this.#host}: ${command === 'CONN' ? '' : `${command} `}answered ${what}`;
    return isOfTheMail(command, status)
      ? { outcome: 'refused', status, bodyHash, error }
      : { outcome: 'retry', status, bodyHash, error, retryAfterMs: null };
  }

  #shown(reply: string): string {
    return shownText(reply, this.#secrets);
  }
}

/** What nodemailer adds to its errors. */
interface SmtpFailure extends Error {
  code?: string;
  originalCode?: string;
  command?: string;
  responseCode?: number;
  response?: string;
}

/** RFC 4954, 6: what is wrong is the sign-in, and that may be mended. */
const SIGN_IN = [530, 534, 535, 538];

/** Whether a reply means that this mail is never taken (RFC 5321, 4.2.1), not that nothing is taken at present. */
function isOfTheMail(command: string, status: number): boolean {
  return status >= 500 && !SIGN_IN.includes(status) && ['MAIL FROM', 'RCPT TO', 'DATA'].includes(command);
}

/** Secrets as they go over the wire: a server may say them back. */
function formsOf({ user, pass }: { user: string; pass: string }): string[] {
  return [Buffer.from(`\0${user}\0${pass}`).toString('base64'), Buffer.from(pass).toString('base64'), pass];
}

/** The mail as it is sent. The same delivery gives the same bytes, unless the message has no time. */
async function composed(mail: Mail, { from, to }: Envelope, now: Date): Promise<Buffer> {
  const { default: MailComposer } = await import('nodemailer/lib/mail-composer');
  const { subject, text, html, messageId, thread, date, headers, boundary } = mail;
  return new MailComposer({
    from: { name: 'pgvigil', address: from },
    to: [...to],
    subject,
    text,
    html,
    messageId,
    ...(thread !== null && { inReplyTo: thread, references: thread }),
    date: date ?? now,
    headers,
    baseBoundary: boundary,
    disableFileAccess: true,
    disableUrlAccess: true,
  })
    .compile()
    .build();
}
