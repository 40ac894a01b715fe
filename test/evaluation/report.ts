/** docs/evaluation.md. Pure. */
import { SEVERITIES } from '../../src/model/severity.ts';
import { DAYS, JUDGED_DAYS, LEARNING_DAYS, START } from './calendar.ts';
import type { Run } from './run.ts';
import { FINE_TICK } from './ticks.ts';
import { type FalseAlert, type Found, perWeek, rank, TARGET_PER_WEEK, type Verdict } from './verdict.ts';

export interface ReportFacts {
  /** `2026-11-27`. */
  date: string;
  /** Versions of pgvigil, PostgreSQL, pgaudit and the tools. */
  versions: Readonly<Record<string, string>>;
  servers: readonly string[];
  /** Accounts that did ordinary work. */
  identities: number;
  run: Pick<Run, 'records' | 'detectors'>;
}

/** `45 s`, `12 min`, `9.5 h`. */
export function duration(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
  return [line(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(line)];
}

function highest(found: readonly Found[]): string {
  return SEVERITIES[Math.max(...found.map(({ severity }) => rank(severity)))] ?? '';
}

function scenarioTable({ scenarios }: Verdict): string[] {
  const rows = scenarios.map(({ scenario, found, first }) => [
    scenario.id,
    scenario.tool,
    scenario.techniques.join(', '),
    first === null
      ? `**missed** (${scenario.detectors.join(', ')})`
      : found
          .filter((one) => one.isExpected)
          .map((one) => one.detector)
          .join(', '),
    found
      .filter((one) => !one.isExpected)
      .map((one) => one.detector)
      .join(', '),
    highest(found.filter(({ isExpected }) => isExpected)),
    first === null ? '' : duration(first.after),
    scenario.what,
  ]);
  return table(
    ['scenario', 'with', 'ATT&CK', 'found by', 'also', 'severity', 'alert after', 'what happens'],
    rows,
  );
}

function techniqueTable({ scenarios }: Verdict): string[] {
  const techniques = [...new Set(scenarios.flatMap(({ scenario }) => scenario.techniques))].sort();
  const rows = techniques.map((technique) => {
    const own = scenarios.filter(({ scenario }) => scenario.techniques.includes(technique));
    const found = own.filter(({ first }) => first !== null).length;
    return [technique, `${found} of ${own.length}`, `${Math.round((100 * found) / own.length)} %`];
  });
  return table(['ATT&CK', 'scenarios found', 'recall'], rows);
}

function falseAlertTable(alerts: readonly FalseAlert[]): string[] {
  if (alerts.length === 0) return ['None.'];
  const rows = alerts.map(({ at, server, detector, severity, entity, summary, count }) => [
    `day ${Math.floor((at - START) / 86_400_000) + 1}, ${new Date(at).toISOString().slice(11, 16)}`,
    ...[server, detector, severity, entity, summary, String(count)],
  ]);
  return table(['when', 'server', 'detector', 'severity', 'entity', 'what it says', 'events'], rows);
}

function rateTable({ falseAlerts }: Verdict, servers: number): string[] {
  const rows = SEVERITIES.toReversed().map((severity) => {
    const own = falseAlerts.filter((alert) => alert.severity === severity);
    const above = falseAlerts.filter((alert) => rank(alert.severity) >= rank(severity));
    return [
      severity,
      String(own.length),
      (above.length / servers / JUDGED_DAYS).toFixed(3),
      perWeek(falseAlerts, severity, servers).toFixed(2),
    ];
  });
  return table(
    ['severity', 'false alerts', 'a server-day, this and above', 'a server-week, this and above'],
    rows,
  );
}

/** Alerts of each detector in the days of learning: they are not judged, but somebody would read them. */
function learningLine(alerts: readonly FalseAlert[]): string {
  const counts = new Map<string, number>();
  for (const { detector } of alerts) counts.set(detector, (counts.get(detector) ?? 0) + 1);
  const parts = [...counts].sort().map(([detector, count]) => `${detector} ${count}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}

/** Time within which half, and nine of ten, of the scenarios that were found had raised an alert. */
function delays({ scenarios }: Verdict): string {
  const after = scenarios.flatMap(({ first }) => first?.after ?? []).sort((one, other) => one - other);
  if (after.length === 0) return 'nothing was found';
  const at = (part: number) => duration(after[Math.min(after.length - 1, Math.floor(part * after.length))]!);
  return `half within ${at(0.5)}, nine of ten within ${at(0.9)}`;
}

/** The page, as Markdown. */
export function report(verdict: Verdict, facts: ReportFacts): string {
  const { date, versions, servers, identities, run } = facts;
  const found = verdict.scenarios.filter(({ first }) => first !== null).length;
  const used = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    '# Evaluation',
    '',
    `Made by \`npm run evaluate\` on ${date}. Same sources, same result: recordings are replayed and the rest is made from`,
    'fixed seeds.',
    '',
    `${used.join(', ')}.`,
    '',
    `- **Attacks:** ${verdict.scenarios.length} scenarios, recorded against a real PostgreSQL with pgaudit as pgvigil recommends it, with the`,
    '  tools themselves where there are any ([fixtures/evaluation](../fixtures/evaluation/README.md)). They are moved into the',
    '  days that are judged.',
    `- **Ordinary work:** ${DAYS} days of ${servers.length} servers and ${identities} accounts, ${run.records.toLocaleString('en')} records: recorded sessions, played`,
    '  again at other times and by other people, with seasons, releases, nights on call, a month end, a new colleague, a',
    `  changed password and a failover. The first ${LEARNING_DAYS} days are for learning, ${JUDGED_DAYS} are judged.`,
    `- **Detectors:** ${run.detectors.length} with their defaults, and what an operator would configure (\`test/evaluation/settings.ts\`).`,
    `- **Time to an alert** counts from the first line of an attack to the look that raised it. During attacks detection`,
    `  looks every ${FINE_TICK / 1_000} s here, in service more often.`,
    '',
    '## Result',
    '',
    ...table(
      ['', 'target', 'measured'],
      [
        ['scenarios found', 'all', `${found} of ${verdict.scenarios.length}`],
        [
          'false alerts a server-week, medium and above',
          `at most ${TARGET_PER_WEEK}`,
          perWeek(verdict.falseAlerts, 'medium', servers.length).toFixed(2),
        ],
        [
          'false alerts, high and above',
          '0',
          String(verdict.falseAlerts.filter(({ severity }) => rank(severity) >= rank('high')).length),
        ],
        ['time to an alert', '', delays(verdict)],
      ],
    ),
    '',
    ...(verdict.misses.length === 0 ? ['All targets are met.'] : verdict.misses.map((miss) => `- ${miss}`)),
    '',
    '## Scenarios',
    '',
    ...scenarioTable(verdict),
    '',
    '## Recall by technique',
    '',
    ...techniqueTable(verdict),
    '',
    '## False alerts',
    '',
    ...rateTable(verdict, servers.length),
    '',
    ...falseAlertTable(verdict.falseAlerts),
    '',
    `In the days of learning: ${learningLine(verdict.whileLearning)}.`,
    '',
  ].join('\n');
}
