/** A query of somebody: it ends once, whatever ends it, and then goes to the audit. */
import type { QueryEntry } from '../access/access.ts';
import { messageOf, PgvigilError } from '../errors.ts';
import type { Answer, QueryRequest, QueryRunner } from '../query/query-runner.ts';
import type { Column } from '../query/result.ts';
import type { Cell } from '../query/values.ts';

export interface Asking {
  runner: QueryRunner;
  request: QueryRequest;
  user: string;
  client: string;
  /** Text of the audit. */
  sql: string;
  onQuery(entry: QueryEntry): void;
}

export class AskedQuery {
  readonly #asking: Asking;
  readonly #startedAt = Date.now();
  readonly #control = new AbortController();
  #answer: Answer | null = null;
  #rows: AsyncIterator<Cell[]> | null = null;
  /** Read, and not yet taken; null: there are no more. */
  #ahead: Cell[] | null | undefined;
  #taken = 0;
  #ended = false;

  private constructor(asking: Asking) {
    this.#asking = asking;
  }

  /**
   * Runs it up to its first row, so that most of what can go wrong does before anything is sent.
   *
   * @param gone ends it
   * @throws PgvigilError QUERY_REFUSED, QUERY_FAILED, QUERY_BUSY
   */
  static async start(asking: Asking, gone: AbortSignal): Promise<AskedQuery> {
    const query = new AskedQuery(asking);
    const release = query.endWith(gone);
    try {
      await query.#run();
      await query.#peek();
      return query;
    } finally {
      release();
    }
  }

  get columns(): readonly Column[] {
    return this.#answer!.columns;
  }

  /** Rows that were taken. */
  get taken(): number {
    return this.#taken;
  }

  /** Known when the rows are at their end. */
  get cut(): Answer['cut'] {
    return this.#answer!.cut;
  }

  /** Ends it when `gone` aborts. @returns what calls that off */
  endWith(gone: AbortSignal): () => void {
    const leave = () => this.cancel('its client has gone');
    if (gone.aborted) leave();
    gone.addEventListener('abort', leave, { once: true });
    return () => gone.removeEventListener('abort', leave);
  }

  /** @throws PgvigilError QUERY_FAILED */
  async next(): Promise<Cell[] | null> {
    const row = await this.#peek();
    if (row === null) return null;
    this.#ahead = undefined;
    this.#taken += 1;
    return row;
  }

  /** Whether there are no more rows. @throws PgvigilError QUERY_FAILED */
  async isAtEnd(): Promise<boolean> {
    return (await this.#peek()) === null;
  }

  async *rows(): AsyncGenerator<Cell[]> {
    for (let row = await this.next(); row !== null; row = await this.next()) yield row;
  }

  /** @param why it was not read to its end */
  cancel(why: string): void {
    if (this.#ended) return;
    this.#end(`QUERY_FAILED: cancelled: ${why}`);
    this.#control.abort();
    this.#answer?.close();
  }

  async #run(): Promise<void> {
    const { runner, request } = this.#asking;
    this.#answer = await this.#guarded(() => runner.run(request, this.#control.signal));
    this.#rows = this.#answer.rows[Symbol.asyncIterator]();
    if (!this.#control.signal.aborted) return;
    this.#answer.close();
    throw cancelled();
  }

  async #peek(): Promise<Cell[] | null> {
    if (this.#ahead !== undefined) return this.#ahead;
    const { done, value } = await this.#guarded(() => this.#rows!.next());
    this.#ahead = done ? null : value;
    if (done) this.#end(null);
    return this.#ahead;
  }

  async #guarded<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      this.#end(error instanceof PgvigilError ? `${error.code}: ${error.message}` : messageOf(error));
      this.#answer?.close();
      throw this.#control.signal.aborted ? cancelled() : error;
    }
  }

  #end(error: string | null): void {
    if (this.#ended) return;
    this.#ended = true;
    const { user, client, sql, onQuery } = this.#asking;
    const ms = Date.now() - this.#startedAt;
    onQuery({ user, via: 'api', client, sql, startedAt: this.#startedAt, rows: this.#taken, ms, error });
  }
}

function cancelled(): PgvigilError {
  return new PgvigilError('QUERY_FAILED', 'the query was cancelled', 'Run it again.');
}
