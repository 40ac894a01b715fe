/** The page of statement flags, from the closed list and the catalogue of cases. */
import { FLAG_CASES } from '../../fixtures/statements/flag-cases.ts';
import { FLAGS, type Flag } from '../../src/statements/flags.ts';
import { code, head, table } from './markdown.ts';

/** Longer statements do not fit a table. */
const MAX_EXAMPLE = 110;

export function flagsPage(): string {
  const rows = Object.entries(FLAGS).map(([name, meaning]) => {
    const { has, lacks } = FLAG_CASES[name as Flag];
    return [code(name), meaning, example(has), example(lacks)];
  });
  return [
    head('Statement flags', '`src/statements/flags.ts` and `fixtures/statements/flag-cases`'),
    `
What the parser says of a statement, in the column \`flags\` of \`activity\` and \`statements\`. The list is closed: a detector
can rely on every name, and no other name occurs. The other columns that the parser fills are those of the view
[statements](views.md#statements). \`pgvigil explain\` shows both for any statement.

\`\`\`sql
SELECT event_time, user_name, normalized FROM activity WHERE list_contains(flags, 'copy_program')
\`\`\`

Each flag stands with a statement that carries it and a near miss that does not; a test holds all of the catalogue.

`,
    table(['flag', 'meaning', 'carried by', 'not by'], rows),
  ].join('');
}

function example(cases: Record<string, string>): string {
  const statement = Object.keys(cases).find((text) => text.length <= MAX_EXAMPLE && !/[`\n]/.test(text));
  return statement === undefined ? '' : code(statement);
}
