/** Prints a backtest for people. */
import type { Backtest } from '../backtest/backtest.ts';
import { storedText, timeText } from '../backtest/range.ts';
import {
  costText,
  countOf,
  dayRows,
  entityRows,
  foundAlerts,
  overlapRows,
  recordsOf,
  totalText,
} from '../backtest/report.ts';
import type { Settings } from '../backtest/settings.ts';
import type { Detector } from '../detect/detector.ts';
import type { Alert } from '../model/alert.ts';
import { printable } from '../printable.ts';
import type { Cell } from '../query/values.ts';
import { printRows, rowsOf } from './output.ts';

/** Alerts that are told in a sentence each. */
const EXAMPLES = 3;
/** Columns that hold texts; the others are numbers and stand to the right. */
const TEXTS = new Set(['day', 'entity', 'server', 'worst', 'last_event', 'entry', 'kind', 'reason']);

export async function printBacktest(
  out: NodeJS.WriteStream,
  detector: Detector,
  { changed }: Settings,
  backtest: Backtest,
): Promise<void> {
  const line = (text = '') => out.write(`${printable(text)}\n`);
  const { span, stored, events } = backtest;
  const found = foundAlerts(backtest);
  line(`${detector.id} ${detector.name}, ${detector.file}`);
  for (const [name, value] of Object.entries(changed)) line(`  ${name}: ${JSON.stringify(value)}`);
  line(`${timeText(span.from + 1)} to ${timeText(span.to)} (UTC); stored: ${storedText(stored)}`);
  line();
  if (found.length === 0) line(`It finds nothing in ${recordsOf(backtest).toLocaleString('en')} records.`);
  else {
    line(
      `${counted(found.length, 'alert')} (${totalText(backtest)}) of ${counted(events, 'event')}, by the day of the first`,
    );
    const days = dayRows(backtest);
    await table(out, days.columns, days.rows);
    line();
    const { rows, entities } = entityRows(backtest);
    line(entities > rows.length ? `The first ${rows.length} of ${entities} entities` : 'Entities');
    await table(out, ['entity', 'server', 'worst', 'alerts', 'events', 'last_event'], rows);
  }
  await printOverlaps(out, backtest, line);
  printComparison(detector, backtest, line);
  line();
  line(costText(backtest));
  if (found.length > 0) {
    line();
    line(found.length > EXAMPLES ? `The newest ${EXAMPLES}` : 'The newest');
    for (const alert of newest(found)) line(`  ${sentence(alert)}`);
  }
}

async function printOverlaps(
  out: NodeJS.WriteStream,
  backtest: Backtest,
  line: (text?: string) => void,
): Promise<void> {
  const overlaps = overlapRows(backtest);
  if (overlaps.length === 0) return;
  line();
  line(
    'Entries of the allow-list and windows that match events; any_time: if they had no beginning and no end',
  );
  await table(out, ['entry', 'kind', 'alerts', 'events', 'any_time', 'reason'], overlaps);
}

function printComparison({ id }: Detector, backtest: Backtest, line: (text?: string) => void): void {
  const verdicts = (['new', 'same', 'gone'] as const).map(
    (verdict) => `${countOf(backtest, verdict)} ${verdict}`,
  );
  line();
  line(`Beside what is stored of ${id} in this time: ${verdicts.join(', ')}`);
  const gone = backtest.alerts.filter(({ verdict }) => verdict === 'gone').map(({ alert }) => alert);
  for (const alert of newest(gone)) line(`  gone: ${sentence(alert)}`);
}

function newest(alerts: readonly Alert[]): Alert[] {
  return [...alerts].sort((a, b) => b.lastSeen - a.lastSeen).slice(0, EXAMPLES);
}

function sentence({ lastSeen, severity, status, server, summary }: Alert): string {
  const kept = status === 'open' || status === 'closed' ? '' : ` (${status})`;
  return `${timeText(lastSeen)}  ${severity}${kept}  ${server}: ${summary}`;
}

function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`;
}

async function table(
  out: NodeJS.WriteStream,
  columns: readonly string[],
  rows: readonly Record<string, Cell>[],
): Promise<void> {
  const types = columns.map((name) => ({ name, type: TEXTS.has(name) ? 'VARCHAR' : 'BIGINT' }));
  await printRows(out, 'table', { ...rowsOf(columns, rows), columns: types });
}
