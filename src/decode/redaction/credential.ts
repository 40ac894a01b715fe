/** Secrets known by their shape, or by what a program, a header or libpq writes around them. */

import { confine, readZones, type Zones } from './zones.ts';

const REDACTED = '<REDACTED>';

/**
 * `scheme://user:secret@`, up to the last `@`. A port and a path are no secret; bounded, because a user name or password
 * of a URI is short.
 */
const URI_SECRET = /(:\/\/[^\s:/?#@'"<>]{0,128}:)(?!\d{1,5}(?:[,/?#]|$))[^\s'"]{1,512}@/g;

/** Signature of a shared access signature: base64, percent-encoded in a URL. */
const SAS_SIGNATURE = /((?<![a-z0-9_])sig=)[a-z0-9%+/]{16,}={0,2}/gi;

/** JSON Web Token: header and payload both begin with `{"` in base64url. */
const JSON_WEB_TOKEN = /(?<![\w-])eyJ[\w-]{8,}\.eyJ[\w-]{8,}(?:\.[\w-]*)?/g;

/** Password verifiers as pg_authid holds them (`get_password_type` in crypt.c). */
const SCRAM_VERIFIER = /(SCRAM-SHA-256\$)\d{1,10}:[\w+/=$:]+/g;
const MD5_VERIFIER = /(?<![0-9a-z])(md5)[0-9a-f]{32}(?![0-9a-z])/gi;

/** Header line of HTTP; `authorization::text` is a cast. */
const HEADER_LINE =
  /((?:authorization|api-key|x-[a-z-]{0,32}(?:key|token|secret))[ \t]{0,4}:(?![:\s]{0,4}\\?["'])[ \t]{0,4})[^:"'\\\s][^"'\\\r\n]{0,2048}/gi;
/** The same as two strings: `http_header('Authorization', 'Bearer …')`, JSON. */
const HEADER_PAIR =
  /(authorization(?:\\?["']){1,8}\s{0,8}(?:,|:|=>?)\s{0,8}(?:\\?["']){1,8})[^"'\\]{1,2048}/gi;

/** `curl -u user:secret`, `--user "user:secret"`, also behind other short options (`-su`). */
const CURL_USER = /(\s(?:-[a-z]{0,8}u|--(?:proxy-)?user)[\s=]{0,4}[^\s:'"\\]{1,128}:)[^\s'"\\]{1,512}/gi;
const CURL_USER_QUOTED =
  /(\s(?:-[a-z]{0,8}u|--(?:proxy-)?user)[\s=]{0,4}(?:\\?["']){1,8}[^:'"\\]{1,128}:)[^'"\\]{1,512}/gi;
const SSHPASS = /(sshpass\s{1,8}-p\s{0,8}(?:\\?["']){0,8})[^\s'"\\]{1,512}/gi;

/** libpq quotes the word of a connection string that it did not understand: often a piece of a password. */
const LIBPQ_WORD =
  /(missing \\?"{1,2}=\\?"{1,2} after \\?"{1,2})[^\n]{1,512}?(\\?"{1,2} in connection info string)/g;

/** The text with every such secret replaced by `<REDACTED>`. */
export function redactCredentials(text: string): string {
  let shown = text
    .replace(URI_SECRET, `$1${REDACTED}@`)
    .replace(SAS_SIGNATURE, `$1${REDACTED}`)
    .replace(JSON_WEB_TOKEN, REDACTED)
    .replace(SCRAM_VERIFIER, `$1${REDACTED}`)
    .replace(MD5_VERIFIER, `$1${REDACTED}`)
    .replace(HEADER_LINE, `$1${REDACTED}`)
    .replace(LIBPQ_WORD, `$1${REDACTED}$2`);
  shown = redactBehindQuote(redactBehindQuote(shown, HEADER_PAIR), SSHPASS);
  if (/curl/i.test(shown))
    shown = redactBehindQuote(shown.replace(CURL_USER, `$1${REDACTED}`), CURL_USER_QUOTED);
  return shown;
}

/** Replaces what follows the first group of `pattern`; the quote before it may have closed the literal of a name. */
function redactBehindQuote(text: string, pattern: RegExp): string {
  let zones: Zones | null = null;
  return text.replace(pattern, (match: string, head: string, at: number) => {
    zones ??= readZones(text);
    const value = { start: at + head.length, end: at + match.length };
    return confine(text, zones, at, [value]).length > 0 ? head + REDACTED : match;
  });
}
