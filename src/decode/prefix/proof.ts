/** Holds a candidate for `log_line_prefix` against lines of one server. */
import type { UnexplainedLine } from '../../model/unexplained-line.ts';
import { compilePrefix, type PrefixPattern, type PrefixReading, valueAt } from './prefix.ts';
import { searchPrefix } from './search.ts';
import { isBackground, levelWord, readWitness, textAfter, type Witness } from './witness.ts';

export interface Proof {
  /** Lines that the prefix explains. */
  explained: number;
  /** No line contradicts it, it explains nearly all, and each of its names is the session's. */
  isProven: boolean;
}

const LEAST_LINES = 20;
const LEAST_SESSIONS = 3;
const LEAST_APPLICATIONS = 2;
const LEAST_SHARE = 0.95;
/** Beyond this the prefix has another meaning than time and session of the line, milliseconds. */
const TIME_RANGE = 3_600_000;
/** Two lines this far apart, in milliseconds, show whether a time is the line's or its session's start. */
const TELLING_DISTANCE = 2_000;
/** Lines after which a candidate that explains hardly any is given up. */
const FIRST_LOOK = 20;

/** What each name of the prefix is, as its label says it: `user=%u`, `db-%d`, `app: %a`. */
const LABELS: Readonly<Record<string, RegExp>> = {
  u: /(?:user|usr|username|role|login|\bu)\W{0,3}%-?\d*u/i,
  d: /(?:db|database|dbname|datname|\bd)\W{0,3}%-?\d*d|%u@%d/i,
  a: /(?:app|appname|application|application_name|program|\ba)\W{0,3}%-?\d*a/i,
};

/** A label at the end of literal text, of the escape that follows. */
const LABEL = /\w+\W?[=:-]\W{0,2}$/;

/** A name in literal text: the user, database or client of all lines so far, not a part of the prefix. */
const LITERAL_NAME = /(?:user|usr|role|db|database|app|application|client|host)\w{0,9}\W{0,2}[=:-]\s?[\w.]/i;

/** @param isKnown the prefix is a common one, not made up from these lines */
export function provePrefix(format: string, lines: readonly UnexplainedLine[], isKnown: boolean): Proof {
  const trial = new Trial(compilePrefix(format), isKnown);
  for (const [index, line] of lines.entries()) {
    trial.hear(line);
    if (trial.isContradicted || (index + 1 === FIRST_LOOK && trial.explained < FIRST_LOOK / 2)) break;
  }
  return { explained: trial.explained, isProven: trial.isProven(lines.length) };
}

class Trial {
  explained = 0;
  isContradicted = false;
  private readonly pattern: PrefixPattern;
  private unbranched = 0;
  private readonly sessions = new Set<number>();
  /** Sessions that confirmed a name, by its escape. */
  private readonly confirmed: Readonly<Record<string, Set<number>>> = {
    u: new Set(),
    d: new Set(),
    a: new Set(),
  };
  /** First line of each process: its time, and what `%t` and `%s` printed. */
  private readonly firsts = new Map<number, { time: number; t: string | null; s: string | null }>();
  private readonly timed = { t: false, s: false };
  private readonly names = new Set<string>();
  private readonly applications = new Set<string>();
  /** The server's own address was another than the client's. */
  private isLocalTold = false;
  private readonly isKnown: boolean;

  constructor(pattern: PrefixPattern, isKnown: boolean) {
    this.pattern = pattern;
    this.isKnown = isKnown;
  }

  isProven(lines: number): boolean {
    if (this.isContradicted || this.explained < lines * LEAST_SHARE) return false;
    if (this.unbranched < LEAST_LINES || this.sessions.size < LEAST_SESSIONS) return false;
    const { slots, format, session } = this.pattern;
    const isNamed = (letter: string): boolean =>
      slots[letter] === undefined || LABELS[letter]!.test(format) || this.confirmed[letter]!.size >= 2;
    if (!['u', 'd', 'a'].every(isNamed)) return false;
    // An address is the client's until a line tells that it is not.
    if (!this.isKnown && slots.L !== undefined && !this.isLocalTold) return false;
    // `[unknown]` alone does not show whether the application name is padded.
    if (!this.isKnown && slots.a !== undefined && this.applications.size < LEAST_APPLICATIONS) return false;
    // Without %c the session id is made of %s: what looks like %t must not be %s, nor the other way round.
    if (session < 0 && ((slots.t !== undefined && !this.timed.t) || (slots.s !== undefined && !this.timed.s)))
      return false;
    return !this.holdsName();
  }

  /** A literal that names somebody is that of the only one so far. */
  private holdsName(): boolean {
    return this.pattern.tokens.some(
      ({ letter, literal }) =>
        letter === '' &&
        (LITERAL_NAME.test(literal) ||
          literal
            .replace(LABEL, '')
            .split(/[^\w.-]+/)
            .some((word) => this.names.has(word))),
    );
  }

  hear(line: UnexplainedLine): void {
    const word = levelWord(line);
    if (word === null) return;
    const readings = searchPrefix(this.pattern, line.message, word);
    if (readings === null) return;
    const reading = readings.reading(readings.ends);
    const value = (letter: string): string | null => {
      const slot = this.pattern.slots[letter];
      return slot === undefined ? null : valueAt(line.message, reading, slot);
    };
    if (this.isImpossible(line, reading, value)) {
      // Where a client's text leaves several readings, a wrong value is the client's.
      if (readings.ends.length === 1) this.isContradicted = true;
      return;
    }
    const names = ['u', 'd', 'a', 'h']
      .filter((letter) => this.pattern.slots[letter] !== undefined)
      .map(value);
    const witness = isBackground(line) ? null : readWitness(line, textAfter(line.message, reading.end, word));
    if (witness !== null && readings.ends.length === 1) {
      // Plain names are read for certain by the right format. One that leaves blanks on a name misses its padding.
      if (names.includes(null)) return;
      if (!this.isKnown && names.some((name) => /^ | $/.test(name!))) this.isContradicted = true;
    }
    this.explained++;
    if (readings.ends.length > 1) return;
    this.unbranched++;
    const application = value('a');
    if (application && application !== '[unknown]') this.applications.add(application);
    if (line.pid !== null) {
      this.sessions.add(line.pid);
      this.compareTimes(line.pid, line.eventTime, value('t'), value('s'));
    }
    if (isBackground(line)) {
      if (names.some((name) => name) || value('i')) this.isContradicted = true;
    } else if (witness !== null) this.askWitness(line, witness, value);
  }

  private isImpossible(
    line: UnexplainedLine,
    reading: PrefixReading,
    value: (letter: string) => string | null,
  ): boolean {
    const session = valueAt(line.message, reading, this.pattern.session);
    const pid = value('p');
    if (line.pid !== null) {
      if (session !== null && Number.parseInt(session.slice(session.indexOf('.') + 1), 16) !== line.pid)
        return true;
      if (pid !== null && Number(pid) !== line.pid) return true;
    }
    const sqlstate = value('e');
    if (sqlstate !== null && line.sqlstate !== null && sqlstate !== line.sqlstate) return true;
    const type = value('b');
    if (type !== null && line.backendType !== null && type !== line.backendType) return true;
    const time = value('m') ?? value('t');
    const moment = time?.endsWith(' UTC')
      ? Date.parse(`${time.slice(0, -4).replace(' ', 'T')}Z`)
      : line.eventTime;
    return Math.abs(moment - line.eventTime) > TIME_RANGE;
  }

  private compareTimes(pid: number, time: number, t: string | null, s: string | null): void {
    const first = this.firsts.get(pid);
    if (first === undefined) {
      this.firsts.set(pid, { time, t, s });
      return;
    }
    if (Math.abs(time - first.time) < TELLING_DISTANCE) return;
    if (t !== null && first.t !== null) {
      if (t === first.t) this.isContradicted = true;
      this.timed.t = true;
    }
    if (s !== null && s === first.s) this.timed.s = true;
    // Another session with the same process id starts later than any line of the first.
    else if (s !== null && first.s !== null && startOf(s) < first.time - TELLING_DISTANCE)
      this.isContradicted = true;
  }

  private askWitness(
    line: UnexplainedLine,
    witness: Witness,
    value: (letter: string) => string | null,
  ): void {
    const { kind, user, database, host, port } = witness;
    const agree = (letter: string, expected: string): void => {
      const found = value(letter);
      if (found !== null && found !== expected) this.isContradicted = true;
    };
    if (kind === 'received') for (const letter of ['u', 'd', 'a']) agree(letter, '[unknown]');
    if (kind === 'authorized') agree('a', '[unknown]');
    if (user !== null) agree('u', user);
    if (database !== null) agree('d', database);
    if (host !== null) {
      agree('h', host);
      if ((value('L') ?? host) !== host) this.isLocalTold = true;
      if (port !== null) agree('r', `${host}(${port})`);
    }
    for (const name of [user, database, host]) if (name !== null) this.names.add(name);
    // A role with a database of its name does not tell the two apart.
    if (line.pid === null || user === null || user === database) return;
    this.confirmed.u!.add(line.pid);
    if (database !== null) this.confirmed.d!.add(line.pid);
    if (kind === 'authorized') this.confirmed.a!.add(line.pid);
  }
}

function startOf(start: string): number {
  return Date.parse(`${start.slice(0, 19).replace(' ', 'T')}Z`);
}
