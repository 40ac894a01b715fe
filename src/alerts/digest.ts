/** One message in place of several. Pure. */
import { createHash } from 'node:crypto';
import { SEVERITIES, type Severity } from '../model/severity.ts';
import { bounded } from './bounded.ts';
import { type DigestMessage, type DigestReason, isoTime } from './message.ts';

/** An alert as a digest knows it. */
export interface DigestedAlert {
  id: string;
  severity: Severity;
  detector: string;
  title: string;
  server: string;
  summary: string;
  /** Events of evidence. */
  count: number;
  /** Messages about it that the digest stands for. */
  messages: number;
  /** When the first and the last of these was put into the outbox, milliseconds. */
  firstAt: number;
  lastAt: number;
}

const MAX_NAMED = 10;
const MAX_TOP = 10;
/** As in `message.ts`: less than 20 kB together. */
const BYTES = { id: 80, name: 120, sentence: 600 };

/** Ids follow from what they name: the same messages make the same digest. */
export function digestId(deliveryIds: readonly string[]): string {
  const key = JSON.stringify([...deliveryIds].sort());
  return `dg_${createHash('sha256').update(key).digest('hex').slice(0, 24)}`;
}

/** @param alerts at least one */
export function digestMessage(
  id: string,
  alerts: readonly DigestedAlert[],
  reason: DigestReason,
  now: number,
): DigestMessage {
  const times = alerts.flatMap(({ firstAt, lastAt }) => [firstAt, lastAt]);
  const bySeverity = counted(alerts, ({ severity }) => severity).sort(
    ([a], [b]) => rank(b as Severity) - rank(a as Severity),
  );
  const titles = new Map(alerts.map(({ detector, title }) => [detector, title]));
  const top = [...alerts].sort((a, b) => rank(b.severity) - rank(a.severity) || b.count - a.count);
  return {
    type: 'alert.digest',
    timestamp: isoTime(now),
    data: {
      id,
      reason,
      from: isoTime(times.reduce((least, time) => Math.min(least, time), Number.POSITIVE_INFINITY)),
      to: isoTime(times.reduce((most, time) => Math.max(most, time), Number.NEGATIVE_INFINITY)),
      messages: alerts.reduce((sum, { messages }) => sum + messages, 0),
      alerts: alerts.length,
      by_severity: bySeverity.map(([severity, count]) => ({ severity: severity as Severity, alerts: count })),
      by_detector: counted(alerts, ({ detector }) => detector)
        .slice(0, MAX_NAMED)
        .map(([detector, count]) => ({
          detector: bounded(detector, BYTES.id),
          title: bounded(titles.get(detector) ?? '', BYTES.name),
          alerts: count,
        })),
      by_server: counted(alerts, ({ server }) => server)
        .slice(0, MAX_NAMED)
        .map(([server, count]) => ({ server: bounded(server, BYTES.name), alerts: count })),
      top: top.slice(0, MAX_TOP).map(({ id: alertId, severity, detector, server, summary, count }) => ({
        id: bounded(alertId, BYTES.id),
        severity,
        detector: bounded(detector, BYTES.id),
        server: bounded(server, BYTES.name),
        summary: bounded(summary, BYTES.sentence),
        count,
      })),
      query: `pgvigil query "SELECT a.* FROM alerts a SEMI JOIN deliveries d ON d.alert_id = a.alert_id AND d.digest_id = '${id}' ORDER BY a.first_seen"`,
    },
  };
}

/** Names with how many alerts they have, the most frequent first. */
function counted(
  alerts: readonly DigestedAlert[],
  nameOf: (alert: DigestedAlert) => string,
): [string, number][] {
  const counts = new Map<string, number>();
  for (const alert of alerts) counts.set(nameOf(alert), (counts.get(nameOf(alert)) ?? 0) + 1);
  return [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
}

function rank(severity: Severity): number {
  return SEVERITIES.indexOf(severity);
}
