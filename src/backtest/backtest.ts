/** What a detector would have raised, of what is stored. Reads only. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { type AlertRow, alertFromRow } from '../alerts/alert-store.ts';
import { type AlertCaps, CapLedger, hourKey, hourOf } from '../alerts/caps.ts';
import { alertKind } from '../alerts/raising.ts';
import type { Detector } from '../detect/detector.ts';
import type { Span } from '../detect/slices.ts';
import { windowLength } from '../detect/window.ts';
import { PgvigilError } from '../errors.ts';
import type { Alert } from '../model/alert.ts';
import { timestamp } from '../store/rows.ts';
import { Transaction } from '../store/store.ts';
import { type ComparedAlert, compareAlerts } from './comparison.ts';
import { DryAlerts, type EntryOverlap } from './dry-alerts.ts';
import { type CountedSlice, hideOwnAlerts, Judging, slicesIn } from './judging.ts';
import { backtestSpan, type StoredTime, storedText, timeText } from './range.ts';
import type { Settings } from './settings.ts';
import { backtestSql } from './sql.ts';
import type { Limits } from './time-limit.ts';

const STORED_TIME = backtestSql('stored-time');
const STORED_ALERTS = backtestSql('stored-alerts');
const OTHER_ALERTS = backtestSql('other-alerts');

/** Events of evidence at most: a rule that finds more finds everything, and they are kept in memory. */
const MAX_EVENTS = 1_000_000;

export interface BacktestOptions extends Limits {
  from?: string;
  to?: string;
  caps: AlertCaps;
  now: () => number;
  /** Told before each slice, with the alerts so far. */
  onSlice?: (index: number, slices: readonly CountedSlice[], alerts: number) => void;
  maxEvents?: number;
}

export interface Backtest {
  /** `from` exclusive, `to` inclusive. */
  span: Span;
  stored: StoredTime;
  /** Records of each UTC day that has any, by its first millisecond. */
  days: ReadonlyMap<number, number>;
  slices: readonly (CountedSlice & { durationMs: number })[];
  alerts: ComparedAlert[];
  /** Events of evidence behind what was found. */
  events: number;
  overlaps: readonly EntryOverlap[];
}

/**
 * Judges the stored events of a time with a detector, as if it had been running.
 *
 * @param connection reads only; its own temporary views hide the alerts of the detector afterwards
 * @throws PgvigilError USAGE, NOT_FOUND where nothing is stored, QUERY_FAILED, DETECTOR_INVALID
 */
export async function runBacktest(
  connection: DuckDBConnection,
  detector: Detector,
  values: Settings['values'],
  options: BacktestOptions,
): Promise<Backtest> {
  const { caps, now, onSlice, maxEvents = MAX_EVENTS } = options;
  const reads = new Transaction(connection);
  const { stored, front } = await storedTime(reads, now());
  const span = backtestSpan(options, stored);
  const { slices, days } = await slicesIn(connection, span, front);
  if (days.size === 0) throw nothingStored(span, stored);

  const before = await storedAlerts(reads, detector, span);
  // Evidence may lie before the span: an event of it completes what began earlier.
  const from = span.from - windowLength(detector.window, values);
  const ledger = await ledgerOf(reads, detector, caps, { from, to: span.to });
  await hideOwnAlerts(connection, detector);
  const alerts = await DryAlerts.open(reads, alertKind(detector, false), ledger, from);
  const judging = new Judging(connection, detector, values, options);
  const judged: Backtest['slices'][number][] = [];
  for (const [index, slice] of slices.entries()) {
    onSlice?.(index, slices, alerts.count);
    const { evidence, durationMs } = await judging.judge(slice);
    if (alerts.events + evidence.length > maxEvents) throw tooMuch(detector, slice, maxEvents);
    await alerts.take(evidence, now());
    judged.push({ ...slice, durationMs });
  }
  return {
    span,
    stored,
    days,
    slices: judged,
    alerts: compareAlerts(alerts.all(), before, detector.quiet),
    events: alerts.events,
    overlaps: alerts.overlaps,
  };
}

async function storedTime(reads: Transaction, now: number): Promise<{ stored: StoredTime; front: bigint }> {
  const [row] = await reads.rows<{
    first_event: Date | null;
    last_event: Date | null;
    last_record: bigint | null;
  }>(STORED_TIME, { now: timestamp(now) });
  if (!row?.first_event || !row.last_event || row.last_record === null)
    throw new PgvigilError(
      'NOT_FOUND',
      'nothing is stored yet',
      'Fill the data folder with `pgvigil backfill` or `pgvigil run`.',
    );
  const stored = { first: row.first_event.getTime(), last: row.last_event.getTime() };
  return { stored, front: row.last_record };
}

function nothingStored({ from, to }: Span, stored: StoredTime): PgvigilError {
  return new PgvigilError(
    'NOT_FOUND',
    `nothing is stored from ${timeText(from + 1)} to ${timeText(to)}`,
    `Stored: ${storedText(stored)}.`,
  );
}

async function storedAlerts(reads: Transaction, { id }: Detector, { from, to }: Span): Promise<Alert[]> {
  const values = { detector: id, from: timestamp(from), to: timestamp(to) };
  return (await reads.rows<AlertRow>(STORED_ALERTS, values)).map(alertFromRow);
}

/** Caps as the alerts of other detectors leave them. */
async function ledgerOf(
  reads: Transaction,
  { id }: Detector,
  caps: AlertCaps,
  { from, to }: Span,
): Promise<CapLedger> {
  const rows = await reads.rows<{ server: string; cap_hour: Date; server_lower: bigint }>(OTHER_ALERTS, {
    detector: id,
    from: timestamp(hourOf(from)),
    to: timestamp(to),
  });
  return new CapLedger(
    caps,
    new Map(
      rows.map((row) => [
        hourKey(row.server, row.cap_hour.getTime()),
        { serverLower: Number(row.server_lower), detectorLower: 0, detectorHigh: 0 },
      ]),
    ),
  );
}

function tooMuch({ id }: Detector, { to }: Span, maxEvents: number): PgvigilError {
  return new PgvigilError(
    'QUERY_FAILED',
    `${id} finds more than ${maxEvents.toLocaleString('en')} events up to ${timeText(to)}`,
    'A rule that finds as much finds the ordinary: narrow it. --from and --to show what it finds in less time.',
  );
}
