/** Channel that posts to any receiver of Standard Webhooks 1.0.0. */
import type { KeyObject } from 'node:crypto';
import { PgvigilError } from '../../errors.ts';
import { parseRetryAfter } from '../retry.ts';
import { signatureHeader } from '../signature.ts';
import type { Channel, DeliveryResult, OutgoingMessage } from './channel.ts';

const TIMEOUT_MS = 15_000;

/** Read so that the connection can be used again; more than this is not worth the reading. */
const MAX_ANSWER_BYTES = 16 * 1024;

export interface WebhookOptions {
  /** Name of the channel in the configuration. */
  name: string;
  /** `https:`, or `http:` to this machine. A user name and password go into an Authorization header. */
  url: string;
  /** From `parseSecret`, at least one; two while the secret is being changed. */
  secrets: readonly KeyObject[];
  /** Version of pgvigil, for the User-Agent header. */
  version: string;
  /** Milliseconds for one attempt, connection and answer together. */
  timeoutMs?: number;
}

export class WebhookChannel implements Channel {
  readonly name: string;
  /** Host and port: all of the address that may be shown. */
  readonly host: string;
  readonly #url: string;
  readonly #secrets: readonly KeyObject[];
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;

  /** @throws PgvigilError CONFIG_INVALID, SECRET_INVALID */
  constructor(options: WebhookOptions) {
    this.name = options.name;
    const url = parseUrl(options.name, options.url);
    if (options.secrets.length === 0) {
      throw new PgvigilError(
        'SECRET_INVALID',
        `channel ${options.name} has no secret to sign with`,
        'Give the channel a secret: alerts leave signed.',
      );
    }
    this.host = url.host;
    const authorization = basicAuthorization(options.name, url);
    url.username = '';
    url.password = '';
    url.hash = '';
    this.#url = url.href;
    this.#secrets = options.secrets;
    this.#headers = {
      'content-type': 'application/json',
      'user-agent': `pgvigil/${options.version}`,
      ...(authorization === null ? {} : { authorization }),
    };
    this.#timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  async deliver(message: OutgoingMessage, signal: AbortSignal): Promise<DeliveryResult> {
    const { webhookId, body, timestampSeconds } = message;
    const attempt = new AbortController();
    const abort = () => attempt.abort();
    const timer = setTimeout(abort, this.#timeoutMs);
    signal.addEventListener('abort', abort);
    try {
      if (signal.aborted) attempt.abort();
      const response = await fetch(this.#url, {
        method: 'POST',
        redirect: 'manual',
        signal: attempt.signal,
        body,
        headers: {
          ...this.#headers,
          'webhook-id': webhookId,
          'webhook-timestamp': String(timestampSeconds),
          'webhook-signature': signatureHeader(this.#secrets, webhookId, timestampSeconds, body),
        },
      });
      await drain(response);
      return this.#judge(response, timestampSeconds * 1000);
    } catch (error) {
      if (signal.aborted) {
        return { outcome: 'aborted', status: null, error: `${this.host}: stopped before an answer came` };
      }
      const reason = attempt.signal.aborted ? `no answer within ${this.#timeoutMs} ms` : causeOf(error);
      return { outcome: 'retry', status: null, error: `${this.host}: ${reason}`, retryAfterMs: null };
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', abort);
    }
  }

  #judge(response: Response, now: number): DeliveryResult {
    const { status } = response;
    if (response.ok) return { outcome: 'delivered', status };
    const error = `${this.host}: answered ${status}`;
    if (status === 410) return { outcome: 'refused', status, error: `${error}, it wants no more` };
    const retryAfterMs = parseRetryAfter(response.headers.get('retry-after'), now);
    if (status >= 300 && status < 400) {
      return { outcome: 'retry', status, error: `${error}, redirects are not followed`, retryAfterMs };
    }
    return { outcome: 'retry', status, error, retryAfterMs };
  }
}

/** The status has come and counts, whatever happens to the rest of the answer. */
async function drain(response: Response): Promise<void> {
  if (response.body === null) return;
  const reader = response.body.getReader();
  try {
    let bytes = 0;
    while (bytes <= MAX_ANSWER_BYTES) {
      const { done, value } = await reader.read();
      if (done) return;
      bytes += value.byteLength;
    }
    await reader.cancel();
  } catch {
    // cut off by the sender or by the time limit
  }
}

/** What went wrong with a connection, as a code: texts of errors may quote the address. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as { code?: unknown } | null)?.code;
  return typeof code === 'string' && /^[A-Z0-9_]{1,60}$/.test(code) ? code : 'the connection failed';
}

/** The parser has turned every spelling of an IPv4 address into four numbers. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}

function parseUrl(name: string, text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // No cause: the parser's error holds the text.
    throw invalidUrl(`the URL of channel ${name} is not a URL`);
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw invalidUrl(`channel ${name} would send alerts to ${url.host} without TLS`);
  }
  return url;
}

function basicAuthorization(name: string, url: URL): string | null {
  if (url.username === '' && url.password === '') return null;
  try {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    return `Basic ${Buffer.from(credentials).toString('base64')}`;
  } catch {
    throw invalidUrl(`user name or password in the URL of channel ${name} is not percent-encoded`);
  }
}

function invalidUrl(message: string): PgvigilError {
  return new PgvigilError(
    'CONFIG_INVALID',
    message,
    'Use an https:// URL; http:// only to 127.0.0.1, [::1] or localhost.',
  );
}
