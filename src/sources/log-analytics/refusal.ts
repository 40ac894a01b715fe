/** What the service means when it does not answer a question. */
import { cleanText } from '../../decode/redaction/text.ts';
import { messageOf, PgvigilError } from '../../errors.ts';

/** A question that was not answered. */
export interface Failure {
  /** HTTP status; null where there was no answer at all. */
  status: number | null;
  /** Milliseconds after which the service wants to be asked again; null where it does not say. */
  retryAfterMs: number | null;
  error: unknown;
}

/** An answer that the service calls partial. */
export class AnswerCut extends Error {}

/** An answer that was given up before it filled the memory. */
export class AnswerTooLarge extends Error {
  constructor(bytes: number) {
    super(`the answer is larger than ${bytes} bytes`);
  }
}

/** Names of errors of @azure/identity. */
const CREDENTIAL_ERRORS = new Set([
  'AuthenticationError',
  'AggregateAuthenticationError',
  'AuthenticationRequiredError',
  'CredentialUnavailableError',
]);

/** Code and inner code that say that less should be asked for (Azure Monitor, "Log Analytics API errors"). */
const TOO_MUCH =
  /ResponseSize|ResponseTooLarge|PayloadTooLarge|E_QUERY_RESULT_SET_TOO_LARGE|E_RUNAWAY_QUERY|E_LOW_MEMORY/i;

/** A semantic error about the name of a table; a column is a "column or scalar expression". */
const UNRESOLVED = /Failed to resolve (?:table|entity)/i;

/** A text for people: without secrets, short. */
export function reasonOf({ status, error }: Failure): string {
  const parts = [messageOf(error), ...innerErrors(error).map(({ message }) => message)];
  const text = [...new Set(parts)].filter((part) => typeof part === 'string' && part !== '').join(': ');
  return cleanText(`${status === null ? '' : `HTTP ${status}: `}${text}`).slice(0, 500);
}

/** True when the answer would have been too large, or took too long. */
export function isTooMuch(failure: Failure): boolean {
  const { error, status } = failure;
  if (error instanceof AnswerCut || error instanceof AnswerTooLarge) return true;
  if (isTimeout(failure) || status === 413) return true;
  return innerErrors(error).some(({ code, message }) => TOO_MUCH.test(`${code} ${message}`));
}

/** True when the service, or what stands before it, gave up waiting. */
export function isTimeout({ status }: Failure): boolean {
  return status === 504 || status === 408;
}

/** True when the table that was asked for does not exist. */
export function isUnresolved({ status, error }: Failure): boolean {
  return status === 400 && innerErrors(error).some(({ message }) => UNRESOLVED.test(String(message)));
}

/** The error for a service that says no for good; null for trouble that may pass. */
export function refusalOf(failure: Failure, title: string): PgvigilError | null {
  const hint = hintFor(failure);
  if (hint === null) return null;
  return new PgvigilError('SOURCE_REFUSED', `${title} refused us: ${reasonOf(failure)}`, hint);
}

function hintFor({ status, error }: Failure): string | null {
  if (error instanceof Error && CREDENTIAL_ERRORS.has(error.name))
    return 'Sign in (`az login`), or give the host a managed identity.';
  if (status === 401)
    return 'Sign in again (`az login`), and check that endpoint and audience are those of the same cloud.';
  if (status === 403)
    return 'Give the identity the role "Log Analytics Reader" on the workspace, and check that its network settings take queries from here.';
  if (status === 404)
    return 'Check the workspace ID (the portal shows it on the overview of the workspace; it is not its name) and the endpoint of its cloud.';
  if (status === 400) return 'Check that the workspace is one of Log Analytics, and update pgvigil.';
  return null;
}

interface Inner {
  code?: unknown;
  message?: unknown;
  innererror?: unknown;
}

/** The chain of errors in the body of an answer, outermost first. */
function innerErrors(error: unknown): Inner[] {
  const details = (error as { details?: { error?: unknown } } | null)?.details;
  const found: Inner[] = [];
  for (let inner = details?.error; isInner(inner) && found.length < 10; inner = inner.innererror)
    found.push(inner);
  return found;
}

function isInner(value: unknown): value is Inner {
  return typeof value === 'object' && value !== null;
}
