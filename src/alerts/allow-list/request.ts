/** What somebody asks to be allowed, and what speaks against it. Pure. */
import { z } from 'zod';
import { closest } from '../../closest.ts';
import { PgvigilError } from '../../errors.ts';
import { ALLOW_KINDS, type AllowEntry } from '../../model/allow-entry.ts';
import { rangeProblem } from './client-range.ts';
import { matchesEverything } from './glob.ts';

const DAY_MS = 86_400_000;
const MAX_DAYS = 366;
const MAX_WINDOW_DAYS = 7;

const text = z.string().max(300);
const pattern = text.nullable().default(null);
const time = z.int().min(0).max(8_640_000_000_000_000);

export const allowRequest = z.strictObject({
  kind: z.enum(ALLOW_KINDS),
  detector: text,
  server: pattern,
  user: pattern,
  client: pattern,
  database: pattern,
  application: pattern,
  entity: pattern,
  relation: pattern,
  fingerprint: pattern,
  reason: z.string().max(1_000),
  author: text,
  /** Null: from now on. */
  startsAt: time.nullable().default(null),
  expiresAt: time.nullable().default(null),
});
export type AllowRequest = z.infer<typeof allowRequest>;

const SCOPE = [
  'server',
  'user',
  'client',
  'database',
  'application',
  'entity',
  'relation',
  'fingerprint',
] as const;
type ScopeField = (typeof SCOPE)[number];

/** Fields that say whose doing it is, or what is done: a server, a database or a name that any client can give do not. */
const TELLING: readonly ScopeField[] = ['user', 'client', 'entity', 'relation', 'fingerprint'];

/** A detector as far as its names go. */
export interface NamedDetector {
  id: string;
  name: string;
}

/**
 * The entry that a request asks for.
 *
 * @throws PgvigilError USAGE when it is careless, NOT_FOUND when there is no such detector
 */
export function entryOf(
  request: AllowRequest,
  detectors: readonly NamedDetector[],
  entryId: string,
  now: number,
): AllowEntry {
  const detector = detectorId(request.detector, detectors);
  const given = SCOPE.filter((field) => request[field] !== null);
  checkPatterns(request, given);
  if (request.kind === 'allow') checkScope(detector, given);
  else checkWindowScope(detector, given);
  const startsAt = request.startsAt ?? now;
  const expiresAt = checkedExpiry(request, startsAt, now);
  return {
    ...request,
    entryId,
    detector,
    server: request.server?.toLowerCase() ?? null,
    reason: required(request.reason, 'reason', 'Say why, for those who read the list in half a year.'),
    author: required(request.author, 'author', 'Name who answers for it: --author NAME.'),
    createdAt: now,
    startsAt,
    expiresAt,
  };
}

function detectorId(asked: string, detectors: readonly NamedDetector[]): string {
  if (asked === '*') return asked;
  const found = detectors.find(({ id, name }) => id === asked || name === asked);
  if (found !== undefined) return found.id;
  const guess = closest(
    asked,
    detectors.flatMap(({ id, name }) => [id, name]),
  );
  throw new PgvigilError(
    'NOT_FOUND',
    `there is no detector ${asked}`,
    guess === undefined ? '`pgvigil detectors list` shows them.' : `Did you mean ${guess}?`,
  );
}

function checkPatterns(request: AllowRequest, given: readonly ScopeField[]): void {
  for (const field of given) {
    const value = request[field] ?? '';
    if (matchesEverything(value))
      throw careless(
        `--${field} ${JSON.stringify(value)} says nothing`,
        `Leave --${field} out, or name one.`,
      );
  }
  const problem = request.client === null ? null : rangeProblem(request.client);
  if (problem !== null)
    throw careless(
      `--client ${request.client} ${problem}`,
      'Name an address or a smaller range of addresses.',
    );
}

function checkScope(detector: string, given: readonly ScopeField[]): void {
  if (given.length === 0) {
    throw careless(
      `it would allow ${detector === '*' ? 'everything' : `all that ${detector} finds`}`,
      detector === '*'
        ? 'Name a detector, and whose or what is known: --user, --client, --entity, --relation, --fingerprint.'
        : `Name whose or what is known: --user, --client, … To switch it off: detection.modes: { ${detector}: off }.`,
    );
  }
  if (given.includes('application') && !given.some((field) => TELLING.includes(field))) {
    throw careless(
      'any client can give itself that application_name',
      'Name who uses it as well: --user or --client.',
    );
  }
  if (detector === '*' && !given.some((field) => TELLING.includes(field))) {
    throw careless(
      `it would allow everything on a whole ${given.join(' and ')}`,
      'Name a detector, or whose or what is known: --user, --client, … For planned work: pgvigil suppress add.',
    );
  }
}

function checkWindowScope(detector: string, given: readonly ScopeField[]): void {
  const other = given.find((field) => field !== 'server');
  if (other !== undefined)
    throw careless(`a window is for a server or a detector, not for a ${other}`, 'Use pgvigil allow add.');
  if (detector === '*' && given.length === 0)
    throw careless('it would keep everything quiet', 'Name a server, a detector, or both.');
}

function checkedExpiry({ kind, expiresAt }: AllowRequest, startsAt: number, now: number): number {
  const option = kind === 'allow' ? '--expires' : '--to';
  const example = new Date(now + (kind === 'allow' ? 90 : 1) * DAY_MS).toISOString().slice(0, 10);
  const hint = `Give ${option} ${kind === 'allow' ? '90d' : '4h'} or ${option} ${example}.`;
  if (expiresAt === null) throw careless('nothing is allowed for good: it has no end', hint);
  if (expiresAt <= now) throw careless('its end lies in the past', hint);
  if (expiresAt <= startsAt) throw careless('it ends before it begins', hint);
  if (expiresAt > now + MAX_DAYS * DAY_MS)
    throw careless(`its end is more than ${MAX_DAYS} days ahead`, `${hint} It can be given again then.`);
  if (kind === 'suppress' && expiresAt - startsAt > MAX_WINDOW_DAYS * DAY_MS)
    throw careless(`a window is ${MAX_WINDOW_DAYS} days long at most`, hint);
  return expiresAt;
}

function required(value: string, name: string, hint: string): string {
  const trimmed = value.trim();
  if (trimmed === '') throw careless(`it has no ${name}`, hint);
  return trimmed;
}

function careless(what: string, hint: string): PgvigilError {
  return new PgvigilError('USAGE', `the entry was refused: ${what}`, hint);
}
