/** `npm run differential`: prints how far the two parsers agree, and why they differ where they do. */
import { loadParser } from '../../src/statements/parser/parser.ts';
import { compareAll, readReviewed, unexplained } from './differential-compare.ts';

await loadParser();
const { tallies, differences } = compareAll();
const reviewed = readReviewed();

const row = (cells: readonly (string | number)[]): string =>
  `${String(cells[0]).padEnd(12)}${cells
    .slice(1)
    .map((cell) => String(cell).padStart(14))
    .join('')}\n`;

const total = { statements: 0, compared: 0, agreed: 0 };
let report = row(['source', 'statements', 'read by both', 'agreed']);
for (const [source, { statements, compared, agreed }] of tallies) {
  report += row([source, statements, compared, agreed]);
  total.statements += statements;
  total.compared += compared;
  total.agreed += agreed;
}
report += row(['all', total.statements, total.compared, total.agreed]);
report += '\nReviewed differences by reason:\n';
for (const [id, { error, why }] of Object.entries(reviewed.reasons)) {
  const number = reviewed.differences.filter(({ reason }) => reason === id).length;
  report += `${String(number).padStart(4)}  ${why}\n      error of: ${error}\n`;
}
const { fresh, vanished } = unexplained(differences, reviewed);
for (const [title, list] of [
  ['Not reviewed', fresh],
  ['Reviewed, and no difference any more', vanished],
] as const)
  for (const { statement, difference } of list) report += `\n${title}: ${difference}\n${statement}\n`;
process.stdout.write(report);
process.exitCode = fresh.length + vanished.length > 0 ? 1 : 0;
