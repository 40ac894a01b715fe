/** What one signed-in client has set up: its transaction, settings and cursors. Nothing of it changes any data. */
import type { Description, QueryParameters, QueryRunner } from '../query/query-runner.ts';
import type { Column } from '../query/result.ts';
import { complaint, parameterStatus, type TransactionStatus } from './backend.ts';
import type { CatalogRunner, CatalogSession } from './catalog/catalog-runner.ts';
import { asksCatalog } from './catalog/gate.ts';
import { type Running, runningAnswer, unlessAborted } from './running.ts';
import { DATABASE, Settings } from './settings.ts';
import { SqlError } from './sql-error.ts';
import type { Statement } from './statement.ts';
import type { PgType } from './types/pg-type.ts';

export interface Limits {
  rows: number;
  bytes: number;
  timeoutMs: number;
}

export interface SessionOptions {
  user: string;
  pid: number;
  runner: QueryRunner;
  catalog: CatalogRunner;
  limits: Limits;
  /** Sends a message beside the answer: a notice, a changed setting. */
  tell: (message: Buffer) => void;
}

/** A statement of the extended protocol. */
export interface Prepared {
  /** Null: the text says nothing. */
  statement: Statement | null;
  parameters: readonly { oid: number; type: PgType | null }[];
  /** Null: it returns no rows. */
  columns: readonly Column[] | null;
}

/** A query that DECLARE named. */
interface Cursor {
  running: Running;
  /** It outlives its transaction (WITH HOLD). */
  held: boolean;
}

/** Each holds a query open. */
const MAX_CURSORS = 16;
const MAX_SAVEPOINTS = 1_000;

export class Session {
  readonly user: string;
  readonly pid: number;
  readonly settings = new Settings();
  readonly prepared = new Map<string, Prepared>();
  readonly cursors = new Map<string, Cursor>();
  readonly #options: SessionOptions;
  #status: TransactionStatus = 'I';
  #savepoints: string[] = [];

  constructor(options: SessionOptions) {
    this.user = options.user;
    this.pid = options.pid;
    this.#options = options;
  }

  get status(): TransactionStatus {
    return this.#status;
  }

  begin(): void {
    if (this.#status === 'T') this.warn('25001', 'there is already a transaction in progress');
    else this.settings.keep();
    this.#status = 'T';
  }

  /** @returns false when it was rolled back: it had failed, or this is asked for */
  end(rollback: boolean): boolean {
    if (this.#status === 'I') this.warn('25P01', 'there is no transaction in progress');
    const committed = this.#status !== 'E' && !rollback;
    if (!committed && this.#status !== 'I') this.#restoreSettings();
    this.#status = 'I';
    this.#savepoints = [];
    for (const [name, { held }] of this.cursors) if (!held || !committed) this.closeCursor(name);
    return committed;
  }

  /** A statement failed: in a transaction nothing goes on but its end. */
  fail(): void {
    if (this.#status === 'T') this.#status = 'E';
  }

  savepoint(name: string): void {
    this.#needTransaction('SAVEPOINT');
    if (this.#savepoints.length >= MAX_SAVEPOINTS) throw new SqlError('53400', 'too many savepoints');
    this.#savepoints.push(name);
  }

  /** RELEASE takes a savepoint away with those after it; ROLLBACK TO those after it. */
  backTo(name: string, release: boolean): void {
    this.#needTransaction(release ? 'RELEASE SAVEPOINT' : 'ROLLBACK TO SAVEPOINT');
    const at = this.#savepoints.lastIndexOf(name);
    if (at === -1) throw new SqlError('3B001', `savepoint "${name}" does not exist`);
    this.#savepoints.length = release ? at : at + 1;
    if (!release) this.#status = 'T';
  }

  set(name: string, value: string | null): void {
    const { reported, inert } = this.settings.set(name, value);
    if (reported !== undefined) this.#options.tell(parameterStatus(...reported));
    if (inert !== undefined) this.warn('01000', inert);
  }

  warn(code: string, message: string, severity: 'WARNING' | 'NOTICE' = 'WARNING'): void {
    this.#options.tell(complaint({ severity, code, message }));
  }

  declare(name: string, running: Running, held: boolean): void {
    this.cursors.set(name, { running, held });
  }

  /** @throws SqlError before a query is started for a cursor that cannot be had */
  checkCursor(name: string, held: boolean): void {
    if (!held) this.#needTransaction('DECLARE CURSOR');
    if (this.cursors.has(name)) throw new SqlError('42P03', `cursor "${name}" already exists`);
    if (this.cursors.size >= MAX_CURSORS)
      throw new SqlError('53400', `a session has at most ${MAX_CURSORS} cursors`);
  }

  closeCursor(name: string): void {
    const cursor = this.cursors.get(name);
    if (cursor === undefined) throw new SqlError('34000', `cursor "${name}" does not exist`);
    this.cursors.delete(name);
    cursor.running.close();
  }

  async describe({ sql, tokens }: Statement): Promise<Description> {
    const catalog = asksCatalog(sql, tokens)
      ? await this.#options.catalog.describe(sql, this.#catalogSession())
      : null;
    return catalog ?? (await this.#options.runner.describe(sql));
  }

  /** Starts a query of the data or of the catalogs. */
  async query(
    { sql, tokens }: Statement,
    parameters: QueryParameters,
    signal: AbortSignal,
  ): Promise<Running> {
    const { runner, catalog, limits } = this.#options;
    const own = this.settings.statementTimeoutMs;
    const request = {
      sql,
      ...(Object.keys(parameters).length > 0 && { parameters }),
      limitRows: limits.rows,
      limitBytes: limits.bytes,
      timeoutMs: own > 0 ? Math.min(own, limits.timeoutMs) : limits.timeoutMs,
    };
    const started = (async () => {
      const answer = asksCatalog(sql, tokens)
        ? await catalog.run(request, this.#catalogSession(), signal)
        : null;
      return answer ?? (await runner.run(request, signal));
    })();
    try {
      return runningAnswer(await unlessAborted(started, signal));
    } catch (error) {
      // An answer that comes after all belongs to nobody.
      started.then((answer) => answer.close()).catch(() => undefined);
      throw error;
    }
  }

  close(): void {
    for (const { running } of this.cursors.values()) running.close();
    this.cursors.clear();
  }

  #catalogSession(): CatalogSession {
    return {
      user: this.user,
      database: DATABASE,
      pid: this.pid,
      settings: Object.fromEntries(this.settings.all()),
    };
  }

  #restoreSettings(): void {
    const before = new Map(this.settings.reported());
    this.settings.restore();
    for (const [name, value] of this.settings.reported()) {
      if (before.get(name) !== value) this.#options.tell(parameterStatus(name, value));
    }
  }

  #needTransaction(command: string): void {
    if (this.#status === 'I')
      throw new SqlError('25P01', `${command} can only be used in transaction blocks`);
  }
}
