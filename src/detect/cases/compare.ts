/** What a case says should be raised, against what was raised. */
import type { Severity } from '../../model/severity.ts';
import type { DetectorCase, ExpectedAlert } from './case-file.ts';

export interface RaisedAlert {
  /** As the case calls it. */
  server: string;
  entity: string;
  severity: Severity;
  summary: string;
  /** Rows of evidence. */
  count: number;
}

/** Alerts that are missing, and alerts that should not be, each as a line for people. Empty when the case holds. */
export function differences({ alerts }: DetectorCase, raised: readonly RaisedAlert[]): string[] {
  const left = [...raised];
  const missing: string[] = [];
  for (const expected of alerts) {
    const found = left.findIndex((alert) => fits(expected, alert));
    if (found < 0) missing.push(`not raised: ${expectedText(expected)}`);
    else left.splice(found, 1);
  }
  return [...missing, ...left.map((alert) => `raised: ${raisedText(alert)}`)];
}

function fits({ server, entity, severity, summary, count }: ExpectedAlert, alert: RaisedAlert): boolean {
  return (
    server === alert.server &&
    (entity === undefined || entity === alert.entity) &&
    (severity === undefined || severity === alert.severity) &&
    (summary === undefined || alert.summary.includes(summary)) &&
    (count === undefined || count === alert.count)
  );
}

function expectedText({ severity, entity, summary, count }: ExpectedAlert): string {
  return [
    severity ?? 'any severity',
    entity ?? 'any entity',
    ...(count === undefined ? [] : [`evidence ${count}`]),
    ...(summary === undefined ? [] : [`"…${summary}…"`]),
  ].join(', ');
}

function raisedText({ severity, entity, summary, count }: RaisedAlert): string {
  return `${severity}, ${entity}, evidence ${count}, "${summary}"`;
}
