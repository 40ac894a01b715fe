/** `pgvigil allow` and `pgvigil suppress`: the allow-list and windows of planned work. */

import { PgvigilError } from '../errors.ts';
import type { AllowKind } from '../model/allow-entry.ts';
import { parseMoment } from '../model/moment.ts';
import { printable } from '../printable.ts';
import type { Format } from '../query/formats.ts';
import { openReader } from '../query/reader.ts';
import { timestamp } from '../store/rows.ts';
import { account } from './account.ts';
import { addEntry, removeEntry } from './allow-changes.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { printRows } from './output.ts';
import { commandSql } from './sql.ts';

export interface AddOptions extends GlobalOptions {
  detector?: string;
  server?: string;
  user?: string;
  client?: string;
  database?: string;
  application?: string;
  entity?: string;
  relation?: string;
  fingerprint?: string;
  reason?: string;
  author?: string;
  from?: string;
  expires?: string;
  /** End of a window. */
  to?: string;
}

/** @throws PgvigilError USAGE, NOT_FOUND, DATA_*, WORKER_UNREACHABLE */
export async function addAllowCommand(kind: AllowKind, options: AddOptions): Promise<void> {
  const { config, out, err } = await createContext(options);
  const now = Date.now();
  const [endOption, end] = kind === 'allow' ? ['--expires', options.expires] : ['--to', options.to];
  const startsAt = moment('--from', options.from, now);
  const id = await addEntry(config, {
    kind,
    detector: options.detector ?? detectorUnlessNamed(kind),
    server: options.server ?? null,
    user: options.user ?? null,
    client: options.client ?? null,
    database: options.database ?? null,
    application: options.application ?? null,
    entity: options.entity ?? null,
    relation: options.relation ?? null,
    fingerprint: options.fingerprint ?? null,
    reason: options.reason ?? '',
    author: author(options),
    startsAt,
    // 4h of a window that begins tomorrow end tomorrow.
    expiresAt: moment(endOption, end, kind === 'suppress' ? (startsAt ?? now) : now),
  });
  out.write(`${id}\n`);
  if (isClaimOnly(options)) err.write(CLAIM_ONLY);
}

const CLAIM_ONLY =
  'A user name is a claim until the sign-in succeeds: whoever tries it, from anywhere, is allowed too. --client narrows it.\n';

function isClaimOnly({ user, client, entity, relation, fingerprint }: AddOptions): boolean {
  return user !== undefined && [client, entity, relation, fingerprint].every((field) => field === undefined);
}

export async function listAllowCommand(
  kind: AllowKind,
  options: GlobalOptions & { format: string; all?: boolean },
): Promise<void> {
  const { config, out } = await createContext(options);
  const format = options.format as Format;
  const reader = await openReader(config.data);
  try {
    const sql = await commandSql(format === 'table' ? 'allow-table' : 'allow-list');
    const now = timestamp(Date.now());
    await printRows(out, format, await reader.trusted(sql, { kind, all: options.all ?? false, now }));
  } finally {
    await reader.close();
  }
}

/** @throws PgvigilError NOT_FOUND, DATA_*, WORKER_UNREACHABLE */
export async function removeAllowCommand(
  kind: AllowKind,
  id: string,
  options: GlobalOptions & { author?: string },
): Promise<void> {
  const { config, out } = await createContext(options);
  out.write(`removed ${printable(await removeEntry(config, kind, id, author(options)))}\n`);
}

/** A window is often for a server; what is known and harmless was found by some detector. */
function detectorUnlessNamed(kind: AllowKind): string {
  if (kind === 'suppress') return '*';
  throw new PgvigilError(
    'USAGE',
    'the entry was refused: it names no detector',
    "Give --detector with the id that the alert names, e.g. --detector A01; --detector '*' stands for all.",
  );
}

function moment(option: string, text: string | undefined, now: number): number | null {
  if (text === undefined) return null;
  const time = parseMoment(text, now);
  if (time !== null) return time;
  throw new PgvigilError(
    'USAGE',
    `${option} ${text} is no time`,
    'Write 2026-12-31, "2026-12-31 18:00" (UTC), 2026-12-31T18:00+01:00, or a duration such as 30d.',
  );
}

/** Whoever sits at the keyboard, unless told otherwise; an entry without an author is refused. */
function author(options: { author?: string }): string {
  return options.author ?? account();
}
