/** The page of the investigations, from their front matter. */
import { type Parameter, TOPICS } from '../../src/query/investigations/front-matter.ts';
import {
  commandLine,
  type Investigation,
  loadInvestigations,
} from '../../src/query/investigations/investigation.ts';
import { code, head, table } from './markdown.ts';

/** @throws PgvigilError when an investigation cannot be used */
export async function investigationsPage(): Promise<string> {
  const investigations = await loadInvestigations();
  const topics = Object.entries(TOPICS).map(([topic, title]) => {
    const rows = investigations
      .filter((one) => one.topic === topic)
      .map(({ name, question }) => [`[${name}](#${name})`, question]);
    return `\n**${title}**\n\n${table(['investigation', 'question'], rows)}`;
  });
  return [
    head('Investigations', 'the front matter of `queries/investigations/*.sql`'),
    `
Questions that are asked again and again, ready to ask. \`pgvigil investigations\` lists them, \`pgvigil investigations show NAME\`
shows one with its SQL, and \`pgvigil query --investigation NAME -p user=anna\` asks it. The answer is rows like those of any query:
\`--format\`, \`--limit\` and \`--timeout\` work as usual. At a terminal the question and how to read its answer stand above the rows,
on standard error.

Values of type time are a date (\`2026-01-15\`), a time (\`2026-01-15T08:00\`, UTC) or a duration: \`24h\` is so long before the newest
event that is stored, not before now, so that a data folder of last spring answers as it did then. \`since\` is the first moment
that counts, \`until\` the first that no longer does. A parameter that is left out has its default; without a default it is
required. Sessions of Azure's own management are left out where nothing else is said.

Statements stand with \`$1\` in place of literals, but for [session-statements](#session-statements); messages of the server stand
as it wrote them. Names were written by clients: an application can call itself as it likes.

The SQL of each reads the [public views](views.md) and is a beginning for your own.
`,
    ...topics,
    ...investigations.map(section),
  ].join('');
}

function section(investigation: Investigation): string {
  const { name, title, question, howToRead, parameters } = investigation;
  const rows = Object.entries(parameters).map(([key, parameter]) => [
    code(key),
    parameter.type,
    fallback(parameter),
    parameter.help,
  ]);
  return [
    `\n## ${name}\n**${title}.** ${question}\n\n${howToRead}\n\n`,
    rows.length === 0 ? 'It has no parameters.\n' : table(['parameter', 'type', 'default', 'meaning'], rows),
    `\n\`\`\`\n${commandLine(investigation)}\n\`\`\`\n`,
    `\nSQL: [${name}.sql](../queries/investigations/${name}.sql).\n`,
  ].join('');
}

function fallback({ required, default: value }: Parameter): string {
  if (required) return 'required';
  return value == null ? '' : code(value);
}
