/**
 * Asks Log Analytics one question at a time, with Microsoft's client, until it is answered.
 *
 * The client's own retries are off: they are silent, and a pause of minutes that the service asks for should be seen.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TokenCredential } from '@azure/identity';
import {
  LogsQueryClient,
  type LogsQueryClientOptions,
  type LogsQueryResult,
  LogsQueryResultStatus,
  type LogsTable,
} from '@azure/monitor-query-logs';
import { PgvigilError } from '../../errors.ts';
import type { HistoryEvent } from '../history.ts';
import {
  AnswerCut,
  AnswerTooLarge,
  type Failure,
  isTimeout,
  isTooMuch,
  isUnresolved,
  reasonOf,
  refusalOf,
} from './refusal.ts';
import type { Span } from './span.ts';

type Policy = Parameters<LogsQueryClient['pipeline']['addPolicy']>[0];
type SendRequest = Parameters<Policy['sendRequest']>[1];
type PipelineRequest = Parameters<Policy['sendRequest']>[0];
type PipelineResponse = Awaited<ReturnType<SendRequest>>;

export interface LogsClientOptions {
  workspaceId: string;
  credential: TokenCredential;
  /** Without a path. */
  endpoint: string;
  /** What the token is for. */
  audience: string;
  /** For people. */
  title: string;
  /** Certificate authorities, PEM, in place of those of Node. */
  ca?: string;
  limits: Limits;
}

/** How much of the service's patience, of ours, and of memory a question may take. */
export interface Limits {
  /** An answer is given up once it has brought this many bytes. */
  answerBytes: number;
  /** An answer has to begin within this time: a query may take 3 minutes and wait for 2.5 before, milliseconds. */
  beginMs: number;
  /** An answer that has begun may pause for this long. */
  stallMs: number;
  /** First pause after a failure; it doubles with each, up to a minute. */
  pauseMs: number;
  /** For how long a question is repeated before the service is given up. */
  patienceMs: number;
}

const LAST_PAUSE_MS = 60_000;

export interface RowsAnswer {
  kind: 'rows';
  rows: LogsTable['rows'];
}

export type Answer =
  | RowsAnswer
  /** Less has to be asked for: the answer was cut, too large or too slow. */
  | { kind: 'too-much'; reason: string }
  /** The table does not exist. */
  | { kind: 'unresolved' };

export class LogsClient {
  readonly #client: LogsQueryClient;
  readonly #options: LogsClientOptions;
  readonly #signal: AbortSignal;
  readonly #onEvent: (event: HistoryEvent) => void;
  /** The request that is on its way: there is one at a time. */
  #attempt: Attempt | undefined;

  /** @param signal ends a question, and the pause before it is asked again */
  constructor(options: LogsClientOptions, signal: AbortSignal, onEvent: (event: HistoryEvent) => void) {
    this.#options = options;
    this.#signal = signal;
    this.#onEvent = onEvent;
    const { endpoint, audience, ca, credential } = options;
    const clientOptions: LogsQueryClientOptions = {
      endpoint: `${endpoint}/v1`,
      credentials: { scopes: [`${audience}/.default`] },
      retryOptions: { maxRetries: 0 },
      ...(ca !== undefined && { tlsOptions: { ca } }),
    };
    this.#client = new LogsQueryClient(credential, clientOptions);
    this.#client.pipeline.addPolicy({
      name: 'pgvigilWatch',
      sendRequest: (request, next) => this.#watched(request, next),
    });
  }

  /**
   * @param span what the question is about; the service looks at nothing else
   * @param isLeast nothing less can be asked for: `too-much` is repeated, too, as it may be trouble that passes
   * @throws PgvigilError SOURCE_REFUSED when the service says no, or gives no answer for as long as is waited
   * @throws AbortError once the signal is aborted
   */
  async ask(query: string, span: Span, isLeast: boolean): Promise<Answer> {
    const { title, limits } = this.#options;
    const giveUpAt = performance.now() + limits.patienceMs;
    for (let pause = limits.pauseMs; ; pause = Math.min(pause * 2, LAST_PAUSE_MS)) {
      const outcome = await this.#try(query, span);
      this.#signal.throwIfAborted();
      if ('rows' in outcome) return outcome;
      const { failure } = outcome;
      if (isUnresolved(failure)) return { kind: 'unresolved' };
      const reason = reasonOf(failure);
      const forMs = failure.retryAfterMs ?? pause;
      const isPatient = performance.now() + forMs <= giveUpAt;
      if (isTooMuch(failure)) {
        // A service that is overloaded takes too long as well: it is given a rest before it is asked for less.
        if (isPatient && (isLeast || isTimeout(failure))) await this.#wait(reason, forMs);
        if (!isPatient || !isLeast) return { kind: 'too-much', reason };
      } else {
        const refusal = refusalOf(failure, title);
        if (refusal !== null) throw refusal;
        if (!isPatient) throw silent(title, reason);
        await this.#wait(reason, forMs);
      }
    }
  }

  async #wait(reason: string, forMs: number): Promise<void> {
    this.#onEvent({ kind: 'waiting', reason, forMs });
    await sleep(forMs, undefined, { signal: this.#signal });
  }

  /**
   * One request. The client does not notice a connection that breaks within a compressed answer, so the time is watched
   * here, and the client is not waited for.
   */
  async #try(query: string, { start, end }: Span): Promise<RowsAnswer | { failure: Failure }> {
    const attempt = new Attempt(this.#options.limits, this.#signal);
    this.#attempt = attempt;
    const timespan = { startTime: new Date(start), endTime: new Date(end) };
    try {
      this.#signal.throwIfAborted();
      const asked = this.#client.queryWorkspace(this.#options.workspaceId, query, timespan);
      return rowsOf(await Promise.race([asked, attempt.givenUp]));
    } catch (error) {
      return { failure: { status: attempt.status, retryAfterMs: attempt.retryAfterMs, error } };
    } finally {
      attempt.end();
    }
  }

  /** What the client's own options do not reach: `queryWorkspace` leaves out `abortSignal` and `onResponse` (1.0.0). */
  async #watched(request: PipelineRequest, next: SendRequest): Promise<PipelineResponse> {
    const attempt = this.#attempt;
    if (attempt === undefined) return next(request);
    request.abortSignal = attempt.signal;
    request.onDownloadProgress = ({ loadedBytes }) => attempt.progress(loadedBytes);
    const response = await next(request);
    attempt.answered(response);
    return response;
  }
}

/** A request on its way: when it is given up, and what came of it. */
class Attempt {
  status: number | null = null;
  retryAfterMs: number | null = null;
  /** Rejects when there is no use in waiting any more. */
  readonly givenUp: Promise<never>;
  readonly #limits: Limits;
  readonly #stop = new AbortController();
  readonly #outer: AbortSignal;
  #timer: NodeJS.Timeout;

  constructor(limits: Limits, outer: AbortSignal) {
    this.#limits = limits;
    this.#outer = outer;
    this.givenUp = new Promise((_, reject) => {
      this.signal.addEventListener('abort', () => reject(this.signal.reason), { once: true });
    });
    this.givenUp.catch(() => undefined);
    outer.addEventListener('abort', this.#onAbort);
    this.#timer = this.#alarm(limits.beginMs, 'no answer');
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** @throws the reason for which the answer is given up: what the client has of it by then is let go only so */
  progress(bytes: number): void {
    this.signal.throwIfAborted();
    clearTimeout(this.#timer);
    this.#timer = this.#alarm(this.#limits.stallMs, 'the answer stopped coming');
    if (bytes > this.#limits.answerBytes) this.#stop.abort(new AnswerTooLarge(this.#limits.answerBytes));
    this.signal.throwIfAborted();
  }

  answered({ status, headers }: PipelineResponse): void {
    this.status = status;
    this.retryAfterMs = retryAfterOf((name) => headers.get(name));
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#outer.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = () => this.#stop.abort(this.#outer.reason);

  #alarm(ms: number, what: string): NodeJS.Timeout {
    return setTimeout(() => this.#stop.abort(new Error(`${what} for ${ms / 1000} s`)), ms);
  }
}

/** @throws AnswerCut for an answer that is not whole: which rows are missing is not said */
function rowsOf(result: LogsQueryResult): RowsAnswer {
  if (result.status === LogsQueryResultStatus.PartialFailure)
    throw new AnswerCut(result.partialError.message);
  return { kind: 'rows', rows: result.tables[0]?.rows ?? [] };
}

function silent(title: string, reason: string): PgvigilError {
  return new PgvigilError(
    'SOURCE_REFUSED',
    `${title} does not answer: ${reason}`,
    'Check the network path to the endpoint, then run this again: it goes on where it stands.',
  );
}

/** Milliseconds of `Retry-After` (RFC 9110: seconds or a date), or of Azure's headers in milliseconds. */
function retryAfterOf(header: (name: string) => string | undefined): number | null {
  const exact = header('retry-after-ms') ?? header('x-ms-retry-after-ms');
  const text = header('retry-after') ?? '';
  const seconds = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  const ms = exact !== undefined && /^\d+$/.test(exact) ? Number(exact) : seconds;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}
