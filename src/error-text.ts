/** An error as a person reads it. */
import { messageOf, PgvigilError } from './errors.ts';
import { printable } from './printable.ts';
import { wrapped } from './wrapped.ts';

const INDENT = '  ';

/**
 * What happened, with its code, then what to do. Only the first line stands at the margin: the others may quote data.
 * What is no PgvigilError is a defect.
 *
 * @param width columns of the terminal that shows it; null: lines are as long as they are
 */
export function errorText(error: unknown, width: number | null = null): string {
  const { message, code, hint } =
    error instanceof PgvigilError
      ? error
      : {
          message: messageOf(error),
          code: 'INTERNAL',
          hint: 'This is a defect of pgvigil. Please report it.',
        };
  const [first = '', ...more] = message.split('\n').filter((line) => line.trim() !== '');
  const lines =
    width === null ? (text: string) => [text] : (text: string) => wrapped(text, width - INDENT.length);
  const [start = '', ...rest] = lines(`pgvigil: ${printable(first)} [${code}]`);
  // What DuckDB adds points at places with lines below each other, so it is not wrapped.
  const below = [...rest, ...more.map(printable), ...lines(printable(hint))];
  return [start, ...below.map((line) => INDENT + line), ''].join('\n');
}
