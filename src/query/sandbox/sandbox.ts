/**
 * Runs other people's SQL in processes of its own: vetted, on a read-only state of the data, within limits of time, memory, rows
 * and bytes. The first step at the time limit is DuckDB's interrupt, the second a kill.
 */
import { PgvigilError } from '../../errors.ts';
import type { Answer, Description, QueryRequest, QueryRunner } from '../query-runner.ts';
import { descriptionShape, doneShape, runningShape } from './protocol.ts';
import { cancelled, END_MS, SandboxAnswer } from './sandbox-answer.ts';
import { SandboxProcess } from './sandbox-process.ts';
import type { States } from './states.ts';

export interface SandboxOptions {
  dataDir: string;
  states: States;
  /** Processes at most, and so queries at a time. */
  processes: number;
  /** What DuckDB may use in each, in MiB; the process takes up to 512 more. */
  memoryMb: number;
}

/** Oldest state that a query gets, milliseconds: what was committed five seconds ago is in the answer. */
const MAX_AGE_MS = 2_000;
/** A state is given back when no query has used it for so long. */
const IDLE_STATE_MS = 10_000;
/** How long a process stays without work: starting one takes half a second. */
const IDLE_PROCESS_MS = 5 * 60_000;
/** After DuckDB was interrupted, until the process is killed; longer than the child waits itself. */
const KILL_AFTER_MS = 3_000;
const OPEN_MS = 120_000;
const DESCRIBE_MS = 15_000;
/** How long a query waits for a process, and how many may wait. */
const QUEUE_MS = 10_000;
const QUEUE_LENGTH = 32;
/** An answer whose reader has rested for so long is ended where others have waited for a while. */
const RESTS_MS = 10_000;
const WAITED_MS = 1_000;

/** One process, with the state that it has open. */
interface Place {
  process: SandboxProcess;
  state: { path: string; takenAt: number } | null;
  busy: boolean;
  /** Under way there. */
  answer: SandboxAnswer | null;
  idle: NodeJS.Timeout | undefined;
}

interface Waiting {
  resolve(place: Place): void;
  reject(error: PgvigilError): void;
  timer: NodeJS.Timeout;
  /** Looks for answers that are left lying. */
  looking: NodeJS.Timeout;
}

export class Sandbox implements QueryRunner {
  readonly #options: SandboxOptions;
  readonly #places = new Set<Place>();
  readonly #waiting: Waiting[] = [];
  #closed = false;

  constructor(options: SandboxOptions) {
    this.#options = options;
  }

  async describe(sql: string): Promise<Description> {
    const place = await this.#place();
    try {
      await this.#refresh(place);
      return await place.process.ask({ do: 'describe', sql }, descriptionShape, DESCRIBE_MS);
    } finally {
      this.#release(place);
    }
  }

  async run(request: QueryRequest, signal?: AbortSignal): Promise<Answer> {
    if (signal?.aborted) throw cancelled();
    const place = await this.#place();
    let answer: SandboxAnswer | undefined;
    const abort = () => {
      if (answer !== undefined) answer.cancel();
      else place.process.ask({ do: 'end' }, doneShape, END_MS).catch(() => undefined); // it is killed then
    };
    try {
      await this.#refresh(place);
      signal?.addEventListener('abort', abort, { once: true });
      if (signal?.aborted) throw cancelled();
      const patienceMs = request.timeoutMs + KILL_AFTER_MS;
      const { columns } = await place.process.ask({ do: 'run', ...request }, runningShape, patienceMs);
      answer = new SandboxAnswer(columns, place.process, patienceMs, () => {
        signal?.removeEventListener('abort', abort);
        this.#release(place);
      });
      place.answer = answer;
      return answer;
    } catch (error) {
      signal?.removeEventListener('abort', abort);
      this.#release(place);
      throw error;
    }
  }

  /** Ends all processes and what runs in them. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const waiting of [...this.#waiting]) this.#taken(waiting).reject(busy('pgvigil stops'));
    for (const place of [...this.#places]) await this.#drop(place);
  }

  /** A process that has nothing to do; waits for one where there are as many as may be. */
  async #place(): Promise<Place> {
    if (this.#closed) throw busy('pgvigil stops');
    for (const place of this.#places) {
      if (place.busy) continue;
      clearTimeout(place.idle);
      if (place.process.isGone) await this.#drop(place);
      else return Object.assign(place, { busy: true });
    }
    if (this.#places.size < this.#options.processes) return this.#start();
    if (this.#waiting.length >= QUEUE_LENGTH) throw busy(`${QUEUE_LENGTH} queries wait already`);
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        resolve,
        reject,
        timer: setTimeout(() => {
          this.#taken(waiting).reject(busy(`${this.#options.processes} queries run already`));
        }, QUEUE_MS),
        looking: setInterval(() => this.#reclaim(), WAITED_MS),
      };
      this.#waiting.push(waiting);
    });
  }

  /** Takes somebody out of the queue. */
  #taken(waiting: Waiting): Waiting {
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
    clearTimeout(waiting.timer);
    clearInterval(waiting.looking);
    return waiting;
  }

  /** Ends the answer that has been left lying longest: a page that nobody turns must not keep all others waiting. */
  #reclaim(): void {
    const lying = [...this.#places].flatMap(({ answer }) => answer ?? []);
    const [longest] = lying.toSorted((a, b) => b.restsMs - a.restsMs);
    if (longest === undefined || longest.restsMs < RESTS_MS) return;
    longest.cancel(busy(`nobody read on for ${RESTS_MS / 1_000} s, and others waited`));
  }

  #start(): Place {
    const process = new SandboxProcess(this.#options.memoryMb);
    const place: Place = { process, state: null, busy: true, answer: null, idle: undefined };
    this.#places.add(place);
    return place;
  }

  /** Lets the process open the newest state, unless the one that it has is new enough. */
  async #refresh(place: Place): Promise<void> {
    const { states, dataDir } = this.#options;
    if (place.state !== null && Date.now() - place.state.takenAt < MAX_AGE_MS) return;
    const takenAt = Date.now();
    const { path, lockedBy } = await states.take(MAX_AGE_MS);
    try {
      await place.process.ask({ do: 'open', dataDir, path }, doneShape, OPEN_MS);
    } catch (error) {
      await states.giveBack(path);
      throw lockedBy !== undefined && isLocked(error) ? lockedBy : error;
    } finally {
      // Opening another has closed it, whether that went well or not.
      if (place.state !== null) await states.giveBack(place.state.path);
      place.state = null;
    }
    place.state = { path, takenAt };
  }

  #release(place: Place): void {
    place.busy = false;
    place.answer = null;
    if (this.#closed || place.process.isGone) {
      void this.#drop(place).then(() => this.#serve());
      return;
    }
    const [next] = this.#waiting;
    if (next !== undefined) {
      this.#taken(next).resolve(Object.assign(place, { busy: true }));
      return;
    }
    const leave = () => void this.#leave(place);
    if (this.#options.states.exclusive) leave();
    else place.idle = setTimeout(leave, IDLE_STATE_MS).unref();
  }

  /** A process has gone: who waits gets a new one. */
  #serve(): void {
    if (this.#closed || this.#places.size >= this.#options.processes) return;
    const [next] = this.#waiting;
    if (next !== undefined) this.#taken(next).resolve(this.#start());
  }

  /** The process closes its database and stays for the next query. */
  async #leave(place: Place): Promise<void> {
    if (place.busy || place.state === null) return;
    const { path } = place.state;
    place.state = null;
    place.busy = true;
    try {
      await place.process.ask({ do: 'leave' }, doneShape, KILL_AFTER_MS);
    } catch {
      // It has died, and the state with it.
    }
    await this.#options.states.giveBack(path);
    place.busy = false;
    if (place.process.isGone || this.#waiting.length > 0) this.#release(place);
    else place.idle = setTimeout(() => void this.#drop(place), IDLE_PROCESS_MS).unref();
  }

  async #drop(place: Place): Promise<void> {
    clearTimeout(place.idle);
    this.#places.delete(place);
    place.process.kill('pgvigil stops');
    if (place.state !== null) await this.#options.states.giveBack(place.state.path);
    place.state = null;
  }
}

function isLocked(error: unknown): boolean {
  return error instanceof PgvigilError && error.code === 'DATA_LOCKED';
}

function busy(why: string): PgvigilError {
  return new PgvigilError('QUERY_BUSY', `the query could not be run now: ${why}`, 'Try again in a moment.');
}
