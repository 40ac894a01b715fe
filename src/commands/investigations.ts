/** `pgvigil investigations`, and what `pgvigil query --investigation` asks. */
import type { Format } from '../query/formats.ts';
import { TOPICS } from '../query/investigations/front-matter.ts';
import {
  commandLine,
  findInvestigation,
  type Investigation,
  loadInvestigations,
} from '../query/investigations/investigation.ts';
import { printRows, rowsOf } from './output.ts';

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

/** What a person at a terminal reads beside the rows. */
export function explanation({ title, question, howToRead }: Investigation): string {
  return `${title}: ${question}\n${howToRead}\n\n`;
}
