/**
 * Channel to Microsoft Sentinel: a row for each message, in a custom table of Log Analytics, through the Logs Ingestion API
 * (https://learn.microsoft.com/azure/azure-monitor/logs/logs-ingestion-api-overview) and Microsoft's client for it.
 * `docs/sentinel.md` sets up the table and the data collection rule.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import https from 'node:https';
import type { LogsIngestionClient } from '@azure/monitor-ingestion';
import { z } from 'zod';
import { parseRetryAfter } from '../retry.ts';
import {
  CHANNEL_EVENTS,
  type Channel,
  type ChannelContext,
  channelKind,
  type DeliveryResult,
  type OutgoingMessage,
} from './channel.ts';
import { type Identity, identityOf, identityShape, noTokenReason } from './identity.ts';
import { causeOf, guardOf, shownText, verifiedTls } from './receiver.ts';
import { sentinelRow } from './sentinel-row.ts';

/** A token may have to be fetched first. */
const TIMEOUT_MS = 30_000;
const MAX_SOCKETS = 8;
/** Shorter than that of common servers, so that a connection is not used at the moment at which it is closed there. */
const IDLE_MS = 4_000;

export interface SentinelOptions {
  endpoint: string;
  ruleId: string;
  stream: string;
}

export const sentinel = channelKind({
  type: 'sentinel',
  shape: {
    endpoint: z
      .string()
      .regex(/^https:\/\/[A-Za-z0-9.-]+(:\d{1,5})?\/?$/)
      .refine((text) => URL.canParse(text))
      .meta({ allowed: 'an https:// URL without a path' })
      .describe('Logs ingestion endpoint of the data collection rule, or of a data collection endpoint.'),
    ruleId: z
      .string()
      .regex(/^dcr-[0-9a-f]{32}$/)
      .meta({ allowed: 'dcr- and 32 digits, 0 to f' })
      .describe('Immutable id of the data collection rule.'),
    stream: z
      .string()
      .regex(/^Custom-[A-Za-z0-9_]{1,60}$/)
      .default('Custom-PgvigilAlerts_CL')
      .meta({ allowed: 'Custom-NAME' })
      .describe('Stream that the rule declares for these rows.'),
    ...identityShape,
  },
  paths: [],
  events: CHANNEL_EVENTS,
  async open(options, context) {
    return openSentinel(options, context, await identityOf(options, context));
  },
});

/** The channel with this identity. @throws PgvigilError CONFIG_INVALID */
export async function openSentinel(
  options: SentinelOptions,
  context: ChannelContext,
  { credential, secrets }: Identity,
): Promise<Channel> {
  const { ca, version } = context;
  const { hostname, host } = new URL(options.endpoint);
  const guard = guardOf(context, hostname, host);
  const agent = new https.Agent({
    keepAlive: true,
    maxSockets: MAX_SOCKETS,
    timeout: IDLE_MS,
    lookup: guard.lookup,
    ...verifiedTls(ca),
  });
  // Large, and only needed where there is such a channel.
  const { LogsIngestionClient: Client } = await import('@azure/monitor-ingestion');
  const client = new Client(options.endpoint, credential, {
    agent,
    // The outbox tries again; a redirect would take the token elsewhere.
    retryOptions: { maxRetries: 0 },
    redirectOptions: { maxRetries: 0 },
    userAgentOptions: { userAgentPrefix: `pgvigil/${version}` },
  });
  return new SentinelChannel(client, agent, { ...options, host, secrets }, context);
}

/** What the service most likely means, by status. */
const HINTS: Readonly<Record<number, string>> = {
  401: 'the token is not accepted: the identity must be of the tenant of the data collection rule',
  403: 'the identity needs Monitoring Metrics Publisher on the data collection rule; a new role takes up to 30 minutes',
  404: 'check endpoint, ruleId and stream',
};

class SentinelChannel implements Channel {
  readonly name: string;
  readonly target: string;
  readonly #client: LogsIngestionClient;
  readonly #agent: https.Agent;
  readonly #options: SentinelOptions;
  readonly #secrets: readonly string[];
  readonly #timeoutMs: number;

  constructor(
    client: LogsIngestionClient,
    agent: https.Agent,
    { host, secrets, ...options }: SentinelOptions & { host: string; secrets: readonly string[] },
    { name, timeoutMs = TIMEOUT_MS }: Pick<ChannelContext, 'name' | 'timeoutMs'>,
  ) {
    this.name = name;
    this.target = host;
    this.#client = client;
    this.#agent = agent;
    this.#options = options;
    this.#secrets = secrets;
    this.#timeoutMs = timeoutMs;
  }

  async deliver(
    { id, message, timestampSeconds }: OutgoingMessage,
    signal: AbortSignal,
  ): Promise<DeliveryResult> {
    const rows = [sentinelRow(message, id, new Date(timestampSeconds * 1000))];
    // The client sends this JSON, compressed.
    const bodyHash = createHash('sha256').update(JSON.stringify(rows)).digest('hex');
    const limit = AbortSignal.timeout(this.#timeoutMs);
    try {
      await this.#upload(rows, AbortSignal.any([signal, limit]));
      return { outcome: 'delivered', status: 204, bodyHash };
    } catch (error) {
      if (signal.aborted) {
        const stopped = `${this.target}: stopped before an answer came`;
        return { outcome: 'aborted', status: null, bodyHash, error: stopped };
      }
      if (limit.aborted) {
        const late = `${this.target}: no answer within ${this.#timeoutMs} ms`;
        return { outcome: 'retry', status: null, bodyHash, error: late, retryAfterMs: null };
      }
      return this.#failed(uploadFailure(error), bodyHash);
    }
  }

  close(): Promise<void> {
    this.#agent.destroy();
    return Promise.resolve();
  }

  /** Ends soon after the signal, also while a credential does not. */
  async #upload(rows: Record<string, unknown>[], signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const { ruleId, stream } = this.#options;
    const over = new AbortController();
    try {
      await Promise.race([
        this.#client.upload(ruleId, stream, rows, { abortSignal: signal }),
        once(signal, 'abort', { signal: over.signal }).then(() => signal.throwIfAborted()),
      ]);
    } finally {
      over.abort();
    }
  }

  #failed(failure: UploadFailure, bodyHash: string): DeliveryResult {
    // Errors of the identity have a status too, but it is not one of this receiver.
    const noToken = noTokenReason(failure);
    const status = noToken === null ? (failure.statusCode ?? null) : null;
    if (status === null) {
      const error = `${this.target}: ${noToken ?? causeOf(failure)}`;
      return { outcome: 'retry', status, bodyHash, error, retryAfterMs: null };
    }
    const error = `${this.target}: answered ${status}: ${this.#said(status, failure)}`;
    if (status === 410) return { outcome: 'gone', status, bodyHash, error };
    // Not of the form that the rule declares, or too large: as it is, it will never be taken.
    if (status === 400 || status === 413) return { outcome: 'refused', status, bodyHash, error };
    const header = failure.response?.headers.get('retry-after') ?? null;
    return { outcome: 'retry', status, bodyHash, error, retryAfterMs: parseRetryAfter(header, Date.now()) };
  }

  #said(status: number, { message, request }: UploadFailure): string {
    if (status >= 300 && status < 400) return 'redirects are not followed';
    const token = request?.headers.get('authorization')?.replace(/^Bearer /, '') ?? '';
    const text = shownText(message, [...this.#secrets, token]);
    const hint = HINTS[status];
    return hint === undefined ? text : `${hint} (${text})`;
  }
}

/** RestError of the client, as far as it is of use. */
interface UploadFailure extends Error {
  code?: string;
  statusCode?: number;
  request?: { headers: Headers };
  response?: { headers: Headers };
}
interface Headers {
  get(name: string): string | undefined;
}

/** The client gathers what became of each part of an upload: here there is one. */
function uploadFailure(error: unknown): UploadFailure {
  const { errors } = error as { errors?: { cause?: UploadFailure }[] };
  return errors?.[0]?.cause ?? (error as UploadFailure);
}
