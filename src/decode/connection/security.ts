/**
 * The end of an `authorized` line: ` SSL enabled (…)`, ` GSS (…)` (PostgreSQL: PerformAuthentication in
 * src/backend/utils/init/postinit.c).
 */

const SSL = ' SSL enabled (protocol=';
const GSS = ' GSS (';
/** Longer than any such end: a principal of Kerberos is the only part without a limit of its own. */
const TAIL = 1024;

/** Where the names of an `authorized` line end, and what follows them. */
export interface Security {
  /** Length of the text without the end about encryption. */
  end: number;
  tls: boolean;
  /** TLSv1.3, … */
  tlsVersion: string | null;
}

/**
 * Finds the end about encryption. Fields that a version adds inside the brackets, or groups ` NAME (…)` that it adds
 * behind TLS, belong to it too.
 *
 * A client that connects without encryption can end its application name with the same text, and the line alone does not
 * tell. For this reason the principal of GSS is not taken for an identity: `connection authenticated` has the true one.
 */
export function readSecurity(text: string): Security {
  if (text.charCodeAt(text.length - 1) !== 0x29) return { end: text.length, tls: false, tlsVersion: null };
  const ssl = text.lastIndexOf(SSL);
  if (ssl >= 0 && text.length - ssl <= TAIL) {
    const version = versionAt(text, ssl + SSL.length);
    const close = text.indexOf(')', ssl);
    if (version !== null && (close === text.length - 1 || hasOnlyGroups(text, close + 1)))
      return { end: ssl, tls: true, tlsVersion: version };
  }
  const gss = text.lastIndexOf(GSS);
  const isGss =
    gss >= 0 &&
    text.length - gss <= TAIL &&
    (text.startsWith('authenticated=', gss + GSS.length) ||
      text.startsWith('encrypted=', gss + GSS.length)) &&
    hasOnlyGroups(text, gss);
  return { end: isGss ? gss : text.length, tls: false, tlsVersion: null };
}

/** The protocol in front of `, cipher=`; null where it is not one word. */
function versionAt(text: string, start: number): string | null {
  const comma = text.indexOf(', cipher=', start);
  if (comma < 0 || comma === start || comma - start > 16) return null;
  const version = text.slice(start, comma);
  return /[\s,()]/.test(version) ? null : version;
}

/** True when everything from `start` on is ` NAME (…)` once or more. */
function hasOnlyGroups(text: string, start: number): boolean {
  return /^(?: [A-Z][A-Za-z0-9]{0,15}(?: [a-z]{1,15})? \([^()]{0,1000}\))+$/.test(text.slice(start));
}
