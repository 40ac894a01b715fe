/** Features of a statement as columns, and as text for people. Pure. */
import type { Statement } from '../model/statement.ts';
import type { Setting } from '../model/statement-features.ts';
import { printable } from '../printable.ts';
import type { Cell } from '../query/values.ts';
import { snakeCase } from '../snake-case.ts';
import { FLAGS } from '../statements/flags.ts';

/** Column where values begin: behind the longest flag and its indentation. */
const VALUE_COLUMN = 22;
const INDENT = '  ';
/** Narrower than this nothing can be read; the terminal may wrap what is left. */
const MIN_WIDTH = 40;

/** Shown apart from the list of columns. */
const BLOCKS = new Set(['sql_text', 'normalized', 'flags']);
/** Zero says something of these: nothing but comments. */
const ALWAYS_SHOWN = new Set(['parse_ok', 'statement_count']);

const STYLES = { plain: '', dim: '2', red: '31', yellow: '33' } as const;
type Style = keyof typeof STYLES;

export interface ExplanationStyle {
  /** Columns of the terminal; null when the text goes to a file or another program: no line is broken. */
  terminalWidth: number | null;
  colour: boolean;
}

/** The features under the names that the views `statements` and `activity` give them. */
export function statementColumns({ statementHash, sqlText, template }: Statement): Record<string, Cell> {
  // No view has the length; what was cut has the flag text_cut.
  const columns = { statementHash, templateId: template.templateId, sqlText, ...template.features };
  return Object.fromEntries(
    Object.entries(columns).map(([name, value]): [string, Cell] => [snakeCase(name), value as Cell]),
  );
}

/**
 * The redacted text, its normalised form, every column that is set, every flag with its meaning. No line is wider than
 * the terminal and only names stand at the margin, so that no statement can pass itself off as a finding.
 *
 * @param failure why the text does not parse, if that is known
 */
export function explanationText(
  statement: Statement,
  failure: string | null,
  { terminalWidth, colour }: ExplanationStyle,
): string {
  const { sqlText, template } = statement;
  const { features } = template;
  const width = Math.max(MIN_WIDTH, terminalWidth ?? Number.POSITIVE_INFINITY);
  const style = (name: Style, text: string) =>
    colour && name !== 'plain' ? `\x1b[${STYLES[name]}m${text}\x1b[0m` : text;
  const field = (name: string, value: string, nameStyle: Style, valueStyle: Style = 'plain') => {
    const [first = '', ...more] = wrapped(printable(value), width - VALUE_COLUMN).map((line) =>
      style(valueStyle, line),
    );
    const head = style(nameStyle, name) + ' '.repeat(VALUE_COLUMN - name.length);
    return [head + first, ...more.map((line) => ' '.repeat(VALUE_COLUMN) + line)];
  };
  const block = (name: string, text: string) => [style('dim', name), ...sqlLines(text, width), ''];
  const lines: string[] = [];
  if (sqlText !== null) lines.push(...block('sql_text', sqlText));
  if (features.normalized !== null) lines.push(...block('normalized', features.normalized));
  for (const [name, value] of Object.entries(statementColumns(statement))) {
    if (BLOCKS.has(name) || !(isSet(value) || ALWAYS_SHOWN.has(name))) continue;
    if (name !== 'parse_ok' || features.parseOk) lines.push(...field(name, cellText(value), 'dim'));
    else lines.push(...field(name, failure === null ? 'false' : `false: ${failure}`, 'dim', 'red'));
  }
  if (features.flags.length > 0) lines.push('', style('dim', 'flags'));
  for (const flag of features.flags) {
    lines.push(...field(INDENT + flag, FLAGS[flag as keyof typeof FLAGS], 'yellow'));
  }
  return `${lines.join('\n')}\n`;
}

function isSet(value: Cell): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== null && value !== false && value !== 0;
}

function cellText(value: Cell): string {
  if (value === '') return "''";
  if (Array.isArray(value)) return value.map(cellText).join(', ');
  return value !== null && typeof value === 'object'
    ? settingText(value as unknown as Setting)
    : String(value);
}

/** With its value in quotes, so that no value can pass itself off as another setting. */
function settingText({ name, value, scope }: Setting): string {
  return `${name} = ${value === null ? '?' : `'${value.replaceAll("'", "''")}'`} (${scope})`;
}

/**
 * The lines of a statement, indented; what did not fit its line stands further in. Tabs that indent are widened,
 * everything else that does not show itself is escaped.
 */
function sqlLines(text: string, width: number): string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const shown = printable(line.replace(/^\t+/, (tabs) => '    '.repeat(tabs.length)));
    return wrapped(shown, width - 3 * INDENT.length).map((piece, index) =>
      `${INDENT.repeat(index === 0 ? 1 : 3)}${piece}`.trimEnd(),
    );
  });
}

/** The text in pieces that fit, broken at spaces where there are any. Linear. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  let used = 0;
  for (const character of text) {
    const columns = columnsOf(character);
    if (used + columns > width) {
      const space = character === ' ' ? line.length : line.lastIndexOf(' ');
      const isIndentation = line.slice(0, space).trim() === '';
      const end = isIndentation ? line.length : space;
      lines.push(line.slice(0, end).trimEnd());
      line = line.slice(end).trimStart();
      used = [...line].reduce((sum, kept) => sum + columnsOf(kept), 0);
      if (character === ' ' && line === '') continue;
    }
    line += character;
    used += columns;
  }
  return [...lines, line];
}

/** At most what a terminal gives the character. */
function columnsOf(character: string): number {
  return character.codePointAt(0)! < 0x1100 ? 1 : 2;
}
