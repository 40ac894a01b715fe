/** Writes log lines with any log_line_prefix the way PostgreSQL does: what each escape prints, at which line of a session. */
import type { UnexplainedLine } from '../../../src/model/unexplained-line.ts';

/** Numbers in [0, below), the same for the same seed. */
export function numbersFrom(seed: number): (below: number) => number {
  let state = seed >>> 0 || 1;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state % below;
  };
}

/** Who and what a line is of. Empty names: a background process. */
export interface Session {
  pid: number;
  /** Milliseconds. */
  start: number;
  user: string;
  database: string;
  application: string;
  host: string;
  port: number;
}

export interface Moment {
  time: number;
  level: string;
  sqlstate: string;
  text: string;
  backendType: string;
  lineNumber: number;
  title: string;
  virtualTransaction: string;
  transaction: string;
  queryId: string;
}

export interface ServerLine extends UnexplainedLine {
  session: Session;
  text: string;
}

const clock = (time: number): string => new Date(time).toISOString().replace('T', ' ');
const seconds = (time: number): string => `${clock(time).slice(0, 19)} UTC`;

function printed(letter: string, session: Session, at: Moment): string {
  const isClient = session.user !== '';
  const id = `${Math.floor(session.start / 1000).toString(16)}.${session.pid.toString(16)}`;
  const values: Record<string, string> = {
    a: session.application,
    u: session.user,
    d: session.database,
    r: !isClient || session.host === '[local]' ? session.host : `${session.host}(${session.port})`,
    h: session.host,
    L: isClient ? '10.0.0.4' : '[none]',
    b: at.backendType,
    p: `${session.pid}`,
    P: '',
    t: seconds(at.time),
    m: `${clock(at.time).slice(0, 23)} UTC`,
    n: `${Math.floor(at.time / 1000)}.${`${at.time % 1000}`.padStart(3, '0')}`,
    i: isClient ? at.title : '',
    e: at.sqlstate,
    c: id,
    l: `${at.lineNumber}`,
    s: seconds(session.start),
    v: isClient ? at.virtualTransaction : '',
    x: at.transaction,
    Q: at.queryId,
  };
  return values[letter] ?? '';
}

/** `log_line_prefix` as printed. */
export function printPrefix(format: string, session: Session, at: Moment): string {
  let text = '';
  for (const [part, width, letter] of format.matchAll(/%(-?\d*)([\s\S])|[^%]+/g)) {
    if (letter === undefined) text += part;
    else if (letter === '%') text += '%';
    else if (letter === 'q') {
      if (session.user === '') break;
    } else {
      const value = printed(letter, session, at);
      const columns = Number(width) || 0;
      text += columns > 0 ? value.padStart(columns) : value.padEnd(-columns);
    }
  }
  return text;
}

/** One server with a prefix, and its lines so far. */
export class PrefixServer {
  readonly lines: ServerLine[] = [];
  private readonly format: string;
  private readonly random: (below: number) => number;
  private time = Date.UTC(2026, 6, 2, 3, 0, 0);
  private pid = 18_000;
  private readonly background: Session[];

  constructor(format: string, seed: number) {
    this.format = format;
    this.random = numbersFrom(seed);
    const none = { user: '', database: '', application: '', host: '', port: 0 };
    this.background = [201, 202, 203].map((pid) => ({ ...none, pid, start: this.time - 86_400_000 }));
  }

  write(session: Session, level: string, text: string, more: Partial<Moment> = {}): void {
    this.time += this.random(1500);
    const lineNumber = this.lines.filter((line) => line.session.pid === session.pid).length + 1;
    const moment: Moment = {
      time: this.time,
      level,
      sqlstate: level === 'LOG' ? '00000' : '28P01',
      text,
      backendType: 'client backend',
      lineNumber,
      title: 'idle',
      virtualTransaction: '3/0',
      transaction: '0',
      queryId: '0',
      ...more,
    };
    this.lines.push({
      server: 'srv1',
      message: `${printPrefix(this.format, session, moment)}${level}:  ${text}`,
      eventTime: moment.time,
      level,
      sqlstate: moment.sqlstate,
      pid: session.pid,
      backendType: moment.backendType,
      session,
      text,
    });
  }

  checkpoint(): void {
    const which = this.random(3);
    const backendType = ['checkpointer', 'autovacuum launcher', 'pg_cron launcher'][which]!;
    this.write(this.background[which]!, 'LOG', 'checkpoint starting: time', { backendType });
  }

  /** A connection up to its authorization. */
  open(user: string, database: string, host: string): Session {
    this.pid += 1 + this.random(40);
    const port = 40_000 + this.random(20_000);
    const start = this.time + 1;
    const unknown = '[unknown]';
    const early = {
      pid: this.pid,
      start,
      user: unknown,
      database: unknown,
      application: unknown,
      host,
      port,
    };
    const from = host === '[local]' ? `host=${host}` : `host=${host} port=${port}`;
    this.write(early, 'LOG', `connection received: ${from}`, {
      backendType: 'not initialized',
      title: 'initializing',
      virtualTransaction: '',
    });
    return { ...early, user, database };
  }

  /** An ordinary session, from start to end. */
  session(user: string, database: string, application: string, host: string): void {
    const early = this.open(user, database, host);
    const title = 'authentication';
    const method = 'method=scram-sha-256 (/datadrive/pg/data/pg_hba.conf:29)';
    this.write(early, 'LOG', `connection authenticated: identity="${user}" ${method}`, { title });
    const tls = 'SSL enabled (protocol=TLSv1.3, cipher=TLS_AES_256_GCM_SHA384, bits=256)';
    const named = application === '[unknown]' ? '' : ` application_name=${application}`;
    this.write(early, 'LOG', `connection authorized: user=${user} database=${database}${named} ${tls}`, {
      title,
    });
    const session = { ...early, application };
    for (let n = 1; n <= this.random(4); n++)
      this.write(session, 'LOG', `AUDIT: SESSION,${n},1,WRITE,UPDATE,,,update t set a = ${n},<not logged>`, {
        title: 'UPDATE',
        virtualTransaction: `3/${n}`,
        transaction: `${700 + this.random(90)}`,
        queryId: `${this.random(2) === 0 ? '-' : ''}${1_000_000 + this.random(9_000_000)}`,
      });
    if (this.random(4) === 0)
      this.write(session, 'ERROR', 'permission denied for table t', { sqlstate: '42501', title: 'SELECT' });
    const from = host === '[local]' ? `host=${host}` : `host=${host} port=${early.port}`;
    const gone = `user=${user} database=${database} ${from}`;
    this.write(session, 'LOG', `disconnection: session time: 0:00:00.${100 + this.random(900)} ${gone}`);
  }

  /** A login with a wrong password; the names may be anything. */
  fail(user: string, database: string, host: string): void {
    const early = this.open(user, database, host);
    this.write(early, 'FATAL', `password authentication failed for user "${user.replaceAll('\n', '\n\t')}"`, {
      title: 'authentication',
    });
  }
}
