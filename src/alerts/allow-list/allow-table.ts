/** The allow-list in the store. */
import { listValue } from '@duckdb/node-api';
import type { AllowEntry, AllowKind } from '../../model/allow-entry.ts';
import { timestamp } from '../../store/rows.ts';
import { storeSql } from '../../store/sql.ts';
import type { Row, Transaction } from '../../store/store.ts';
import type { StatementFacts } from './matching.ts';

const ENTRIES = storeSql('allow-entries');
const STATEMENT_FACTS = storeSql('statement-facts');

interface EntryRow extends Row {
  entry_id: string;
  kind: AllowKind;
  detector: string;
  server: string | null;
  user_name: string | null;
  client: string | null;
  database_name: string | null;
  application: string | null;
  entity: string | null;
  relation: string | null;
  fingerprint: string | null;
  reason: string;
  author: string;
  created_at: Date;
  starts_at: Date;
  expires_at: Date;
}

/** What an entry was matched by: new evidence, and the latest of it. */
export interface AllowHit {
  hits: number;
  lastHit: number;
}

/** Entries that may match evidence of `detector` with an event time of `from` or later. */
export async function entriesFor(
  store: Pick<Transaction, 'rows'>,
  detector: string,
  from: number,
): Promise<AllowEntry[]> {
  const rows = await store.rows<EntryRow>(ENTRIES, { detector, from: timestamp(from) });
  return rows.map((row) => ({
    entryId: row.entry_id,
    kind: row.kind,
    detector: row.detector,
    server: row.server,
    user: row.user_name,
    client: row.client,
    database: row.database_name,
    application: row.application,
    entity: row.entity,
    relation: row.relation,
    fingerprint: row.fingerprint,
    reason: row.reason,
    author: row.author,
    createdAt: row.created_at.getTime(),
    startsAt: row.starts_at.getTime(),
    expiresAt: row.expires_at.getTime(),
  }));
}

/** What the parser says of statements, by hash. */
export async function statementFacts(
  store: Pick<Transaction, 'rows'>,
  hashes: readonly string[],
): Promise<Map<string, StatementFacts>> {
  if (hashes.length === 0) return new Map();
  const rows = await store.rows<{
    statement_hash: string;
    fingerprint: string | null;
    relations: string[];
    is_complete: boolean;
  }>(STATEMENT_FACTS, { hashes: listValue([...hashes]) });
  return new Map(
    rows.map((row) => [
      row.statement_hash,
      { fingerprint: row.fingerprint, relations: [...row.relations], isComplete: row.is_complete },
    ]),
  );
}

/** Entries that neither were removed nor have expired at `now`. */
export async function countInForce(transaction: Transaction, now: number): Promise<number> {
  const [row] = await transaction.rows<{ n: bigint }>(
    'SELECT count(*) AS n FROM store.allow_list WHERE removed_at IS NULL AND expires_at > $now',
    { now: timestamp(now) },
  );
  return Number(row?.n ?? 0n);
}

export async function insertEntry(transaction: Transaction, entry: AllowEntry): Promise<void> {
  await transaction.append('allow_list', [
    [
      entry.entryId,
      entry.kind,
      entry.detector,
      entry.server,
      entry.user,
      entry.client,
      entry.database,
      entry.application,
      entry.entity,
      entry.relation,
      entry.fingerprint,
      entry.reason,
      entry.author,
      timestamp(entry.createdAt),
      timestamp(entry.startsAt),
      timestamp(entry.expiresAt),
      0n,
      null,
      null,
      null,
    ],
  ]);
}

/** Ids of entries that begin with `prefix` and were not removed, two at most. */
export async function entryIds(transaction: Transaction, kind: AllowKind, prefix: string): Promise<string[]> {
  const rows = await transaction.rows<{ entry_id: string }>(
    `SELECT entry_id FROM store.allow_list
     WHERE kind = $kind AND removed_at IS NULL AND starts_with(entry_id, $prefix) LIMIT 2`,
    { kind, prefix },
  );
  return rows.map(({ entry_id }) => entry_id);
}

/** The entry matches nothing from now on; who took it away stays known. */
export async function markRemoved(
  transaction: Transaction,
  entryId: string,
  author: string,
  now: number,
): Promise<void> {
  await transaction.run(
    'UPDATE store.allow_list SET removed_at = $now, removed_by = $author WHERE entry_id = $entryId',
    { entryId, author, now: timestamp(now) },
  );
}

export async function countHits(
  transaction: Transaction,
  hits: ReadonlyMap<string, AllowHit>,
): Promise<void> {
  for (const [entryId, { hits: more, lastHit }] of hits) {
    await transaction.run(
      `UPDATE store.allow_list
       SET hits = hits + $more, last_hit = greatest(last_hit, $lastHit) WHERE entry_id = $entryId`,
      { entryId, more: BigInt(more), lastHit: timestamp(lastHit) },
    );
  }
}
