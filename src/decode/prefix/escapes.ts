/**
 * What each escape of `log_line_prefix` prints (PostgreSQL manual, "Error Reporting and Logging"; process_log_prefix_padding
 * and log_status_format in src/backend/utils/error/elog.c, versions 11 to 18).
 */

/** Where the escape's text that begins at `at` ends; -1 when no text of this escape begins there. */
export type Scan = (text: string, at: number) => number;

/** Whether an escape's text can hold this UTF-16 code unit. */
export type Allows = (code: number) => boolean;

/** Escapes whose text has a shape of its own, and thus one end. */
export const SHAPED: Readonly<Record<string, Scan>> = {
  t: (text, at) => zoneEnd(text, timeEnd(text, at)),
  m: (text, at) => zoneEnd(text, millisecondsEnd(text, timeEnd(text, at))),
  s: (text, at) => zoneEnd(text, timeEnd(text, at)),
  n: (text, at) => millisecondsEnd(text, digitsEnd(text, at, 1, 12)),
  c: sessionEnd,
  p: (text, at) => digitsEnd(text, at, 1, 10),
  // Leader of a parallel worker, since 14.
  P: (text, at) => digitsEnd(text, at, 0, 10),
  l: (text, at) => digitsEnd(text, at, 1, 20),
  x: (text, at) => digitsEnd(text, at, 1, 20),
  // Query id, since 14.
  Q: (text, at) => digitsEnd(text, text.charCodeAt(at) === MINUS ? at + 1 : at, 1, 20),
  e: sqlstateEnd,
  // Virtual transaction: `3/2`; empty for processes without one.
  v: virtualTransactionEnd,
  r: remoteEnd,
};

/** Escapes that end where the rest of the prefix fits, with the characters that they can hold; null for any. */
export const SEARCHED: Readonly<Record<string, Allows | null>> = {
  u: null,
  d: null,
  a: null,
  h: isHostCode,
  // Local address, since 18; before it prints nothing.
  L: isHostCode,
  // Backend type, since 13; extensions name their own.
  b: isPrintable,
  // Command tag, or what the process title says instead.
  i: isPrintable,
};

const SPACE = 0x20;
const MINUS = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const COLON = 0x3a;

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isUpper(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

/** Code units of `%e`: digits and upper-case letters. */
export function isSqlstateCode(code: number): boolean {
  return isDigit(code) || isUpper(code);
}

function isHex(code: number): boolean {
  return isDigit(code) || (code >= 0x61 && code <= 0x66);
}

/** Addresses, host names, IPv6 zones, `[local]`, `[none]`. */
function isHostCode(code: number): boolean {
  if (isDigit(code) || isUpper(code) || (code >= 0x61 && code <= 0x7a)) return true;
  return code === DOT || code === COLON || code === MINUS || '_%[]'.includes(String.fromCharCode(code));
}

function isPrintable(code: number): boolean {
  return code >= SPACE && code !== 0x7f;
}

function digitsEnd(text: string, at: number, least: number, most: number): number {
  if (at < 0) return -1;
  let end = at;
  while (end < at + most && isDigit(text.charCodeAt(end))) end++;
  return end - at < least ? -1 : end;
}

/** `2026-07-02 03:00:06`. */
function timeEnd(text: string, at: number): number {
  for (let i = 0; i < 19; i++) {
    const code = text.charCodeAt(at + i);
    const isRight =
      i === 4 || i === 7
        ? code === MINUS
        : i === 10
          ? code === SPACE
          : i === 13 || i === 16
            ? code === COLON
            : isDigit(code);
    if (!isRight) return -1;
  }
  return at + 19;
}

/** `.467`. */
function millisecondsEnd(text: string, at: number): number {
  return at >= 0 && text.charCodeAt(at) === DOT ? digitsEnd(text, at + 1, 3, 3) : -1;
}

/** ` UTC`, another abbreviation, or an offset. UTC, Azure's only zone, first: a level word may be glued to it. */
function zoneEnd(text: string, at: number): number {
  if (at < 0 || text.charCodeAt(at) !== SPACE) return -1;
  if (text.startsWith('UTC', at + 1)) return at + 4;
  const sign = text.charCodeAt(at + 1);
  if (sign === MINUS || sign === 0x2b) {
    const hours = digitsEnd(text, at + 2, 2, 2);
    if (hours < 0) return -1;
    const minutes = digitsEnd(text, text.charCodeAt(hours) === COLON ? hours + 1 : hours, 2, 2);
    return minutes < 0 ? hours : minutes;
  }
  let end = at + 1;
  while (end < at + 7 && isUpper(text.charCodeAt(end))) end++;
  return end < at + 3 ? -1 : end;
}

/** Start of the session in seconds and process id, both in hexadecimal: `6a45d422.1513f3`. */
function sessionEnd(text: string, at: number): number {
  let dot = at;
  while (dot < at + 16 && isHex(text.charCodeAt(dot))) dot++;
  if (dot === at || text.charCodeAt(dot) !== DOT) return -1;
  let end = dot + 1;
  while (end < dot + 9 && isHex(text.charCodeAt(end))) end++;
  return end === dot + 1 ? -1 : end;
}

function sqlstateEnd(text: string, at: number): number {
  for (let i = 0; i < 5; i++) if (!isSqlstateCode(text.charCodeAt(at + i))) return -1;
  return at + 5;
}

function virtualTransactionEnd(text: string, at: number): number {
  const slash = digitsEnd(text, text.charCodeAt(at) === MINUS ? at + 1 : at, 1, 10);
  if (slash < 0 || text.charCodeAt(slash) !== SLASH) return at;
  const end = digitsEnd(text, slash + 1, 1, 10);
  return end < 0 ? at : end;
}

/** `127.0.0.1(59192)`, `[local]`, or nothing for a background process. */
function remoteEnd(text: string, at: number): number {
  if (text.startsWith('[local]', at)) return at + 7;
  let open = at;
  while (open < at + 255 && isHostCode(text.charCodeAt(open))) open++;
  if (open === at || text[open] !== '(') return at;
  const close = digitsEnd(text, open + 1, 1, 5);
  return close >= 0 && text[close] === ')' ? close + 1 : at;
}
