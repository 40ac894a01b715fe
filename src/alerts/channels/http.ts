/**
 * Posts to a receiver: TLS 1.2 or newer with a verified certificate, no redirects, no private addresses that are not
 * allowed by name, one time limit for connection and answer together.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { isLoopbackHost } from '../../config/references.ts';
import { PgvigilError } from '../../errors.ts';
import { parseRetryAfter } from '../retry.ts';
import type { ChannelContext, DeliveryResult } from './channel.ts';
import { causeOf, guardOf, shownText, verifiedTls } from './receiver.ts';

const TIMEOUT_MS = 15_000;
/** The status has come and counts; what else a receiver has to say is worth this much and so long. */
const MAX_ANSWER_BYTES = 16 * 1024;
const MAX_ANSWER_MS = 2_000;
const MAX_SOCKETS = 8;
/** Shorter than that of common servers, so that a connection is not used at the moment at which it is closed there. */
const IDLE_MS = 4_000;

/** What the receiver said. */
export interface HttpAnswer {
  status: number;
  /** Beginning of the body, one printable line without any secret of the channel. */
  text: string;
  retryAfterMs: number | null;
}

/** An answer, or why there is none. */
export type Posted = { bodyHash: string | null } & (
  | { answer: HttpAnswer }
  | { answer: null; failure: 'aborted' | 'failed'; error: string }
);

export class HttpSender {
  /** Host and port: all of the address that may be shown. */
  readonly host: string;
  readonly #url: URL;
  readonly #secrets: readonly string[];
  readonly #headers: Readonly<Record<string, string>>;
  readonly #agent: http.Agent;
  readonly #timeoutMs: number;

  /**
   * @param url `https:`, or `http:` to this machine. A user name and password go into an Authorization header.
   * @param secrets texts that a receiver knows and that must not come back in an error
   * @throws PgvigilError CONFIG_INVALID
   */
  constructor(url: string, secrets: readonly string[], context: ChannelContext) {
    const { name, ca, version, timeoutMs = TIMEOUT_MS } = context;
    this.#url = parseUrl(name, url);
    this.host = this.#url.host;
    const guard = guardOf(context, this.#url.hostname, this.host);
    const authorization = basicAuthorization(name, this.#url);
    this.#secrets = [...secrets, this.#url.password, ...telling(this.#url)];
    this.#url.username = '';
    this.#url.password = '';
    this.#url.hash = '';
    this.#headers = { 'user-agent': `pgvigil/${version}`, ...(authorization && { authorization }) };
    const options = { keepAlive: true, maxSockets: MAX_SOCKETS, timeout: IDLE_MS, lookup: guard.lookup };
    this.#agent =
      this.#url.protocol === 'http:'
        ? new http.Agent(options)
        : new https.Agent({ ...options, ...verifiedTls(ca) });
    this.#timeoutMs = timeoutMs;
  }

  /** Makes one request. Does not throw. */
  async post(body: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Posted> {
    const bytes = Buffer.from(body);
    const bodyHash = createHash('sha256').update(bytes).digest('hex');
    const limit = AbortSignal.timeout(this.#timeoutMs);
    try {
      const response = await this.#request(bytes, headers, AbortSignal.any([signal, limit]));
      const text = await beginningOf(response);
      return {
        bodyHash,
        answer: {
          status: response.statusCode ?? 0,
          text: shownText(text, this.#secrets),
          retryAfterMs: parseRetryAfter(response.headers['retry-after'] ?? null, Date.now()),
        },
      };
    } catch (error) {
      if (signal.aborted) {
        return {
          bodyHash,
          answer: null,
          failure: 'aborted',
          error: `${this.host}: stopped before an answer came`,
        };
      }
      const reason = limit.aborted ? `no answer within ${this.#timeoutMs} ms` : causeOf(error);
      return { bodyHash, answer: null, failure: 'failed', error: `${this.host}: ${reason}` };
    }
  }

  close(): Promise<void> {
    this.#agent.destroy();
    return Promise.resolve();
  }

  async #request(
    body: Buffer,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { request } = this.#url.protocol === 'http:' ? http : https;
    const outgoing = request(this.#url, {
      method: 'POST',
      agent: this.#agent,
      signal,
      headers: { ...this.#headers, ...headers, 'content-length': String(body.byteLength) },
    });
    outgoing.end(body);
    const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
    // Whatever happens to the rest of the answer.
    outgoing.on('error', () => undefined);
    return response;
  }
}

/**
 * What most receivers mean by their answers: 2xx taken, 410 no more of anything, everything else may pass.
 *
 * @param host as errors may show it
 */
export function judgeAnswer(host: string, posted: Posted): DeliveryResult {
  const { bodyHash } = posted;
  if (posted.answer === null) {
    const { error } = posted;
    return posted.failure === 'aborted'
      ? { outcome: 'aborted', status: null, bodyHash, error }
      : { outcome: 'retry', status: null, bodyHash, error, retryAfterMs: null };
  }
  const { status, retryAfterMs } = posted.answer;
  if (status >= 200 && status < 300) return { outcome: 'delivered', status, bodyHash };
  const error = answerText(host, posted.answer);
  if (status === 410) return { outcome: 'gone', status, bodyHash, error };
  return { outcome: 'retry', status, bodyHash, error, retryAfterMs };
}

/** `hooks.example.com: answered 400: invalid_blocks`. */
export function answerText(host: string, { status, text }: HttpAnswer): string {
  const what = status >= 300 && status < 400 ? 'redirects are not followed' : text;
  return `${host}: answered ${status}${what === '' ? '' : `: ${what}`}`;
}

async function beginningOf(response: IncomingMessage): Promise<string> {
  const timer = setTimeout(() => response.destroy(), MAX_ANSWER_MS);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      if (bytes > MAX_ANSWER_BYTES) break;
      chunks.push(chunk);
    }
  } catch {
    // cut off by the sender or by the time limit: the status counts
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Path and query of an address are often its secret. */
function telling(url: URL): string[] {
  return [url.pathname, ...url.pathname.split('/'), ...url.searchParams.values()].filter(
    (part) => part.length >= 16,
  );
}

function parseUrl(name: string, text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    // No cause: the parser's error holds the text.
    throw invalidUrl(`the URL of channel ${name} is not a URL`);
  }
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackHost(url.hostname))) {
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
