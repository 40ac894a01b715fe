/** Sorts new evidence by what becomes of it: alerts that people hear of, or ones that are only kept. */
import type { AllowKind } from '../../model/allow-entry.ts';
import type { Evidence } from '../../model/evidence.ts';
import type { Transaction } from '../../store/store.ts';
import type { AlertKind, Lane } from '../lifecycle.ts';
import { type AllowHit, countHits, entriesFor, statementFacts } from './allow-table.ts';
import { type AllowMatcher, allowMatcher, needsStatement, type StatementBook } from './matching.ts';

/** Evidence of one lane, with the entries that matched each row; none in the lanes `open` and `shadow`. */
export interface SortedEvidence {
  lane: Lane;
  rows: Evidence[];
  allowedBy: ReadonlyMap<Evidence, readonly string[]>;
}

const LANES: Record<AllowKind, Lane> = { allow: 'allowed', suppress: 'suppressed' };

/** Evidence in lanes, and what each entry matched of it. */
export interface Sorting {
  sorted: SortedEvidence[];
  hits: ReadonlyMap<string, AllowHit>;
}

/**
 * Evidence of `kind` in lanes. What an entry of the allow-list or a window matches leaves the lane of the kind, and is
 * counted on every entry that matched it; evidence that both match is allowed.
 *
 * @param evidence rows that are not yet evidence of the detector
 */
export async function sortEvidence(
  transaction: Transaction,
  kind: AlertKind,
  evidence: readonly Evidence[],
): Promise<SortedEvidence[]> {
  const { sorted, hits } = await lanesOf(transaction, kind, evidence);
  await countHits(transaction, hits);
  return sorted;
}

/** The same without counting: it only reads. */
export async function lanesOf(
  store: Pick<Transaction, 'rows'>,
  kind: AlertKind,
  evidence: readonly Evidence[],
): Promise<Sorting> {
  const from = evidence.reduce((first, row) => Math.min(first, row.eventTime), Number.POSITIVE_INFINITY);
  const entries = await entriesFor(store, kind.id, from);
  if (entries.length === 0)
    return { sorted: [{ lane: kind.lane, rows: [...evidence], allowedBy: new Map() }], hits: new Map() };

  const matchers = entries.map((entry) => allowMatcher(entry, kind.severity));
  const statements = await statementsOf(store, matchers, evidence);
  const lanes = new Map<Lane, Evidence[]>();
  const allowedBy = new Map<Evidence, string[]>();
  const hits = new Map<string, AllowHit>();
  for (const row of evidence) {
    const matched = matchers.filter((matcher) => matcher.matches(row, statements)).map(({ entry }) => entry);
    for (const { entryId } of matched) {
      const { hits: before = 0, lastHit = row.eventTime } = hits.get(entryId) ?? {};
      hits.set(entryId, { hits: before + 1, lastHit: Math.max(lastHit, row.eventTime) });
    }
    const first = matched.find((entry) => entry.kind === 'allow') ?? matched[0];
    const lane = first === undefined ? kind.lane : LANES[first.kind];
    if (first !== undefined) {
      const ids = matched.filter((entry) => entry.kind === first.kind).map(({ entryId }) => entryId);
      allowedBy.set(row, ids);
    }
    const rows = lanes.get(lane) ?? [];
    rows.push(row);
    lanes.set(lane, rows);
  }
  return { sorted: [...lanes].map(([lane, rows]) => ({ lane, rows, allowedBy })), hits };
}

/** What the matchers have to know of the statements behind evidence; nothing where none of them asks. */
export async function statementsOf(
  store: Pick<Transaction, 'rows'>,
  matchers: readonly AllowMatcher[],
  evidence: readonly Evidence[],
): Promise<StatementBook> {
  if (!matchers.some(({ entry }) => needsStatement(entry))) return new Map();
  const hashes = evidence.map(({ statementHash }) => statementHash).filter((hash) => hash !== null);
  return statementFacts(store, [...new Set(hashes)]);
}
