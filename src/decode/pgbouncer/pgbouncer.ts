/**
 * Lines of the built-in PgBouncer (category PostgreSQLFlexPGBouncer):
 * `2026-07-14 04:52:31.761 UTC [1] LOG C-0x55fdcb116670: db/user@203.0.113.7:41234 text`.
 *
 * Sources: `src/util.c` (log_socket_prefix), `client.c`, `objects.c`, `admin.c` of PgBouncer 1.12 to 1.25 and
 * `usual/logging.c` of libusual. Names are neither quoted nor escaped, and are the client's choice before it has proved
 * anything: a database name has up to 63 bytes, a user name up to 127. What a line says of a client is therefore taken
 * from it only if it can be read in one way. A line break in a name becomes line break + TAB, so it forges no second
 * line; but what collects the log by lines cuts the first one there, and its beginning may be forged.
 *
 * No version logs a sign-in that succeeded (`logged in` is a debug line), so there is no `authorized` event.
 */
import type { ConnectionEvent } from '../../model/fact.ts';
import { connectionEvent } from '../connection/connection-line.ts';
import { isKnownReason, readClosing } from './closing.ts';
import { readLoginAttempt } from './login.ts';

export interface PgBouncerLine {
  /** As logged: `2026-07-14 04:52:31.761 UTC`. */
  time: string | null;
  /** Process id inside its container. */
  pid: number | null;
  /** LOG, WARNING, ERROR, FATAL, … */
  level: string | null;
  /** Text after the level, with the connection that it speaks of. */
  text: string;
  user: string | null;
  database: string | null;
  /** Address of the client, `[local]` for a unix socket; null for connections to the server (`S-0x…`). */
  client: string | null;
  /**
   * Client connection: `pgbouncer/<pointer>/<address>:<port>`, `pgbouncer/<pointer>/unix(<pid>):<port>`. PgBouncer uses
   * a pointer again for a later connection, so address and port are part of it; even so a client that connects often
   * meets its own port again, about once in 28,000 connections, and a program on a unix socket its own pid: a `received`
   * begins a new connection. Null for other lines, and for unix sockets whose peer PgBouncer does not see (`unix:6432`):
   * nothing tells their connections apart.
   */
  sessionId: string | null;
  fact: ConnectionEvent | null;
}

const HEAD =
  /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? [A-Z+\-0-9]{2,6}) \[(\d{1,10})\] ([A-Z]{3,10}) (?:([CS])-(0x[0-9a-f]{1,16}): )?/;

/** The end of `db/user@address:port `, as PgBouncer writes it. */
const PEER = /@(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9A-Fa-f:.]{2,45}\]|unix(?:\(\d{1,10}\))?):(\d{1,5}) /g;

const CLOSING = 'closing because: ';
const AGE = / \(age=(\d{1,12})s\)$/;

/** More places than this that look like an address are somebody's game, and not worth the time. */
const MOST_PEERS = 16;

/** One way to read the line: who, and the words after it. */
interface Reading {
  /** `db/user`. */
  names: string;
  address: string;
  port: string;
  words: string;
}

/** Reads a PgBouncer line; one of another form keeps its whole text and nothing else. */
export function readPgBouncer(log: string): PgBouncerLine {
  const line: PgBouncerLine = {
    time: null,
    pid: null,
    level: null,
    text: log,
    user: null,
    database: null,
    client: null,
    sessionId: null,
    fact: null,
  };
  const head = HEAD.exec(log);
  if (head === null) return line;
  const [whole, time, pid, level, side, pointer] = head;
  line.time = time!;
  line.pid = Number(pid);
  line.level = level!;
  line.text = side === undefined ? log.slice(whole.length) : log.slice(whole.length - pointer!.length - 4);
  if (side === undefined) return line;
  const rest = log.slice(whole.length);
  const reading = onlyReading(readingsOf(rest), level!);
  if (reading === null) {
    if (side === 'C' && level === 'LOG') line.fact = namelessRefusal(rest);
    return line;
  }
  nameLine(line, reading.names);
  if (side === 'S') return line;
  const unix = reading.address.startsWith('unix');
  line.client = unix ? '[local]' : reading.address.replace(/^\[|\]$/g, '');
  if (reading.address !== 'unix') line.sessionId = `pgbouncer/${pointer}/${reading.address}:${reading.port}`;
  if (level === 'LOG') line.fact = factOf(reading, line, unix ? null : Number(reading.port));
  return line;
}

function readingsOf(rest: string): Reading[] {
  const readings: Reading[] = [];
  let peers = 0;
  for (const peer of rest.matchAll(PEER)) {
    if (++peers > MOST_PEERS) return [];
    const names = rest.slice(0, peer.index);
    const words = rest.slice(peer.index + peer[0].length);
    if (names.includes('/') || /^peer-\d{1,10}$/.test(names))
      readings.push({ names, address: peer[1]!, port: peer[2]!, words });
  }
  return readings;
}

/**
 * The reading that is right for certain. Where several addresses stand in the line, those count whose words PgBouncer
 * writes at level LOG: the right one is always among them. Other levels have too many wordings to choose.
 */
function onlyReading(readings: readonly Reading[], level: string): Reading | null {
  if (readings.length < 2) return readings[0] ?? null;
  if (level !== 'LOG') return null;
  const possible = readings.filter(isLogWording);
  return possible.length === 1 ? possible[0]! : null;
}

/**
 * Every text of level LOG about a client that PgBouncer 1.12 to 1.25 has (`slog_info`), with what holds for its names.
 * Reasons of the server that are not known do not count: they come after the password was accepted, and if they did, any
 * client could hide its address behind a database named `x/y@192.0.2.1:1 closing because: z`.
 */
function isLogWording({ names, words }: Reading): boolean {
  if (words.startsWith('login attempt: db=')) return readLoginAttempt(names, words) !== null;
  if (words.startsWith(CLOSING)) {
    const age = AGE.exec(words.slice(-32));
    return age !== null && isKnownReason(words.slice(CLOSING.length, words.length - age[0].length));
  }
  // These are written before the connection has a pool or a user.
  const early = names.startsWith('(nodb)/') || names.endsWith('/(nouser)');
  return early && EARLY.some((start) => words.startsWith(start));
}

const EARLY = [
  'login failed: db=',
  'no such user: ',
  'registered new auto-database: ',
  'pgbouncer access from unix socket',
] as const;

/** `db/user`: null stays for a placeholder, and for both when a name holds a slash. */
function nameLine(line: PgBouncerLine, names: string): void {
  const slash = names.indexOf('/');
  if (slash < 0 || names.includes('/', slash + 1)) return;
  const database = names.slice(0, slash);
  const user = names.slice(slash + 1);
  if (user !== '(nouser)') line.user = user || null;
  if (database !== '(nodb)') line.database = database || null;
}

/** The event of the one certain reading; the line learns the names that a login attempt repeats. */
function factOf(
  { names, words }: Reading,
  line: PgBouncerLine,
  clientPort: number | null,
): ConnectionEvent | null {
  const fact = words.startsWith('login attempt: ') ? attemptOf(names, words, line) : closingOf(words, names);
  if (fact === null) return null;
  fact.user = line.user;
  fact.database = line.database;
  fact.client = line.client;
  fact.clientPort = clientPort;
  return fact;
}

function attemptOf(names: string, words: string, line: PgBouncerLine): ConnectionEvent {
  const fact = connectionEvent('received');
  const attempt = readLoginAttempt(names, words);
  if (attempt === null) return fact;
  line.user = attempt.user;
  line.database = attempt.database;
  fact.tls = attempt.tls;
  fact.tlsVersion = attempt.tlsVersion;
  fact.replication = attempt.replication;
  return fact;
}

/** `closing because: REASON (age=Ns)`, without the names. */
function closingOf(words: string, names: string): ConnectionEvent | null {
  const age = words.startsWith(CLOSING) ? AGE.exec(words.slice(-32)) : null;
  if (age === null) return null;
  const reason = words.slice(CLOSING.length, words.length - age[0].length);
  return readClosing(reason, Number(age[1]), {
    beforeStartup: names.endsWith('/(nouser)'),
    unserved: names.startsWith('(nodb)/'),
  });
}

/**
 * Where it is not certain who the line speaks of, its last words still say that somebody was refused: names must not
 * hide that a password was wrong. An end of an unknown connection says nothing.
 */
function namelessRefusal(rest: string): ConnectionEvent | null {
  const start = rest.lastIndexOf(CLOSING);
  const fact = start < 0 ? null : closingOf(rest.slice(start), '');
  return fact?.event === 'disconnected' ? null : fact;
}
