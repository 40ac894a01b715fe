/**
 * The cheap question before redaction: can there be a secret in this text at all? Almost every line has none.
 *
 * A mark is a piece of text without quotes and line breaks that every secret we know of stands beside or contains. So a
 * text without marks has none in any of its substrings either, nor after `""` became `"`.
 */

/**
 * What secrets are called, matched as the end of a longer name (`pgpassword`, `app.jwt_secret`). `account_add` is the
 * function of azure_storage that takes a storage key.
 */
export const SECRET_NAME =
  '(?:password|passwd|passphrase|pwd|secret|token|account_add|(?:account|access|subscription|secret|api|private|sas|auth|' +
  'encryption|signing|master|shared|storage|service|function|role|aes|hmac|jwt)[-_]?key)(?![a-z0-9_])';

/** Secrets that look like secrets wherever they stand. */
const SHAPE = ':\\/\\/|sig=|eyJ[\\w-]|SHA-256\\$|md5[0-9a-f]{32}';

/** Functions of pgcrypto, programs and headers with credentials, errors of libpq that quote a connection string. */
const PLACE = '[a-z]crypt(?!ion)|crypt\\W|hmac\\W|curl|sshpass|authorization|connection info string';

/** A bind parameter: compared with a name it is common and harmless. */
const BIND = ' ?= ?\\$\\d{1,5}(?:[\\s"\']|,<|$)';

/** Each SECRET_NAME holds one of these. */
const NAME = `pass(?:wd|phrase|word(?! authentication failed|${BIND}))|pwd|secret|token(?!${BIND})|account_add|[-_a-oq-z]key`;

/** Every mark. PostgreSQL's own words about a refused password are common and harmless, too. */
const MARK = new RegExp(`${NAME}|${SHAPE}|${PLACE}`, 'i');

/**
 * Four characters of each longer mark: `sswo sswd ssph sshp riza`, `secr toke`, `curl hmac cryp`, `sig= 256$`. Character
 * by character, because V8 skips through a text faster for a few sequences of classes than for a list of words. What the
 * mixture finds too much, MARK sorts out.
 */
const LONG_MARK =
  /[sSrR][sSiI][wWpPzZhH][oOdDhHaApP]|[sStT][eEoO][cCkK][rReE]|[cChH][uUmMrR][rRaAyY][lLcCpP]|[sS2][iI5][gG6][=$]/;

/** Three characters of the others: `pwd md5 _ad`, `key nfo`, `eyJ`, `://`. */
const SHORT_MARK = /[pPmM_][wWdDaA][dD5]|[kKnN][eEfF][yYoO]|eyJ|:\/\//;

/** True when a secret may be in the text; false is certain, also for every substring of it. Linear. */
export function mayHoldSecret(text: string): boolean {
  return (LONG_MARK.test(text) || SHORT_MARK.test(text)) && MARK.test(text);
}
