/** A simulated server: plays recorded sessions at other times, for other people, under new process and session ids. */
import { type AzureRecord, envelopeOf, type RecordProperties } from '../../fixtures/recorder/envelope.ts';
import type { Random } from './random.ts';
import { statementNumber, type Transcript, type TranscriptLine } from './transcripts.ts';

/** One line that the server logs. */
export interface LogLine {
  time: number;
  server: string;
  pid: number;
  session: string;
  /** What follows the prefix. */
  text: string;
  /** Level, SQLSTATE and all that is not in the message. */
  properties: RecordProperties;
  /** Position in its session. */
  number: number;
}

/** Who plays a session, where it is not the one who was recorded. */
export interface Actor {
  user?: string;
  client?: string;
  application?: string;
  /** Other literals for a statement. */
  vary?: (text: string) => string;
  /** Other numbers of rows, by this factor. */
  rows?: number;
}

const ROWS = /,(\d+)$/;
const FIRST_PID = 300;
const LAST_PID = 30_000;

/** Time stamp and prefix are those of the line; the rest stands in the record as it was recorded. */
export function recordOf({ time, server, pid, session, text, properties, number }: LogLine): AzureRecord {
  const stamp = new Date(time).toISOString();
  const [day, clock] = [stamp.slice(0, 10), stamp.slice(11, 23)];
  const { errorLevel, sqlerrcode, backend_type, detail, hint, query, context, statement } = properties;
  return envelopeOf(
    {
      ...{ timestamp: `${day} ${clock} UTC`, pid, session_id: session, line_num: number },
      ...{ error_severity: errorLevel, state_code: sqlerrcode, backend_type, message: '' },
      ...(detail !== undefined && { detail }),
      ...(hint !== undefined && { hint }),
      ...(query !== undefined && { internal_query: query }),
      ...(context !== undefined && { context }),
      ...(statement !== undefined && { statement }),
    },
    `${day} ${clock.slice(0, 8)} UTC-${session}-${text}`,
    '/datadrive/pg/data',
    server,
  );
}

/** A session that stays open: pieces are played in it as they come. */
export class OpenSession {
  readonly #server: SimulatedServer;
  readonly #transcript: Transcript;
  readonly #actor: Actor;
  readonly #began: number;
  readonly #pid: number;
  readonly #id: string;
  readonly #port: number;
  #lines = 0;
  #statements = 0;
  #last: number;

  constructor(
    server: SimulatedServer,
    transcript: Transcript,
    at: number,
    actor: Actor,
    pid: number,
    port: number,
  ) {
    this.#server = server;
    this.#transcript = transcript;
    this.#actor = actor;
    this.#began = at;
    this.#last = at;
    this.#pid = pid;
    this.#port = port;
    this.#id = `${Math.floor(at / 1_000).toString(16)}.${pid.toString(16)}`;
    for (const line of transcript.opening) this.#write(line, at + line.after, this.#introduced(line.text));
  }

  /** Plays lines from `at` on, or right behind what is still going on. Gives the time of the last one. */
  run(lines: readonly TranscriptLine[], at: number): number {
    const from = Math.max(at, this.#last + 1);
    const base = this.#statements;
    const first = lines.map(({ text }) => statementNumber(text)).find((number) => number !== null) ?? 1;
    for (const line of lines) {
      const number = statementNumber(line.text);
      if (number === null) {
        this.#write(line, from + line.after, line.text);
        continue;
      }
      const renumbered = Math.max(base + number - first + 1, 1);
      this.#statements = Math.max(this.#statements, renumbered);
      this.#write(line, from + line.after, this.#audited(line.text, number, renumbered));
    }
    return this.#last;
  }

  /** The session ends, with the FATAL line of its transcript if that has one. */
  end(at: number): void {
    const time = Math.max(at, this.#last + 1);
    for (const line of this.#transcript.closing) this.#write(line, time, this.#introduced(line.text, time));
  }

  /** Everything that was recorded, from beginning to end. */
  playAll(): void {
    const { middle, closing } = this.#transcript;
    if (middle.length > 0) {
      const began = middle[0]!.after;
      this.run(
        middle.map((line) => ({ ...line, after: line.after - began })),
        this.#began + began,
      );
    }
    this.end(this.#began + (closing[0]?.after ?? 0));
  }

  #write({ properties }: TranscriptLine, time: number, text: string): void {
    this.#lines += 1;
    this.#last = Math.max(this.#last, time);
    const line = { time, server: this.#server.name, pid: this.#pid, session: this.#id, text, properties };
    this.#server.lines.push({ ...line, number: this.#lines });
  }

  /** A line of the connection, with the actor's names in it. */
  #introduced(text: string, time = this.#began): string {
    const { user, client, application } = this.#transcript;
    const actor = this.#actor;
    let changed = text.replace(/ port=\d+/, ` port=${this.#port}`);
    if (actor.client !== undefined) changed = changed.replaceAll(`host=${client}`, `host=${actor.client}`);
    if (actor.user !== undefined)
      changed = changed
        .replaceAll(`user=${user} `, `user=${actor.user} `)
        .replaceAll(`"${user}"`, `"${actor.user}"`);
    if (actor.application !== undefined)
      changed = changed.replace(`application_name=${application} `, `application_name=${actor.application} `);
    return changed.replace(/session time: \S+/, `session time: ${lasted(time - this.#began)}`);
  }

  #audited(text: string, number: number, renumbered: number): string {
    const { vary, rows } = this.#actor;
    let changed = text.replace(`AUDIT: SESSION,${number},`, `AUDIT: SESSION,${renumbered},`);
    if (vary !== undefined) changed = vary(changed);
    if (rows === undefined) return changed;
    return changed.replace(ROWS, (_, count: string) =>
      Number(count) < 10 ? `,${count}` : `,${Math.round(Number(count) * rows)}`,
    );
  }
}

/** `26:03:04.005`, as PostgreSQL prints how long a session was (pgstat log_disconnections: hours are not cut off). */
function lasted(milliseconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const seconds = milliseconds / 1_000;
  const rest = String(milliseconds % 1_000).padStart(3, '0');
  return `${Math.floor(seconds / 3_600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}.${rest}`;
}

export class SimulatedServer {
  readonly name: string;
  /** In the order in which they were played. */
  readonly lines: LogLine[] = [];
  readonly #random: Random;
  #pid = FIRST_PID;

  constructor(name: string, random: Random) {
    this.name = name;
    this.#random = random;
  }

  open(transcript: Transcript, at: number, actor: Actor = {}): OpenSession {
    this.#pid += this.#random.whole(1, 9);
    if (this.#pid > LAST_PID) this.#pid = FIRST_PID;
    const port = this.#random.whole(32_768, 60_999);
    return new OpenSession(this, transcript, Math.round(at), actor, this.#pid, port);
  }

  /** Plays a whole session. */
  visit(transcript: Transcript, at: number, actor: Actor = {}): void {
    this.open(transcript, at, actor).playAll();
  }

  /** A line of the server itself. */
  say(text: string, at: number, properties: RecordProperties): void {
    const session = `${Math.floor(at / 86_400_000).toString(16)}.1`;
    this.lines.push({ time: at, server: this.name, pid: 1, session, text, properties, number: 1 });
  }
}
