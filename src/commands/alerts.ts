/** `pgvigil alerts list` and `alerts show`. */

import { FLOOD } from '../alerts/flood.ts';
import { loadDetectors } from '../detect/detector.ts';
import { PgvigilError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { Format } from '../query/formats.ts';
import { openReader, type Reader } from '../query/reader.ts';
import type { Cell } from '../query/values.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { printRows } from './output.ts';
import { commandSql } from './sql.ts';

const NO_LIMIT = 9_000_000_000_000_000n;

export async function listAlertsCommand(
  options: GlobalOptions & { format: string; limit: number },
): Promise<void> {
  const { config, out } = await createContext(options);
  const format = options.format as Format;
  const limit = options.limit === 0 ? NO_LIMIT : BigInt(options.limit);
  const reader = await openReader(config.data);
  try {
    const result = await reader.trusted(
      await commandSql(format === 'table' ? 'alerts-table' : 'alerts-list'),
      { limit },
    );
    await printRows(out, format, result);
  } finally {
    await reader.close();
  }
}

/** @throws PgvigilError NOT_FOUND */
export async function showAlertCommand(id: string, options: GlobalOptions): Promise<void> {
  const { config, out } = await createContext(options);
  const reader = await openReader(config.data);
  try {
    const alert = await findAlert(reader, id);
    const notes = await notesOf(String(alert.detector), config.detection.detectorFolders);
    out.write(alertText(alert, notes));
  } finally {
    await reader.close();
  }
}

type Row = Record<string, Cell>;

async function findAlert(reader: Reader, id: string): Promise<Row> {
  const result = await reader.trusted(
    `SELECT * EXCLUDE (user_name), user_name AS user FROM alerts WHERE starts_with(alert_id, $id) LIMIT 2`,
    { id },
  );
  const found: Row[] = [];
  for await (const row of result.rows) {
    found.push(Object.fromEntries(result.columns.map(({ name }, index) => [name, row[index] ?? null])));
  }
  const [alert] = found;
  if (alert === undefined || found.length > 1) {
    throw new PgvigilError(
      'NOT_FOUND',
      alert === undefined ? `there is no alert ${id}` : `several alerts begin with ${id}`,
      '`pgvigil alerts list` shows their ids.',
    );
  }
  const evidence = await reader.trusted(
    `SELECT event_time, session_id, summary, normalized FROM evidence WHERE alert_id = $id
     ORDER BY event_time, record_id LIMIT 20`,
    { id: String(alert.alert_id) },
  );
  const rows: Cell[] = [];
  for await (const row of evidence.rows) rows.push(row);
  return { ...alert, evidence: rows };
}

/** What the detector says to whoever reads the alert. */
interface Notes {
  why: string | null;
  runbook: readonly string[];
}

/** Nothing when the detector is gone by now. */
async function notesOf(detectorId: string, folders: readonly string[]): Promise<Notes> {
  if (detectorId === FLOOD.id) return FLOOD;
  const { detectors } = await loadDetectors(folders);
  return detectors.find(({ id }) => id === detectorId) ?? { why: null, runbook: [] };
}

/** What the observed value is to be held against, as far as it is known: ` (usual 300, threshold 5000)`. */
function comparison({ baseline, threshold }: Row): string {
  const known = Object.entries({ usual: baseline, threshold }).filter(
    ([, value]) => typeof value === 'number',
  );
  return known.length === 0 ? '' : ` (${known.map(([name, value]) => `${name} ${value}`).join(', ')})`;
}

function alertText(alert: Row, { why, runbook }: Notes): string {
  const text = (value: Cell | undefined) =>
    value === null || value === undefined
      ? '-'
      : printable(Array.isArray(value) ? value.join(', ') : String(value));
  const fields: [string, Cell | undefined][] = [
    ['detector', `${text(alert.detector)} ${text(alert.detector_name)}`],
    ['severity', alert.severity],
    ['status', alert.status],
    ...(Array.isArray(alert.allowed_by) && alert.allowed_by.length > 0
      ? [['allowed by', alert.allowed_by] as [string, Cell]]
      : []),
    ['server', alert.server],
    ['user', alert.user],
    ['client', alert.client],
    ['database', alert.database_name],
    ['application', alert.application],
    ['seen', `${text(alert.first_seen)} to ${text(alert.last_seen)}`],
    ['events', alert.evidence_count],
    ['observed', `${text(alert.observed)}${comparison(alert)}`],
    ['sessions', alert.sessions],
  ];
  const lines = [`${text(alert.title)}`, `${text(alert.summary)}`];
  if (why !== null) lines.push(`Why it matters: ${text(why)}`);
  lines.push('');
  for (const [name, value] of fields) lines.push(`${`${name}:`.padEnd(13)}${text(value)}`);
  lines.push('', 'Evidence');
  for (const row of alert.evidence as Cell[][]) {
    const [time, session, summary, statement] = row;
    lines.push(`  ${text(time)}  ${text(session)}  ${text(summary)}`);
    if (statement !== null) lines.push(`    ${text(statement).slice(0, 300)}`);
  }
  if (Number(alert.evidence_count) > (alert.evidence as Cell[]).length) lines.push('  …');
  lines.push('', 'What to do');
  runbook.forEach((step, index) => {
    lines.push(`  ${index + 1}. ${step}`);
  });
  lines.push(
    '',
    'Look closer',
    `  pgvigil query "SELECT * FROM evidence WHERE alert_id = '${text(alert.alert_id)}' ORDER BY event_time"`,
    '',
  );
  return lines.join('\n');
}
