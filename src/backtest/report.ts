/** What a backtest says, as rows. Pure. */
import { type Alert, isSilent } from '../model/alert.ts';
import { SEVERITIES, type Severity } from '../model/severity.ts';
import type { Cell } from '../query/values.ts';
import type { Backtest } from './backtest.ts';
import type { Verdict } from './comparison.ts';
import { timeText } from './range.ts';

type Row = Record<string, Cell>;

const DAY = 86_400_000;
const TOP_ENTITIES = 10;
/** What counts alerts of a day: those that go out by severity, worst first, and those that are only kept. */
const COUNTED: readonly string[] = [...[...SEVERITIES].reverse(), 'allowed', 'suppressed', 'held'];

/** Every column of an alert for programs; `verdict` first. */
export const ALERT_COLUMNS = [
  'verdict',
  'detector',
  'severity',
  'status',
  'server',
  'entity',
  'summary',
  'user',
  'client',
  'database',
  'application',
  'first_seen',
  'last_seen',
  'count',
  'observed',
  'threshold',
  'allowed_by',
  'id',
];

/** One row for each alert: what was found, in order of time, then what is gone. */
export function alertRows({ alerts }: Backtest): Row[] {
  return alerts.map(({ alert, verdict }) => ({
    verdict,
    detector: alert.detector,
    severity: alert.severity,
    status: alert.status,
    server: alert.server,
    entity: alert.entity,
    summary: alert.summary,
    user: alert.user,
    // A unix socket is no address.
    client: alert.client === '[local]' ? null : alert.client,
    database: alert.database,
    application: alert.application,
    first_seen: new Date(alert.firstSeen).toISOString(),
    last_seen: new Date(alert.lastSeen).toISOString(),
    count: alert.count,
    observed: alert.observed,
    threshold: alert.threshold,
    allowed_by: alert.allowedBy,
    id: alert.alertId,
  }));
}

/** The alerts that were found. */
export function foundAlerts({ alerts }: Backtest): Alert[] {
  return alerts.filter(({ verdict }) => verdict !== 'gone').map(({ alert }) => alert);
}

/** How many alerts have a verdict. */
export function countOf({ alerts }: Backtest, verdict: Verdict): number {
  return alerts.filter((one) => one.verdict === verdict).length;
}

/** How many alerts there are of what counts them, worst first: `2 critical, 1 held`. */
export function totalText(backtest: Backtest): string {
  const total = tally(foundAlerts(backtest));
  return COUNTED.filter((column) => total.has(column))
    .map((column) => `${total.get(column)} ${column}`)
    .join(', ');
}

/** Alerts by the day of their first event. Columns in which nothing stands are left out. */
export function dayRows(backtest: Backtest): { columns: string[]; rows: Row[] } {
  const found = foundAlerts(backtest);
  const byDay = new Map<number, Alert[]>();
  for (const day of backtest.days.keys()) byDay.set(day, []);
  for (const alert of found) {
    const day = Math.floor(alert.firstSeen / DAY) * DAY;
    const alerts = byDay.get(day) ?? [];
    alerts.push(alert);
    byDay.set(day, alerts);
  }
  const total = tally(found);
  const columns = COUNTED.filter((column) => total.has(column));
  const rows = [...byDay]
    .sort(([one], [other]) => one - other)
    .map(([day, alerts]) => {
      const counts = tally(alerts);
      return {
        day: timeText(day).slice(0, 10),
        records: backtest.days.get(day) ?? 0,
        ...Object.fromEntries(columns.map((column) => [column, counts.get(column) ?? 0])),
      };
    });
  return { columns: ['day', 'records', ...columns], rows };
}

function tally(alerts: readonly Alert[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const alert of alerts) {
    const column = isSilent(alert) ? alert.status : alert.severity;
    counts.set(column, (counts.get(column) ?? 0) + 1);
  }
  return counts;
}

/** Who is behind most alerts. */
export function entityRows(backtest: Backtest): { rows: Row[]; entities: number } {
  const found = new Map<string, { worst: Alert; alerts: number; events: number; last: number }>();
  for (const alert of foundAlerts(backtest)) {
    const key = JSON.stringify([alert.server, alert.entity]);
    const one = found.get(key) ?? { worst: alert, alerts: 0, events: 0, last: 0 };
    found.set(key, {
      worst: rank(alert.severity) > rank(one.worst.severity) ? alert : one.worst,
      alerts: one.alerts + 1,
      events: one.events + alert.count,
      last: Math.max(one.last, alert.lastSeen),
    });
  }
  const rows = [...found.values()]
    .sort((a, b) => b.alerts - a.alerts || b.events - a.events || (a.worst.entity < b.worst.entity ? -1 : 1))
    .slice(0, TOP_ENTITIES)
    .map(({ worst, alerts, events, last }) => ({
      entity: worst.entity,
      server: worst.server,
      worst: worst.severity,
      alerts,
      events,
      last_event: timeText(last),
    }));
  return { rows, entities: found.size };
}

function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}

/** What the entries of the allow-list and the windows do, those that do nothing left out. */
export function overlapRows(backtest: Backtest): Row[] {
  const alerts = new Map<string, number>();
  for (const { allowedBy } of foundAlerts(backtest))
    for (const id of allowedBy) alerts.set(id, (alerts.get(id) ?? 0) + 1);
  return backtest.overlaps
    .filter(({ eventsAnyTime }) => eventsAnyTime > 0)
    .map(({ entry, events, eventsAnyTime }) => ({
      entry: entry.entryId,
      kind: entry.kind,
      alerts: alerts.get(entry.entryId) ?? 0,
      events,
      any_time: eventsAnyTime,
      reason: entry.reason,
    }));
}

/** Records that were judged. */
export function recordsOf({ days }: Pick<Backtest, 'days'>): number {
  return [...days.values()].reduce((sum, records) => sum + records, 0);
}

/** One sentence: what the judging took. */
export function costText(backtest: Backtest): string {
  const byTime = [...backtest.slices].sort((a, b) => a.durationMs - b.durationMs);
  const slowest = byTime.at(-1)!;
  const sum = byTime.reduce((total, { durationMs }) => total + durationMs, 0);
  const median = byTime[Math.floor((byTime.length - 1) / 2)]!.durationMs;
  const slices = `${byTime.length} ${byTime.length === 1 ? 'slice' : 'slices'}`;
  const records = recordsOf(backtest).toLocaleString('en');
  return (
    `${records} records judged in ${slices} and ${seconds(sum)}: median ${seconds(median)}, slowest ${seconds(slowest.durationMs)} ` +
    `(${timeText(slowest.from + 1)} to ${timeText(slowest.to)}, ${slowest.records.toLocaleString('en')} records)`
  );
}

function seconds(milliseconds: number): string {
  return milliseconds < 1_000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}
