/**
 * What would become of evidence, in memory: alerts as the worker raises them, with the allow-list, the windows of planned
 * work and the caps of the store, and nothing written.
 */
import { entriesFor } from '../alerts/allow-list/allow-table.ts';
import { type AllowMatcher, allowMatcher } from '../alerts/allow-list/matching.ts';
import { lanesOf, statementsOf } from '../alerts/allow-list/sorting.ts';
import type { CapLedger } from '../alerts/caps.ts';
import { holdWaiting, waitingOf } from '../alerts/holding.ts';
import type { AlertKind, Lane } from '../alerts/lifecycle.ts';
import { foldLane } from '../alerts/raising.ts';
import type { Alert } from '../model/alert.ts';
import type { AllowEntry } from '../model/allow-entry.ts';
import type { Evidence } from '../model/evidence.ts';
import type { Transaction } from '../store/store.ts';

type Reads = Pick<Transaction, 'rows'>;

/** What an entry of the allow-list, or a window, does to the evidence. */
export interface EntryOverlap {
  entry: AllowEntry;
  /** Events that it matches in its time. */
  events: number;
  /** Events that it would match if it had no beginning and no end. */
  eventsAnyTime: number;
}

export class DryAlerts {
  readonly #store: Reads;
  readonly #kind: AlertKind;
  readonly #ledger: CapLedger;
  readonly #overlaps: readonly EntryOverlap[];
  readonly #timeless: readonly AllowMatcher[];
  readonly #known = new Set<string>();
  readonly #lanes = new Map<Lane, Map<string, Alert>>();

  private constructor(store: Reads, kind: AlertKind, ledger: CapLedger, entries: readonly AllowEntry[]) {
    this.#store = store;
    this.#kind = kind;
    this.#ledger = ledger;
    this.#overlaps = entries.map((entry) => ({ entry, events: 0, eventsAnyTime: 0 }));
    this.#timeless = entries.map((entry) =>
      allowMatcher(
        { ...entry, startsAt: Number.NEGATIVE_INFINITY, expiresAt: Number.POSITIVE_INFINITY },
        kind.severity,
      ),
    );
  }

  /**
   * @param ledger what alerts of other detectors leave of the caps
   * @param from event time from which evidence is expected, milliseconds
   */
  static async open(store: Reads, kind: AlertKind, ledger: CapLedger, from: number): Promise<DryAlerts> {
    return new DryAlerts(store, kind, ledger, await entriesFor(store, kind.id, from));
  }

  /** Distinct events of evidence so far. */
  get events(): number {
    return this.#known.size;
  }

  /** Alerts so far. */
  get count(): number {
    return [...this.#lanes.values()].reduce((sum, alerts) => sum + alerts.size, 0);
  }

  /** The alerts, in the order of their first event. */
  all(): Alert[] {
    const alerts = [...this.#lanes.values()].flatMap((lane) => [...lane.values()]);
    return alerts.sort((a, b) => a.firstSeen - b.firstSeen || (a.alertId < b.alertId ? -1 : 1));
  }

  get overlaps(): readonly EntryOverlap[] {
    return this.#overlaps;
  }

  /** Takes in what the detector returned for a slice; what is evidence already is passed over. */
  async take(evidence: readonly Evidence[], now: number): Promise<void> {
    const fresh = evidence.filter((row) => {
      const key = JSON.stringify([row.server, row.entity, String(row.recordId)]);
      const isNew = !this.#known.has(key);
      this.#known.add(key);
      return isNew;
    });
    if (fresh.length === 0) return;
    const { sorted, hits } = await lanesOf(this.#store, this.#kind, fresh);
    await this.#countOverlaps(fresh, hits);
    for (const one of sorted) {
      const lane = this.#lane(one.lane);
      const changes = foldLane(
        { ...this.#kind, lane: one.lane },
        recent(lane, one.rows, this.#kind.quiet),
        one,
        now,
      );
      if (one.lane === 'open') holdWaiting(this.#ledger, waitingOf(changes));
      for (const { alert } of changes) lane.set(alert.alertId, alert);
    }
  }

  #lane(lane: Lane): Map<string, Alert> {
    const alerts = this.#lanes.get(lane) ?? new Map<string, Alert>();
    this.#lanes.set(lane, alerts);
    return alerts;
  }

  async #countOverlaps(
    evidence: readonly Evidence[],
    hits: ReadonlyMap<string, { hits: number }>,
  ): Promise<void> {
    const statements = await statementsOf(this.#store, this.#timeless, evidence);
    for (const [index, overlap] of this.#overlaps.entries()) {
      const { matches } = this.#timeless[index]!;
      overlap.events += hits.get(overlap.entry.entryId)?.hits ?? 0;
      overlap.eventsAnyTime += evidence.filter((row) => matches(row, statements)).length;
    }
  }
}

/** Of the alerts those that may take one of the rows. */
function recent(alerts: ReadonlyMap<string, Alert>, rows: readonly Evidence[], quiet: number): Alert[] {
  const first = rows.reduce((least, row) => Math.min(least, row.eventTime), Number.POSITIVE_INFINITY);
  const entities = new Set(rows.map(entityKey));
  return [...alerts.values()].filter(
    (alert) => alert.lastSeen >= first - quiet && entities.has(entityKey(alert)),
  );
}

function entityKey({ server, entity }: { server: string; entity: string }): string {
  return JSON.stringify([server, entity]);
}
