/** COPY (query) TO STDOUT, which `\copy (…) to file` of psql sends. COPY to or from anywhere else is refused. */
import type { Command } from './commands.ts';
import type { CopyFormat } from './running.ts';
import { SqlError } from './sql-error.ts';
import { needed, statementsOf, syntaxError, type Words } from './statement.ts';

export function copyCommand(words: Words): Command | null {
  if (!words.accept('COPY')) return null;
  const sql = words.parenthesized();
  const name = sql === null ? needed(words.name()) : null;
  if (words.accept('FROM'))
    throw new SqlError('25006', 'cannot execute COPY FROM in a read-only transaction');
  if (!words.accept('TO')) throw syntaxError();
  if (!words.accept('STDOUT')) {
    throw new SqlError(
      '42501',
      'permission denied to COPY to a file',
      'Use \\copy of psql: it writes on your side.',
    );
  }
  const copy = copyFormat(words);
  const [query] = statementsOf(sql ?? `SELECT * FROM "${name!.replaceAll('"', '""')}"`);
  if (query === undefined) throw syntaxError();
  return {
    columns: () => null,
    run: async (session, signal) => ({
      ...(await session.query(query, [], signal)),
      copy,
      tag: (rows: number) => `COPY ${rows}`,
    }),
  };
}

/** `WITH (FORMAT csv, HEADER)`, and `CSV HEADER` as it was written before PostgreSQL 9. */
function copyFormat(words: Words): CopyFormat {
  const options = new Map<string, string>();
  words.accept('WITH');
  const inBrackets = words.accept('(');
  while (!words.isAtEnd && !words.accept(')')) {
    const key = needed(words.name());
    if (key === 'csv' || key === 'text' || key === 'binary') options.set('format', key);
    else if (key === 'header') options.set(key, (inBrackets && words.acceptOneOf('FALSE', 'OFF')) || 'true');
    else {
      words.accept('AS');
      options.set(key, needed(words.value()));
    }
    if (key === 'header') words.acceptOneOf('TRUE', 'ON', 'MATCH');
    words.accept(',');
  }
  const format = (options.get('format') ?? 'text').toLowerCase();
  if (format !== 'text' && format !== 'csv')
    throw new SqlError('0A000', `COPY format "${format}" is not supported`);
  const header = options.get('header') === 'true';
  const delimiter = options.get('delimiter') ?? (format === 'csv' ? ',' : '\t');
  const quote = options.get('quote') ?? '"';
  for (const key of options.keys()) {
    if (!['format', 'header', 'delimiter', 'quote', 'null', 'encoding'].includes(key)) {
      throw new SqlError('0A000', `COPY option "${key}" is not supported`);
    }
  }
  if (Buffer.byteLength(delimiter) !== 1 || Buffer.byteLength(quote) !== 1 || delimiter === quote) {
    throw new SqlError('22023', 'COPY delimiter and quote must be two different single characters');
  }
  return { format, header, delimiter, quote, null: options.get('null') ?? (format === 'csv' ? '' : '\\N') };
}

/** One line of COPY, with its end. */
export function copyLine(values: readonly (string | null)[], copy: CopyFormat): string {
  const field = copy.format === 'csv' ? csvField : textField;
  return `${values.map((value) => (value === null ? copy.null : field(value, copy))).join(copy.delimiter)}\n`;
}

const TEXT_ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

function textField(value: string, { delimiter }: CopyFormat): string {
  const escaped = value.replace(/[\\\n\r\t]/g, (character) => TEXT_ESCAPES[character]!);
  return delimiter === '\t' ? escaped : escaped.replaceAll(delimiter, `\\${delimiter}`);
}

function csvField(value: string, copy: CopyFormat): string {
  const special = [copy.delimiter, copy.quote, '\n', '\r'].some((character) => value.includes(character));
  if (!special && value !== copy.null && value !== '\\.') return value;
  return copy.quote + value.replaceAll(copy.quote, copy.quote + copy.quote) + copy.quote;
}
