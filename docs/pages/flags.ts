/** The page of statement flags, from the closed list. */
import { FLAGS } from '../../src/statements/flags.ts';
import { code, head, table } from './markdown.ts';

export function flagsPage(): string {
  const rows = Object.entries(FLAGS).map(([name, meaning]) => [code(name), meaning]);
  return [
    head('Statement flags', '`src/statements/flags.ts`'),
    `
What the parser says of a statement, in the column \`flags\` of \`activity\` and \`statements\`. The list is closed: a detector
can rely on every name, and no other name occurs.

\`\`\`sql
SELECT event_time, user_name, normalized FROM activity WHERE list_contains(flags, 'copy_program')
\`\`\`

`,
    table(['flag', 'meaning'], rows),
  ].join('');
}
