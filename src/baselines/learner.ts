/**
 * Learns what is ordinary from what was judged: the tables `sightings` and `volumes`, which the views `known_values` and
 * `known_volumes` show.
 *
 * Which records are counted is told by one row: all up to a record id and before a time. It changes in the transaction of
 * the counts, so that each record is counted once, in whatever order records arrive and whenever the process dies. Sessions
 * behind an alert of medium severity and above are left out; if the alert comes later, they are taken back.
 */
import { timestamp } from '../store/rows.ts';
import type { Store, Transaction } from '../store/store.ts';
import { type Changes, findChanges } from './changes.ts';
import { learnableUntil, oldestDay, QUARTER, stretchEnds } from './schedule.ts';
import { baselineSql } from './sql.ts';

const MERGE_SIGHTINGS = baselineSql('merge-sightings');
const MERGE_VOLUMES = baselineSql('merge-volumes');
const MERGE_WITHHELD = baselineSql('merge-withheld');
const RECORDS_PER_MINUTE = baselineSql('records-per-minute');
const FORGET = baselineSql('forget')
  .split(';')
  .filter((statement) => statement.trim() !== '');

/** See the configuration's section `detection.baselines`. */
export interface BaselineSettings {
  /** Days after which a server's baselines are complete. */
  readonly learningDays: number;
  /** Days after which a value is forgotten. */
  readonly memoryDays: number;
}

/** A stretch of time that was learned; times in milliseconds since 1970. */
export interface Learned {
  from: number;
  until: number;
  /** Rows that changed: of values, of volumes, and sessions withheld or given free. */
  sightings: number;
  volumes: number;
  withheld: number;
}

interface Progress {
  lastRecordId: bigint;
  until: number;
}

export class Learner {
  readonly #store: Store;
  readonly #settings: BaselineSettings;
  readonly #now: () => number;
  readonly #mostValues: number | undefined;
  /** Quarter of an hour of the latest horizon. */
  #quarter = Number.NaN;

  private constructor(
    store: Store,
    settings: BaselineSettings,
    now: () => number,
    mostValues: number | undefined,
  ) {
    this.#store = store;
    this.#settings = settings;
    this.#now = now;
    this.#mostValues = mostValues;
  }

  /**
   * @param now the clock, in milliseconds: nothing is learned of what has not happened yet
   * @param mostValues values kept of one entity in one dimension
   */
  static async open(
    store: Store,
    settings: BaselineSettings,
    now: () => number = Date.now,
    mostValues?: number,
  ): Promise<Learner> {
    const { learningDays, memoryDays } = settings;
    await store.transaction((transaction) =>
      transaction.run('UPDATE store.learner SET learning_days = $learningDays, memory_days = $memoryDays', {
        learningDays,
        memoryDays,
      }),
    );
    return new Learner(store, settings, now, mostValues);
  }

  /**
   * Learns what may be learned once everything before `horizon` is judged. Does something only when the horizon has come
   * into a later quarter of an hour than before, so it may be called at every look, whatever late records it goes back for.
   *
   * @param horizon event time, milliseconds
   * @param signal ends it after the stretch that is under way; what is left is learned by the next learner
   */
  async learn(horizon: number, signal?: AbortSignal): Promise<Learned[]> {
    // One line with a time far ahead must not make everything else old.
    const judged = Math.min(horizon, this.#now());
    const quarter = Math.floor(judged / QUARTER);
    if (quarter <= this.#quarter) return [];
    this.#quarter = quarter;
    const [front] = await this.#store.rows<{ record_id: bigint | null }>(
      'SELECT max(record_id) AS record_id FROM store.records',
    );
    if (front?.record_id == null) return [];
    const known = await this.#progress();
    const target = Math.max(known.until, learnableUntil(judged));
    const learned: Learned[] = [];
    for (const until of await this.#ends(known.until, target)) {
      if (signal?.aborted) break;
      learned.push(await this.#step(front.record_id, until));
    }
    return learned;
  }

  /** Ends of the stretches; one at least, for what arrived late for times that are learned already. */
  async #ends(known: number, target: number): Promise<number[]> {
    const from = Math.max(known, oldestDay(target, this.#settings.memoryDays));
    const minutes = await this.#store.rows<{ start: Date; records: bigint }>(RECORDS_PER_MINUTE, {
      from: timestamp(from),
      until: timestamp(target),
    });
    return stretchEnds(
      target,
      minutes.map(({ start, records }) => ({ start: start.getTime(), records: Number(records) })),
    );
  }

  async #progress(): Promise<Progress> {
    const [row] = await this.#store.rows<{ last_record_id: bigint; learned_until: Date }>(
      'SELECT last_record_id, learned_until FROM store.learner',
    );
    return { lastRecordId: row!.last_record_id, until: row!.learned_until.getTime() };
  }

  async #step(lastRecord: bigint, until: number): Promise<Learned> {
    const known = await this.#progress();
    const oldest = oldestDay(until, this.#settings.memoryDays);
    const bounds = { knownRecord: known.lastRecordId, knownUntil: known.until, lastRecord, until, oldest };
    const connection = await this.#store.connect();
    let changes: Changes;
    try {
      changes = await findChanges(connection, bounds, this.#mostValues);
    } finally {
      connection.closeSync();
    }
    await this.#store.transaction((transaction) => save(transaction, changes, lastRecord, until, oldest));
    return { from: known.until, until, ...changes.size };
  }
}

async function save(
  transaction: Transaction,
  { sightings, volumes, withheld }: Changes,
  lastRecord: bigint,
  until: number,
  oldest: number,
): Promise<void> {
  for (const changes of withheld) await transaction.run(MERGE_WITHHELD, { changes });
  for (const changes of sightings) await transaction.run(MERGE_SIGHTINGS, { changes });
  for (const changes of volumes) await transaction.run(MERGE_VOLUMES, { changes });
  for (const statement of FORGET) await transaction.run(statement, { oldest: timestamp(oldest) });
  await transaction.run('UPDATE store.learner SET last_record_id = $lastRecord, learned_until = $until', {
    lastRecord,
    until: timestamp(until),
  });
}
