/**
 * What detectors read, kept in memory beside the store, so that a look costs what arrived and not what is stored.
 *
 * - `activity` and `errors`: what is to be judged now.
 * - `notable_activity`: it, and what is remembered of before: `memoryMs`, and a day for changes of objects and roles.
 * - `activity_minutes`, `relations_touched`: of all activities, `memoryMs` back. `audit_gaps`: of sessions, from the first look on.
 * - `sessions`, `sign_ins`, `pooler_clients`: of two days, and of every session that did something in them.
 *
 * The other views are those of the store. All of it is made from the store and can be thrown away at any time.
 */
import { readFileSync } from 'node:fs';
import type { DuckDBConnection } from '@duckdb/node-api';
import { packagePath } from '../paths.ts';
import { publicViews } from '../query/guard.ts';
import { timestamp } from '../store/rows.ts';
import type { Store } from '../store/store.ts';
import { minutesOf, slicesOf } from './slices.ts';

/** What one look judges: activities of a span of event time that changed since the last one. Times in milliseconds. */
export interface Slice {
  /** Exclusive and inclusive. */
  from: number;
  to: number;
  /** What is later was never judged. */
  watermark: number;
  /** Last record that had arrived at the last look. */
  judged: bigint;
}

const HOUR = 3_600_000;
/** How long changes of objects and roles are remembered. */
export const DAY_MEMORY_MS = 24 * HOUR;
/** How long sessions and sign-ins are remembered, after the last that was heard of them. */
export const SIGN_IN_MEMORY_MS = 49 * HOUR;
/** So late may a record come until all has to be read anew. */
const SLACK_MS = HOUR;
/** Texts that are kept at most. Above they are looked up anew. */
const MAX_TEXTS = 500_000;
/** How much event time passes until tables are written anew. */
const COMPACT_EVERY = HOUR;

/** Detectors that run side by side. Most look at little, and keep one thread busy. */
const LANES = 2;

/** View files that are created in more than the store. */
const TOLD_VIEWS = ['00-functions', '01-sessions', '02-sign-ins'];
const ARRIVED_VIEWS = ['03-activity', '05-records', '12-relations-touched'];
const COUNTED_VIEWS = ['12-activity-minutes'];
const WORKING_VIEWS = ['00-functions', '06-errors', '11-pooler-clients'];
const OWN = new Set([
  'activity',
  'activity_minutes',
  'audit_gaps',
  'errors',
  'notable_activity',
  'pooler_clients',
  'records',
  'relations_touched',
  'sessions',
  'sign_ins',
]);

const STEPS = [
  'attach',
  'tell',
  'meet',
  'recall',
  'know',
  'retell',
  'pick',
  'take',
  'note',
  'count',
  'touch',
  'number',
  'gaps',
  'forget',
  'compact',
] as const;
const SQL = Object.fromEntries(
  STEPS.map((name) => [name, readFileSync(packagePath(`queries/working-set/${name}.sql`), 'utf8')]),
) as Record<(typeof STEPS)[number], string>;

/** The working set of a store is made once. */
const ofStores = new WeakMap<Store, Promise<WorkingSet>>();

/**
 * The working set of a store; it goes when the store is closed.
 *
 * @param memoryMs how far back notable activities have to be remembered at least, milliseconds
 */
export async function workingSetOf(store: Store, memoryMs: number): Promise<WorkingSet> {
  let opening = ofStores.get(store);
  if (opening === undefined) {
    opening = WorkingSet.open(store);
    ofStores.set(store, opening);
  }
  const set = await opening;
  set.remember(memoryMs);
  return set;
}

export class WorkingSet {
  readonly #store: Store;
  readonly #connection: DuckDBConnection;
  /** What detectors run on, beside one another. */
  readonly #readers: readonly DuckDBConnection[];
  #memoryMs = HOUR;
  /** Last record that was taken in. */
  #known = -1n;
  /** Last record of the look that is under way. */
  #front = -1n;
  /** Whether something was ever put into it. */
  #isUsed = false;
  /** Where the last look ended. */
  #place: { judged: bigint; watermark: number } | null = null;
  /** Event time from which everything that is remembered is complete. */
  #completeFrom = 0;
  #compactedAt = 0;

  private constructor(store: Store, connection: DuckDBConnection, readers: readonly DuckDBConnection[]) {
    this.#store = store;
    this.#connection = connection;
    this.#readers = readers;
  }

  static async open(store: Store): Promise<WorkingSet> {
    const connection = await store.connect();
    const readers = [
      connection,
      ...(await Promise.all(Array.from({ length: LANES - 1 }, () => store.connect()))),
    ];
    const set = new WorkingSet(store, connection, readers);
    store.beforeClose(() => set.#close());
    await set.#attach();
    return set;
  }

  /** A connection that detectors run on; their views are found without a prefix. */
  get connection(): DuckDBConnection {
    return this.#connection;
  }

  /** All of them, for detectors that run side by side. */
  get connections(): readonly DuckDBConnection[] {
    return this.#readers;
  }

  /** Makes notable activities be remembered for at least this long, milliseconds. */
  remember(memoryMs: number): void {
    this.#memoryMs = Math.max(this.#memoryMs, memoryMs);
  }

  /**
   * Takes in what arrived up to the record `front`. Event times in milliseconds.
   *
   * @param since from where will be judged
   * @param watermark up to where was judged before
   * @param judged last record that had arrived by then
   */
  async advance(look: { since: number; watermark: number; judged: bigint; front: bigint }): Promise<void> {
    const isNext =
      this.#place?.judged === look.judged &&
      this.#place.watermark === look.watermark &&
      look.since - this.#memoryMs >= this.#completeFrom;
    if (!isNext) await this.#startFrom(look);
    else await this.#tell(look.front);
    this.#place = null; // until a whole look is over, nobody knows what of it was remembered
    this.#front = look.front;
  }

  /** Makes `activity` what is to be judged of a slice, and remembers it. */
  async take(slice: Slice): Promise<void> {
    await this.#take(slice, this.#front);
    await this.#forget(slice.from);
  }

  /** A look is over: all up to `watermark` was taken. */
  done(watermark: number): void {
    this.#place = { judged: this.#front, watermark };
  }

  /** Reads what is remembered anew from the store: of what was judged before. */
  async #startFrom(look: { since: number; watermark: number; judged: bigint; front: bigint }): Promise<void> {
    if (this.#isUsed) {
      await this.#detach();
      await this.#attach();
    }
    this.#isUsed = true;
    const from = look.since - this.#memoryMs;
    this.#known = -1n;
    this.#completeFrom = from;
    this.#compactedAt = look.since;
    await this.#set({
      lines_from: timestamp(look.since - SIGN_IN_MEMORY_MS - SLACK_MS),
      runs_from: timestamp(from),
    });
    await this.#tell(look.front);
    if (look.watermark <= from) return;
    const span = { from, to: look.watermark };
    const minutes = await minutesOf(this.#store, span, {
      front: look.judged,
      judged: look.judged,
      watermark: from,
    });
    for (const slice of slicesOf(span, minutes))
      await this.#take({ ...slice, judged: look.judged, watermark: from }, look.judged);
  }

  async #close(): Promise<void> {
    await this.#detach().catch(() => undefined);
    for (const connection of this.#readers) connection.closeSync();
  }

  async #attach(): Promise<void> {
    const connection = this.#connection;
    const views = await publicViews(connection);
    await connection.run(SQL.attach);
    await this.#createViews('told', TOLD_VIEWS);
    await connection.run('CREATE TABLE working.main.sessions AS FROM told.main.sessions LIMIT 0');
    await connection.run('CREATE TABLE working.main.sign_ins AS FROM told.main.sign_ins LIMIT 0');
    await connection.run('CREATE VIEW arrived.main.sessions AS FROM working.main.sessions');
    await this.#createViews('arrived', ARRIVED_VIEWS);
    await connection.run('CREATE TABLE working.main.activity AS FROM arrived.main.activity LIMIT 0');
    await connection.run('CREATE TABLE working.main.notable_activity AS FROM arrived.main.activity LIMIT 0');
    await connection.run(
      'CREATE TABLE working.main.relations_touched AS FROM arrived.main.relations_touched LIMIT 0',
    );
    await connection.run('CREATE VIEW counted.main.sessions AS FROM working.main.sessions');
    await this.#createViews('counted', COUNTED_VIEWS);
    await connection.run(
      'CREATE TABLE working.main.activity_minutes AS FROM counted.main.activity_minutes LIMIT 0',
    );
    await connection.run(SQL.gaps);
    await connection.run('CREATE VIEW working.main.records AS FROM arrived.main.records');
    await this.#createViews('working', WORKING_VIEWS);
    for (const view of views.filter((name) => !OWN.has(name)))
      await connection.run(`CREATE VIEW working.main."${view}" AS FROM pgvigil.main."${view}"`);
    for (const reader of this.#readers) await reader.run('USE working');
  }

  async #createViews(database: string, files: readonly string[]): Promise<void> {
    await this.#connection.run(`USE ${database}`);
    for (const file of files)
      await this.#connection.run(readFileSync(packagePath(`queries/views/${file}.sql`), 'utf8'));
  }

  async #detach(): Promise<void> {
    for (const reader of this.#readers) await reader.run('USE pgvigil');
    await this.#connection.run(
      'DETACH DATABASE IF EXISTS working; DETACH DATABASE IF EXISTS counted; DETACH DATABASE IF EXISTS arrived; DETACH DATABASE IF EXISTS told',
    );
  }

  async #tell(front: bigint): Promise<void> {
    await this.#set({ known: this.#known, front });
    this.#known = front;
    await this.#connection.run(SQL.tell);
    await this.#connection.run(SQL.recall);
    await this.#connection.run(SQL.know);
    await this.#connection.run(SQL.retell);
  }

  async #take(slice: Slice, front: bigint): Promise<void> {
    await this.#set({
      slice_from: timestamp(slice.from),
      slice_to: timestamp(slice.to),
      watermark: timestamp(slice.watermark),
      judged: slice.judged,
      slice_front: front,
    });
    await this.#connection.run(SQL.pick);
    await this.#connection.run(SQL.meet);
    if (await this.#meetsStrangers()) await this.#connection.run(SQL.recall);
    await this.#connection.run(SQL.know);
    const ended = await Promise.allSettled([
      this.#runSteps(this.#connection, ['take', 'note', 'count']),
      this.#runSteps(this.#readers.at(-1)!, ['touch', 'number']),
    ]);
    // Not before both are over: whoever hears of a failure may throw the set away.
    for (const end of ended) if (end.status === 'rejected') throw end.reason;
  }

  async #runSteps(connection: DuckDBConnection, steps: readonly (typeof STEPS)[number][]): Promise<void> {
    for (const step of steps) await connection.run(SQL[step]);
  }

  async #meetsStrangers(): Promise<boolean> {
    const reader = await this.#connection.runAndReadAll('SELECT count(*) FROM told.main.sessions_told');
    return reader.value(0, 0) !== 0n;
  }

  /** Forgets what no window reaches that begins at `from` or later. */
  async #forget(from: number): Promise<void> {
    const reach = from - this.#memoryMs - SLACK_MS;
    const signInReach = from - SIGN_IN_MEMORY_MS - SLACK_MS;
    await this.#set({
      forget_before: timestamp(reach),
      forget_changes_before: timestamp(from - DAY_MEMORY_MS - SLACK_MS),
      forget_sessions_before: timestamp(signInReach),
    });
    await this.#connection.run(SQL.forget);
    this.#completeFrom = Math.max(this.#completeFrom, reach);
    if (from - this.#compactedAt < COMPACT_EVERY) return;
    this.#compactedAt = from;
    await this.#connection.run(SQL.compact);
    await this.#set({ lines_from: timestamp(signInReach) });
    await this.#connection.run(
      `CREATE OR REPLACE TABLE arrived.store.statements AS FROM arrived.store.statements
       WHERE (SELECT count(*) FROM arrived.store.statements) <= ${MAX_TEXTS}`,
    );
  }

  /** Views that detectors read ask for these as well, and each connection has its own. */
  async #set(values: Record<string, bigint | ReturnType<typeof timestamp>>): Promise<void> {
    const literal = (value: bigint | ReturnType<typeof timestamp>) =>
      typeof value === 'bigint' ? String(value) : `TIMESTAMP '${value}'`;
    const sql = Object.entries(values).map(([name, value]) => `SET VARIABLE ${name} = ${literal(value)};`);
    for (const reader of this.#readers) await reader.run(sql.join('\n'));
  }
}
