/**
 * Blanks secrets in log text. pgaudit cuts role statements after `PASSWORD`, but not user mappings, DO bodies,
 * connection strings, multi-statement texts or statements that failed; so everything is redacted again before it is stored.
 *
 * Quotes around a secret stay, so that the statement still parses: `PASSWORD 'x'` becomes `PASSWORD '<REDACTED>'`.
 * pgaudit's own cut, `PASSWORD <REDACTED>` without quotes, is left as it is and stays recognisable.
 *
 * Every pass is linear: the text is attacker-controlled and up to 1 MB long. A secret that nothing in its text gives
 * away, such as the second argument of `login('bob', 'x')`, cannot be known.
 */
import { columnValues, listLiterals } from './arguments.ts';
import { redactCredentials } from './credential.ts';
import type { Span } from './literal.ts';
import { SECRET_NAME } from './marks.ts';
import { blankRawValues } from './raw-values.ts';
import { readSecret } from './secret.ts';
import { confine, readZones, type Zones } from './zones.ts';

export const REDACTED = '<REDACTED>';

/** A secret's name, or a function of pgcrypto whose arguments are keys and what they protect, up to its bracket. */
const NAME_OR_CALL = new RegExp(
  `${SECRET_NAME}|(?:pgp_(?:sym|pub)_(?:en|de)crypt(?:_bytea)?|(?<![a-z0-9_])(?:(?:en|de)crypt(?:_iv)?|crypt|hmac))(?:"|\\s){0,32}\\(`,
  'gi',
);
const NAME_ALONE = new RegExp(`${NAME_OR_CALL.source}|authorization["']`, 'i');
const COLUMN = new RegExp(SECRET_NAME, 'i');

/** A parameter that is nothing but a name, in pgaudit's list: `app.api_key,value`. */
const NAME_PARAMETER = new RegExp(`(?:^|[,"'])[\\w.-]{0,64}${SECRET_NAME}["']{0,8}(?:,|$)`, 'i');

/** What comes before values in DETAIL and CONTEXT; `Parameters:` since PostgreSQL 17. */
const VALUES = /((?:parameters: |failing row contains \())[\s\S]*/i;

/**
 * The text with every secret that has a recognisable place replaced by `<REDACTED>`; the same text when there is none.
 * Idempotent. Careful and slow: `isClean` of text.ts says cheaply when it has nothing to do.
 */
export function redact(text: string): string {
  const shaped = redactCredentials(text);
  const listed = blank(
    shaped,
    columnValues(shaped, (column) => COLUMN.test(column)),
  );
  return blank(listed, namedValues(listed));
}

/** `redact` for the bytes of a reject, in whatever encoding: what is not suspect stays byte for byte. */
export function redactBytes(raw: Uint8Array): Uint8Array {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1');
  const clean = redact(namesSecret(text) ? blankRawValues(text) : text);
  return clean === text ? raw : new Uint8Array(Buffer.from(clean, 'latin1'));
}

/** True when the text names a secret anywhere, with a value or without: its bind parameters are then suspect. */
export function namesSecret(text: string): boolean {
  return NAME_ALONE.test(text);
}

/**
 * pgaudit's parameter list, redacted. Values that belong to a statement about secrets, or stand beside a secret's name,
 * cannot be told apart from the secret: all are blanked.
 */
export function redactParameters(parameters: string, statement: string): string {
  return namesSecret(statement) || NAME_PARAMETER.test(parameters) ? REDACTED : redact(parameters);
}

/** DETAIL or CONTEXT of a statement that names a secret: its bind parameters and the row that failed are blanked. */
export function redactValues(text: string): string {
  return redact(text.replace(VALUES, `$1${REDACTED}`));
}

function namedValues(text: string): Span[] {
  const names = new RegExp(NAME_OR_CALL);
  const all: Span[] = [];
  let zones: Zones | null = null;
  for (let found = names.exec(text); found !== null; found = names.exec(text)) {
    const end = names.lastIndex;
    const isCall = text[end - 1] === '(';
    const read = isCall ? listLiterals(text, end - 1, () => true).spans : readSecret(text, end, found[0]);
    if (read.length === 0) continue;
    zones ??= readZones(text);
    const spans = confine(text, zones, found.index, read);
    all.push(...spans);
    names.lastIndex = Math.max(end, spans.at(-1)?.end ?? 0);
  }
  return all;
}

/** `spans` in ascending order; those that overlap get one marker. */
function blank(text: string, spans: readonly Span[]): string {
  let out = '';
  let copied = 0;
  for (const { start, end } of spans) {
    if (start >= copied) out += text.slice(copied, start) + REDACTED;
    copied = Math.max(copied, end);
  }
  return copied === 0 ? text : out + text.slice(copied);
}
