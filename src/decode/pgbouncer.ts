/**
 * Lines of the built-in PgBouncer (category PostgreSQLFlexPGBouncer):
 * `2026-07-14 04:52:31.761 UTC [1] LOG C-0x55fdcb116670: db/user@203.0.113.7:41234 text`.
 * They have no session id (`%c`) and cannot be joined to server sessions one to one, so they carry no fact.
 */

export interface PgBouncerLine {
  /** Text after the level, with the connection that it speaks of. */
  text: string;
  level: string | null;
  pid: number | null;
  time: string | null;
  user: string | null;
  database: string | null;
  client: string | null;
}

const LINE = /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(?:\.\d{1,6})? [A-Z]{2,6}) \[(\d{1,10})\] ([A-Z]{3,10}) /;

/** Names that hold one of the separators are left out: PgBouncer does not quote them. */
const PEER =
  /^[CS]-0x[0-9a-f]{1,16}: ([^\s/@]{1,63})\/([^\s/@]{1,63})@(unix|[^\s/@]{1,255}?)(?:\(\d{1,10}\))?:\d{1,5} /;

/** Reads a PgBouncer line; one of another form keeps its whole text and nothing else. */
export function readPgBouncer(line: string): PgBouncerLine {
  const head = LINE.exec(line);
  if (head === null)
    return { text: line, level: null, pid: null, time: null, user: null, database: null, client: null };
  const text = line.slice(head[0].length);
  const peer = PEER.exec(text);
  const known = (name: string | undefined): string | null =>
    name === undefined || /^\(no(?:db|user)\)$/.test(name) ? null : name;
  return {
    text,
    level: head[3]!,
    pid: Number(head[2]),
    time: head[1]!,
    database: known(peer?.[1]),
    user: known(peer?.[2]),
    client: known(peer?.[3]) === 'unix' ? '[local]' : known(peer?.[3]),
  };
}
