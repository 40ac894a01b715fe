/** `pgvigil alerts show`. */
import { engineFinding } from '../alerts/engine-findings.ts';
import { acknowledgeCommand, closeCommand, silenceCommand, silenceHeading } from '../alerts/next-steps.ts';
import { loadDetectors } from '../detect/detector.ts';
import { PgvigilError } from '../errors.ts';
import { printable } from '../printable.ts';
import { openReader, type Reader } from '../query/reader.ts';
import type { Cell } from '../query/values.ts';
import { createContext, type GlobalOptions } from './context.ts';

/** @throws PgvigilError NOT_FOUND */
export async function showAlertCommand(id: string, options: GlobalOptions): Promise<void> {
  const { config, out } = await createContext(options);
  const reader = await openReader(config.data);
  try {
    const alert = await findAlert(reader, id);
    const notes = await notesOf(alert, config.detection.detectorFolders);
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
  const alertId = String(alert.alert_id);
  return {
    ...alert,
    evidence: await listOf(reader, EVIDENCE, alertId),
    history: await listOf(reader, HISTORY, alertId),
  };
}

const EVIDENCE = `SELECT event_time, session_id, summary, normalized FROM evidence WHERE alert_id = $id
  ORDER BY event_time, record_id LIMIT 20`;
/** Steps that people need: the growth of an alert is in its numbers. */
const HISTORY = `SELECT strftime(happened_at, '%Y-%m-%d %H:%M:%S'), action, actor, via, what, reason, note FROM alert_history
  WHERE alert_id = $id ORDER BY sequence DESC LIMIT 20`;

async function listOf(reader: Reader, sql: string, id: string): Promise<Cell[]> {
  const result = await reader.trusted(sql, { id });
  const rows: Cell[] = [];
  for await (const row of result.rows) rows.push(row);
  return rows;
}

/** What the detector says to whoever reads the alert. */
interface Notes {
  why: string | null;
  runbook: readonly string[];
}

/** Nothing when the detector is gone by now. */
async function notesOf(alert: Row, folders: readonly string[]): Promise<Notes> {
  const detectorId = String(alert.detector);
  const finding = engineFinding({ detector: detectorId, entity: String(alert.entity) });
  if (finding !== undefined) return finding;
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

/** `2026-03-01 12:00:00  closed by dba (resolved): a job had an old password`. */
function stepText([at, action, actor, via, what, reason, note]: string[]): string {
  const by = via === 'worker' ? '' : ` by ${actor} (${via})`;
  const why = [what, reason, note].filter((part) => part !== '-' && part !== undefined).join('; ');
  return `${at}  ${action}${by}${why === '' ? '' : `: ${why}`}`;
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
  const steps = alert.history as Cell[][];
  if (steps.length > 0) lines.push('', 'History', ...steps.map((step) => `  ${stepText(step.map(text))}`));
  const id = String(alert.alert_id);
  const silenced = {
    alertId: id,
    detector: String(alert.detector),
    server: String(alert.server),
    entity: String(alert.entity),
  };
  lines.push(
    '',
    'Look closer',
    `  pgvigil query "SELECT * FROM evidence WHERE alert_id = '${text(id)}' ORDER BY event_time"`,
    'Say that you have it, or that it is done',
    `  ${acknowledgeCommand(id)}`,
    `  ${closeCommand(id)}`,
    silenceHeading(silenced),
    `  ${silenceCommand(silenced)}`,
    '',
  );
  return lines.join('\n');
}
