/**
 * Finds the `log_line_prefix` of a server from lines that no known prefix explains. What a client sends is in those
 * lines too, and most of them may be a flood of failed logins: a prefix is believed only when lines that the server
 * itself wrote prove it (`proof.ts`).
 */
import type { UnexplainedLine } from '../../model/unexplained-line.ts';
import { KNOWN_PREFIXES } from './catalogue.ts';
import { inferPrefixes } from './inference.ts';
import { provePrefix } from './proof.ts';

export interface FoundPrefix {
  server: string;
  format: string;
  /** Lines looked at, and how many of them the prefix explains. */
  lines: number;
  explained: number;
}

export interface FinderLimits {
  /** Lines that wait per server; the oldest go first. */
  lines: number;
  /** Servers that wait; the one that was silent longest goes first. */
  servers: number;
  /** Characters kept of a message: a prefix and the start of its text. */
  messageLength: number;
}

const LIMITS: FinderLimits = { lines: 400, servers: 64, messageLength: 2048 };

/** Lines before the first try, and between the first tries. */
const STEP = 20;

interface Waiting {
  lines: UnexplainedLine[];
  /** Lines since the beginning, and at which of them the next try is due. */
  seen: number;
  due: number;
}

export class PrefixFinder {
  readonly #limits: FinderLimits;
  readonly #waiting = new Map<string, Waiting>();

  constructor(limits: FinderLimits = LIMITS) {
    this.#limits = limits;
  }

  /** Takes a line in. Returns the server's prefix as soon as it is certain, and forgets the server's lines then. */
  observe(line: UnexplainedLine): FoundPrefix | null {
    const { server } = line;
    const waiting = this.#waiting.get(server) ?? { lines: [], seen: 0, due: STEP };
    this.#waiting.delete(server);
    this.#waiting.set(server, waiting);
    if (this.#waiting.size > this.#limits.servers) this.#waiting.delete(this.#waiting.keys().next().value!);
    waiting.lines.push({ ...line, message: startOf(line.message, this.#limits.messageLength) });
    if (waiting.lines.length > this.#limits.lines) waiting.lines.shift();
    if (++waiting.seen < waiting.due) return null;
    // Each try costs as much as there are lines: they get rarer.
    waiting.due += Math.max(STEP, Math.min(waiting.seen, this.#limits.lines) / 2);
    const found = findPrefix(server, waiting.lines);
    if (found !== null) this.#waiting.delete(server);
    return found;
  }

  /** How many lines of a server wait for a prefix. */
  pending(server: string): number {
    return this.#waiting.get(server)?.lines.length ?? 0;
  }
}

/** The start of a text, as a copy: a slice would keep the whole text in memory. */
function startOf(text: string, length: number): string {
  return text.length <= length ? text : Buffer.from(text.slice(0, length), 'utf16le').toString('utf16le');
}

/** Of the prefixes that are proven the one that names most, and explains most. */
function findPrefix(server: string, lines: readonly UnexplainedLine[]): FoundPrefix | null {
  let best: FoundPrefix | null = null;
  const consider = (format: string, isKnown: boolean): void => {
    const { explained, isProven } = provePrefix(format, lines, isKnown);
    if (isProven && (best === null || isBetter(format, explained, best)))
      best = { server, format, lines: lines.length, explained };
  };
  for (const format of KNOWN_PREFIXES) consider(format, true);
  for (const format of inferPrefixes(lines)) {
    consider(format, false);
    // By its form an address may be the server's own as well as the client's.
    if (!/%-?\d*h/.test(format)) consider(format.replace(/%(-?\d*)L/, '%$1h'), false);
  }
  return best;
}

function isBetter(format: string, explained: number, best: FoundPrefix): boolean {
  const more = namesIn(format) - namesIn(best.format);
  return more > 0 || (more === 0 && explained > best.explained);
}

/** How many of user, database, application, client and session a prefix names. */
function namesIn(format: string): number {
  return new Set(format.match(/%-?\d*[udahrcs]/g)?.map((found) => found.slice(-1))).size;
}
