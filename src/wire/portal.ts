/** A statement that was given its parameters: it runs when it is asked for rows, as many at a time as are asked for. */
import type { Column } from '../query/result.ts';
import {
  commandComplete,
  complaint,
  copyData,
  copyDone,
  copyOut,
  portalSuspended,
  rowDescription,
} from './backend.ts';
import type { Channel } from './channel.ts';
import { copyLine } from './copy.ts';
import { fieldsOf, formatsFor, rowEncoder, textEncoder } from './encoder.ts';
import { type Running, unlessAborted } from './running.ts';
import { SqlError } from './sql-error.ts';

export interface PortalOptions {
  start: (signal: AbortSignal) => Promise<Running>;
  /** The columns that the client was told of; null: it is told when the rows come. */
  told: readonly Column[] | null;
  /** Formats of the columns, as Bind has them. */
  formats: readonly number[];
  limits: { rows: number; bytes: number };
}

export class Portal {
  readonly #options: PortalOptions;
  readonly #ending = new AbortController();
  #running: Running | null = null;
  #encode: ((cells: Parameters<ReturnType<typeof rowEncoder>>[0]) => Buffer) | null = null;
  #rows = 0;
  #isDone = false;

  constructor(options: PortalOptions) {
    this.#options = options;
  }

  /** Rows that were sent so far. */
  get rows(): number {
    return this.#rows;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /**
   * Sends rows, at most `limit` where it is not 0, and what comes behind them.
   *
   * @throws SqlError, PgvigilError, Gone
   */
  async execute(channel: Channel, limit: number): Promise<void> {
    if (this.#isDone) {
      channel.send(commandComplete(this.#running!.tag(0)));
      return;
    }
    const running = this.#running ?? (await this.#start(channel));
    for (let count = 0; limit === 0 || count < limit; count++) {
      const { done, value } = await unlessAborted(running.rows.next(), this.#ending.signal);
      if (done) return this.#finish(channel, running);
      if (this.#encode !== null) await channel.sendPatiently(this.#encode(value));
      this.#rows += 1;
    }
    channel.send(portalSuspended());
  }

  /** Ends what runs, with this as the reason. */
  cancel(reason: SqlError): void {
    this.#ending.abort(reason);
    this.#running?.close();
  }

  close(): void {
    if (!this.#isDone) this.cancel(new SqlError('57014', 'the statement was closed'));
    this.#running?.close();
  }

  async #start(channel: Channel): Promise<Running> {
    const { start, told, formats } = this.#options;
    const running = await start(this.#ending.signal);
    this.#running = running;
    const { columns, copy } = running;
    if (columns === null) return running;
    if (copy !== undefined) {
      const toText = textEncoder(columns);
      channel.send(copyOut(columns.length));
      if (copy.header)
        channel.send(
          copyData(
            copyLine(
              columns.map(({ name }) => name),
              copy,
            ),
          ),
        );
      this.#encode = (cells) => copyData(copyLine(toText(cells), copy));
      return running;
    }
    if (told !== null) checkTold(told, columns);
    const chosen = formatsFor(columns, formats);
    if (told === null) channel.send(rowDescription(fieldsOf(columns), chosen));
    this.#encode = rowEncoder(told ?? columns, chosen);
    return running;
  }

  #finish(channel: Channel, running: Running): void {
    this.#isDone = true;
    const { rows, bytes } = this.#options.limits;
    const cut = running.cut();
    if (cut !== null) {
      const limit = cut === 'rows' ? `${rows} rows` : `${bytes} bytes`;
      const message = `rows are missing: an answer ends at ${limit}`;
      channel.send(
        complaint({ severity: 'WARNING', code: '01004', message, hint: 'Narrow the query, or aggregate.' }),
      );
    }
    if (running.copy !== undefined) channel.send(copyDone());
    channel.send(commandComplete(running.tag(this.#rows)));
  }
}

/** What was told stands: the values are laid out by it. A text column takes the text of anything. */
function checkTold(told: readonly Column[], columns: readonly Column[]): void {
  const changed = told.findIndex(({ type }, index) => type !== columns[index]?.type && type !== 'VARCHAR');
  if (changed === -1 && told.length === columns.length) return;
  const what = `column ${changed + 1} is ${columns[changed]?.type} with these parameters, not ${told[changed]?.type}`;
  throw new SqlError('0A000', what, 'Cast the parameters: $1::BIGINT.');
}
