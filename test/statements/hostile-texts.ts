/** Texts that are meant to hurt the parser, or what looks at its trees. */

const numbers = (n: number) => Array.from({ length: n }, (_, i) => i).join(',');
export const nested = (open: string, n: number, inner: string, close: string) =>
  open.repeat(n) + inner + close.repeat(n);

/** Each stays far below a second alone. */
export const HOSTILE: Record<string, string> = {
  'one word of 1 MB': `SELECT ${'a'.repeat(1e6)}`,
  'one string of 1 MB': `SELECT '${'a'.repeat(1e6)}'`,
  '100,000 numbers in IN': `SELECT * FROM t WHERE a IN (${numbers(1e5)})`,
  '12,000 numbers in IN': `SELECT * FROM t WHERE a IN (${numbers(12_000)})`,
  '10,000 parentheses': `SELECT ${nested('(', 1e4, '1', ')')}`,
  'a million parentheses': '('.repeat(1e6),
  'a million quotes': "'".repeat(1e6 - 1),
  '100,000 NULs': `${'\0'.repeat(1e5)}SELECT 1`,
  'lone surrogates': `SELECT '${'\ud800'.repeat(1e4)}'`,
  'comments that open': '/*'.repeat(5e5),
  'comments that close': `SELECT 1${'/**/'.repeat(15_000)}--`,
  'dollar quotes that do not close': Array.from({ length: 2e4 }, (_, i) => `$a${i}$`).join(' '),
  'operators in a row': `SELECT ${'1+'.repeat(3e4)}1`,
  'signs in a row': `SELECT ${'+-'.repeat(3e4)}1`,
  'conditions in a row': `SELECT 1 WHERE a = 1${' OR 1=1'.repeat(8_000)}`,
  'set operations in a row': `SELECT 1${' UNION SELECT 1'.repeat(4_000)}`,
  'joins in a row': `SELECT * FROM t${' CROSS JOIN t'.repeat(4_000)}`,
  'NOT in a row': `SELECT ${'NOT '.repeat(1e4)}true`,
  'casts in a row': `SELECT 1${'::int'.repeat(1e4)}`,
  'CASE in CASE': `SELECT ${nested('CASE WHEN 1=1 THEN ', 1_500, '1', ' END')}`,
  'queries in queries': nested('SELECT (', 900, 'SELECT 1', ')'),
  'WITH in WITH': nested('WITH a AS (', 900, 'SELECT 1', ') SELECT 1'),
  '7,000 statements': 'SELECT 1;'.repeat(7_000),
  'COPY without end': 'COPY '.repeat(13_000),
  'hosts without end': `SELECT '${'host= '.repeat(11_000)}'`,
  'URLs without end': `SELECT '${'a://'.repeat(16_000)}'`,
  'ransom words without end': `SELECT '${'your data '.repeat(6_000)}'`,
  'marks without end': `SELECT ${'<REDACTED> '.repeat(5_900)}`,
  'a body that doubles a text': `DO $$ BEGIN a := 'abcdefgh'; ${'a := a || a; '.repeat(5_000)} END $$`,
  'bodies that run bodies': `DO $$ DECLARE a text := 'DO $x$ BEGIN ${'EXECUTE 1; '.repeat(100)} END $x$'; BEGIN ${'EXECUTE a; '.repeat(5_500)} END $$`,
  'replacing that explodes': `DO $$ BEGIN EXECUTE replace(replace('${'a'.repeat(16_000)}','a','${'b'.repeat(1e4)}'),'b','cc'); END $$`,
  'format that explodes': `DO $$ BEGIN EXECUTE format('${'%1$s'.repeat(4_000)}', '${'x'.repeat(16_000)}'); END $$`,
};
