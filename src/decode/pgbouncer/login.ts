/**
 * `login attempt: db=D user=U tls=TLSv1.3/CIPHER|no[ replication=no|yes|database]` (PgBouncer src/client.c,
 * finish_set_pool; `replication=` since 1.23). PgBouncer writes it when it knows user and database, before it asks for a
 * password.
 */

/** What a login attempt says of the client. */
export interface LoginAttempt {
  user: string | null;
  database: string | null;
  tls: boolean;
  /** TLSv1.3, … */
  tlsVersion: string | null;
  replication: boolean;
}

const START = 'login attempt: db=';

/** The end of the line is PgBouncer's own: protocol, cipher and key exchange, at most 95 characters (`infobuf`). */
const END = / tls=([!-~]{0,95})(?: replication=(no|yes|database))?$/;
const END_LENGTH = 128;

/** A database name has up to 63 bytes, a user name up to 127, and a line break in them takes two. */
const MOST_NAMES = 400;

/**
 * Reads the words of a login attempt against the names in front of it: the line gives both names twice, as `D/U` and as
 * `db=D user=U`, and they must agree. This settles names that hold a separator.
 *
 * @param names `D/U`; `(nodb)/U` where PgBouncer serves no such pair
 * @returns null when the words have another form or the names do not agree
 */
export function readLoginAttempt(names: string, words: string): LoginAttempt | null {
  if (!words.startsWith(START) || names.length > MOST_NAMES) return null;
  const end = END.exec(words.slice(-END_LENGTH));
  if (end === null) return null;
  const pair = agree(names, words.slice(START.length, words.length - end[0].length));
  if (pair === null) return null;
  const tls = end[1]!;
  const slash = tls.indexOf('/');
  return {
    ...pair,
    tls: tls !== 'no',
    tlsVersion: tls === 'no' || slash <= 0 ? null : tls.slice(0, slash),
    replication: end[2] === 'yes' || end[2] === 'database',
  };
}

/** The one pair of names that gives both `D/U` (or `(nodb)/U`) and `D user=U`; null when there is none, or another. */
function agree(names: string, words: string): { user: string | null; database: string | null } | null {
  let pair: { user: string | null; database: string | null } | null = null;
  for (let slash = names.indexOf('/'); slash >= 0; slash = names.indexOf('/', slash + 1)) {
    const user = names.slice(slash + 1);
    if (!words.endsWith(` user=${user}`)) continue;
    const database = words.slice(0, words.length - user.length - ' user='.length);
    const front = names.slice(0, slash);
    if (front !== database && front !== '(nodb)') continue;
    if (pair !== null) return null;
    pair = { user: user || null, database: database || null };
  }
  return pair;
}
