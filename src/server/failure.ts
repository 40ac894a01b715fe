/** What a client is told when something did not work: one shape, and the status that fits it. */
import { type ErrorCode, PgvigilError } from '../errors.ts';

/** What only HTTP knows of, with its status. */
export const HTTP_CODES = {
  /** There is no token, or a wrong one. */
  UNAUTHORIZED: 401,
  /** The role of the token is too small. */
  FORBIDDEN: 403,
  METHOD_NOT_ALLOWED: 405,
  /** The alert is not in a state for this. */
  CONFLICT: 409,
  BODY_TOO_LARGE: 413,
  /** A name that leads here, and that nobody here chose. */
  WRONG_HOST: 421,
  RATE_LIMITED: 429,
} as const;
export type HttpCode = keyof typeof HTTP_CODES;

/** What a client can do something about; everything else is a defect here, and none of his business. */
export const STATUS_OF: Readonly<Partial<Record<ErrorCode, number>>> = {
  USAGE: 400,
  NOT_FOUND: 404,
  QUERY_REFUSED: 422,
  // Also when the time was over: clients repeat what was answered with 408.
  QUERY_FAILED: 422,
  QUERY_BUSY: 503,
  DATA_MISSING: 503,
  DATA_LOCKED: 503,
  WORKER_UNREACHABLE: 503,
  STORE_WRITE: 503,
};

/** Seconds after which a client may try again what could not be done now. */
const RETRY_AFTER_S = '2';

export class HttpError extends Error {
  readonly code: HttpCode;
  readonly hint: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: HttpCode, message: string, hint: string, headers: Record<string, string> = {}) {
    super(message);
    this.name = 'HttpError';
    this.code = code;
    this.hint = hint;
    this.headers = headers;
  }
}

export interface Failure {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: { error: { code: ErrorCode | HttpCode; message: string; hint: string } };
}

/** What is said of an error; null: it is a defect, of which nothing is said. */
export function failureOf(error: unknown): Failure | null {
  if (error instanceof HttpError) {
    const { code, message, hint, headers } = error;
    return { status: HTTP_CODES[code], headers, body: { error: { code, message, hint } } };
  }
  if (!(error instanceof PgvigilError)) return null;
  const { code, message, hint } = error;
  const status = STATUS_OF[code];
  if (status === undefined) return null;
  const headers: Record<string, string> = status === 503 ? { 'retry-after': RETRY_AFTER_S } : {};
  return { status, headers, body: { error: { code, message, hint } } };
}

export const DEFECT: Failure = {
  status: 500,
  headers: {},
  body: {
    error: { code: 'INTERNAL', message: 'something went wrong', hint: 'The log of pgvigil says why.' },
  },
};
