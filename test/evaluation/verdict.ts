/** Holds what detection found against what was done. Pure. */
import { SEVERITIES, type Severity } from '../../src/model/severity.ts';
import { HOUR, JUDGED_DAYS, JUDGED_FROM } from './calendar.ts';
import type { Finding } from './run.ts';
import type { Scenario } from './scenarios.ts';

/** What one detector found of a scenario. */
export interface Found {
  detector: string;
  severity: Severity;
  /** From the scenario's first line to the look that found it, milliseconds. */
  after: number;
  /** It is one of those that have to. */
  isExpected: boolean;
}

export interface ScenarioVerdict {
  scenario: Scenario;
  /** In order of time. */
  found: Found[];
  /** First of those that have to find it; null when the scenario was missed. */
  first: Found | null;
}

/** An alert that no scenario explains. */
export interface FalseAlert {
  alertId: string;
  detector: string;
  title: string;
  severity: Severity;
  server: string;
  entity: string;
  summary: string;
  /** Of its first evidence. */
  at: number;
  count: number;
}

export interface Verdict {
  scenarios: ScenarioVerdict[];
  /** In the days that are judged, in order of time. */
  falseAlerts: FalseAlert[];
  /** In the days of learning. */
  whileLearning: FalseAlert[];
  /** What missed its target, one sentence each; empty when all is well. */
  misses: string[];
}

/** False alerts of medium severity and above that a server may have in a week. */
export const TARGET_PER_WEEK = 1;
/** Evidence without a session is a scenario's until so long after it. */
const ECHO = HOUR;

export const rank = (severity: Severity) => SEVERITIES.indexOf(severity);

function isOf({ alert, evidence }: Finding, scenario: Scenario): boolean {
  if (alert.server !== scenario.server) return false;
  if (evidence.sessionId !== null && scenario.sessions.has(evidence.sessionId)) return true;
  const isMeanwhile = evidence.eventTime >= scenario.from && evidence.eventTime <= scenario.to + ECHO;
  if (!isMeanwhile || evidence.sessionId !== null) return false;
  return evidence.client === null
    ? scenario.detectors.includes(alert.detector)
    : scenario.clients.has(evidence.client);
}

function judgeScenario(scenario: Scenario, findings: readonly Finding[]): ScenarioVerdict {
  const byDetector = new Map<string, Found>();
  for (const { alert, foundAt } of findings) {
    const { detector, severity } = alert;
    const before = byDetector.get(detector);
    byDetector.set(detector, {
      detector,
      severity: before !== undefined && rank(before.severity) > rank(severity) ? before.severity : severity,
      after: Math.min(before?.after ?? Number.POSITIVE_INFINITY, foundAt - scenario.from),
      isExpected: scenario.detectors.includes(detector),
    });
  }
  const found = [...byDetector.values()].sort(
    (one, other) => one.after - other.after || (one.detector < other.detector ? -1 : 1),
  );
  return { scenario, found, first: found.find(({ isExpected }) => isExpected) ?? null };
}

function unexplained(findings: readonly Finding[]): FalseAlert[] {
  const alerts = new Map<string, FalseAlert>();
  for (const { alert, evidence } of findings) {
    const { alertId, detector, title, server, entity, severity, summary } = alert;
    const before = alerts.get(alertId);
    const at = Math.min(before?.at ?? Number.POSITIVE_INFINITY, evidence.eventTime);
    const count = (before?.count ?? 0) + 1;
    // The alert as it was last: its severity only rises.
    alerts.set(alertId, { alertId, detector, title, server, entity, severity, summary, at, count });
  }
  return [...alerts.values()].sort(
    (one, other) => one.at - other.at || (one.alertId < other.alertId ? -1 : 1),
  );
}

/** False alerts of at least this severity for each server and week. */
export function perWeek(alerts: readonly FalseAlert[], severity: Severity, servers: number): number {
  const counted = alerts.filter((alert) => rank(alert.severity) >= rank(severity)).length;
  return counted / servers / (JUDGED_DAYS / 7);
}

function missesOf(
  { scenarios, falseAlerts }: Pick<Verdict, 'scenarios' | 'falseAlerts'>,
  servers: readonly string[],
): string[] {
  const missed = scenarios.filter(({ first }) => first === null).map(({ scenario }) => scenario.id);
  const tooMany = servers.filter(
    (server) =>
      perWeek(
        falseAlerts.filter((alert) => alert.server === server),
        'medium',
        1,
      ) > TARGET_PER_WEEK,
  );
  const loud = falseAlerts.filter(({ severity }) => rank(severity) >= rank('high'));
  return [
    ...(missed.length > 0 ? [`${missed.length} scenarios were not found: ${missed.join(', ')}.`] : []),
    ...tooMany.map(
      (server) =>
        `${server} has more than ${TARGET_PER_WEEK} false alert a week of medium severity and above.`,
    ),
    ...(loud.length > 0 ? [`${loud.length} false alerts are of high severity or above.`] : []),
  ];
}

export function judge(
  scenarios: readonly Scenario[],
  findings: readonly Finding[],
  servers: readonly string[],
): Verdict {
  const owned = scenarios.map((scenario) => findings.filter((finding) => isOf(finding, scenario)));
  const explained = new Set(owned.flat().map(({ alert }) => alert.alertId));
  const rest = unexplained(findings.filter(({ alert }) => !explained.has(alert.alertId)));
  const judged = {
    scenarios: scenarios.map((scenario, index) => judgeScenario(scenario, owned[index]!)),
    falseAlerts: rest.filter(({ at }) => at >= JUDGED_FROM),
  };
  return {
    ...judged,
    whileLearning: rest.filter(({ at }) => at < JUDGED_FROM),
    misses: missesOf(judged, servers),
  };
}
