/**
 * Blanks secrets in log text. pgaudit cuts role statements after `PASSWORD`, but not user mappings, DO bodies,
 * connection strings, multi-statement texts or statements that failed; so everything is redacted again before it is stored.
 *
 * Quotes around a secret stay, so that the statement still parses: `PASSWORD 'x'` becomes `PASSWORD '<REDACTED>'`.
 * pgaudit's own cut, `PASSWORD <REDACTED>` without quotes, is left as it is and stays recognisable.
 *
 * Every pass is linear: the text is attacker-controlled and up to 1 MB long.
 */
import { readSecret } from './secret.ts';

export const REDACTED = '<REDACTED>';

/** Names whose value is a secret, matched as the end of a longer name (`pgpassword`, `app.db_password`). */
const SECRET_NAME =
  /(?:password|passwd|passphrase|pwd|(?:account|access|subscription|secret|api|private|sas)_?(?:key|token)|client_?secret|account_add)(?![a-z0-9_])/gi;

/** `scheme://user:secret@`; bounded, because a user name or password of a URI is short. */
const URI_SECRET = /(:\/\/[^\s:/?#@'"<>]{0,128}:)[^\s@/'"]{1,512}@/g;

/** Signature of a shared access signature: base64, percent-encoded in a URL. */
const SAS_SIGNATURE = /((?<![a-z0-9_])sig=)[a-z0-9%+/]{16,}={0,2}/gi;

/** JSON Web Token: header and payload both begin with `{"` in base64url. */
const JSON_WEB_TOKEN = /(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?/g;

/** Password verifier as pg_authid holds it. */
const SCRAM_VERIFIER = /(SCRAM-SHA-256\$)\d{1,10}:[\w+/=$:]+/g;

const NAME_ALONE = new RegExp(SECRET_NAME.source, 'i');

const ANY_SECRET = new RegExp(
  `${SECRET_NAME.source}|:\\/\\/[^\\s]{0,128}:|sig=|eyJ[\\w-]|SCRAM-SHA-256\\$`,
  'i',
);

/**
 * The text with every secret that has a recognisable place replaced by `<REDACTED>`; the same text when there is none.
 * Idempotent.
 */
export function redact(text: string): string {
  if (!ANY_SECRET.test(text)) return text;
  const shaped = text
    .replace(URI_SECRET, `$1${REDACTED}@`)
    .replace(SAS_SIGNATURE, `$1${REDACTED}`)
    .replace(JSON_WEB_TOKEN, REDACTED)
    .replace(SCRAM_VERIFIER, `$1${REDACTED}`);
  return redactNamed(shaped);
}

/** `redact` for bytes of unknown encoding: what is not a secret stays byte for byte. */
export function redactBytes(raw: Uint8Array): Uint8Array {
  const text = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1');
  const clean = redact(text);
  return clean === text ? raw : new Uint8Array(Buffer.from(clean, 'latin1'));
}

/** True when the text names a secret anywhere, with a value or without: its bind parameters are then suspect. */
export function namesSecret(text: string): boolean {
  return NAME_ALONE.test(text);
}

function redactNamed(text: string): string {
  const names = new RegExp(SECRET_NAME);
  let out = '';
  let copied = 0;
  for (let found = names.exec(text); found !== null; found = names.exec(text)) {
    const spans = readSecret(text, names.lastIndex, found[0].toLowerCase() === 'account_add');
    for (const span of spans) {
      out += text.slice(copied, span.start) + REDACTED;
      copied = span.end;
    }
    names.lastIndex = Math.max(names.lastIndex, copied);
  }
  return out + text.slice(copied);
}
