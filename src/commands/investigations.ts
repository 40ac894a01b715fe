/** `pgvigil investigations`, and what `pgvigil query --investigation` asks. */
import type { Format } from '../query/formats.ts';
import { bindInvestigation, NEWEST_EVENT } from '../query/investigations/bind.ts';
import { TOPICS } from '../query/investigations/front-matter.ts';
import {
  commandLine,
  findInvestigation,
  type Investigation,
  loadInvestigations,
} from '../query/investigations/investigation.ts';
import type { QueryParameters, QueryRunner } from '../query/query-runner.ts';
import { DEFAULT_TIMEOUT_MS } from '../query/query-runner.ts';
import { printRows, rowsOf } from './output.ts';
import type { ParameterTexts } from './parameter-option.ts';

/** What fits a terminal; the other formats have the rest too. */
const COLUMNS = ['name', 'title'];

export async function listInvestigationsCommand(options: { format: string }): Promise<void> {
  const format = options.format as Format;
  const rows = (await loadInvestigations()).map(({ name, title, topic, question, parameters }) => {
    return { name, title, topic, question, parameters: Object.keys(parameters) };
  });
  const columns = format === 'table' ? COLUMNS : [...COLUMNS, 'topic', 'question', 'parameters'];
  await printRows(process.stdout, format, rowsOf(columns, rows));
}

/** @throws PgvigilError NOT_FOUND */
export async function showInvestigationCommand(name: string): Promise<void> {
  const investigation = await findInvestigation(name);
  process.stdout.write(investigationText(investigation));
}

function investigationText(investigation: Investigation): string {
  const { name, title, topic, question, howToRead, parameters, sql } = investigation;
  const width = Math.max(0, ...Object.keys(parameters).map((key) => key.length));
  const lines = Object.entries(parameters).map(([key, { type, help, required, default: fallback }]) => {
    const needed = required ? 'required' : fallback === null ? '' : `default ${fallback}`;
    return `  ${key.padEnd(width)}  ${[type, needed].filter(Boolean).join(', ')}: ${help}`;
  });
  return [
    `${title} (${name})`,
    `Topic: ${TOPICS[topic]}`,
    '',
    question,
    howToRead,
    ...(lines.length > 0 ? ['', 'Parameters', ...lines] : []),
    '',
    `  ${commandLine(investigation)}`,
    '',
    sql,
    '',
  ].join('\n');
}

/**
 * The values of an investigation's parameters.
 *
 * @throws PgvigilError USAGE, QUERY_FAILED
 */
export async function askInvestigation(
  runner: Pick<QueryRunner, 'run'>,
  investigation: Investigation,
  given: ParameterTexts,
): Promise<QueryParameters> {
  return bindInvestigation(investigation, given, await newestEvent(runner));
}

/** Milliseconds since 1970; now where nothing is known. */
async function newestEvent(runner: Pick<QueryRunner, 'run'>): Promise<number> {
  const limits = { limitRows: 1, limitBytes: 0, timeoutMs: DEFAULT_TIMEOUT_MS };
  const { rows } = await runner.run({ sql: NEWEST_EVENT, ...limits });
  let newest: number | null = null;
  for await (const [value] of rows) newest = value == null ? null : Date.parse(String(value));
  return newest ?? Date.now();
}

/** What a person at a terminal reads beside the rows. */
export function explanation({ title, question, howToRead }: Investigation): string {
  return `${title}: ${question}\n${howToRead}\n\n`;
}
