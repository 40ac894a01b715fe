/** One signed-in client: what it asks, message by message, and what it hears. */
import {
  backendKeyData,
  bindComplete,
  closeComplete,
  complaint,
  emptyQuery,
  parameterDescription,
  parameterStatus,
  parseComplete,
  readyForQuery,
} from './backend.ts';
import { type Channel, Gone } from './channel.ts';
import { type Command, commandOf } from './commands.ts';
import { formatsFor } from './encoder.ts';
import {
  type Bind,
  decodeMessage,
  MAX_MESSAGE_BYTES,
  type Message,
  type Parse,
  ProtocolError,
} from './frontend.ts';
import type { QueryEntry, WireLimits } from './options.ts';
import { Portal } from './portal.ts';
import { description, prepareQuery } from './preparing.ts';
import type { Prepared, Session } from './session.ts';
import { SqlError, sqlErrorOf } from './sql-error.ts';
import { type Statement, statementsOf } from './statement.ts';
import { parameterOf } from './types/parameter.ts';

const MAX_PREPARED = 1_000;
/** Each that was begun holds a query open. */
const MAX_PORTALS = 16;

interface Bound {
  portal: Portal;
  prepared: Prepared;
  /** As Bind has them. */
  formats: readonly number[];
}

export interface ConnectionOptions {
  channel: Channel;
  session: Session;
  limits: WireLimits;
  /** Of BackendKeyData. */
  secret: number;
  /** Told of each statement that ended. */
  onQuery: (entry: Pick<QueryEntry, 'sql' | 'rows' | 'ms' | 'error'>) => void;
  /** Told of what must not happen. */
  onDefect: (error: unknown) => void;
}

export class Connection {
  readonly #channel: Channel;
  readonly #session: Session;
  readonly #options: ConnectionOptions;
  readonly #portals = new Map<string, Bound>();
  /** What runs now, for who cancels it. */
  #current: Portal | null = null;
  /** After an error, messages are skipped until the client says Sync. */
  #skipping = false;

  constructor(options: ConnectionOptions) {
    this.#channel = options.channel;
    this.#session = options.session;
    this.#options = options;
  }

  /** Ends the statement that runs. */
  cancel(): void {
    this.#current?.cancel(new SqlError('57014', 'canceling statement due to user request'));
  }

  /**
   * Answers until the client leaves.
   *
   * @throws Gone, ProtocolError, SqlError that ends the connection
   */
  async serve(): Promise<void> {
    const leave = () => this.#current?.cancel(new SqlError('57P01', 'the client has gone'));
    this.#channel.gone.addEventListener('abort', leave, { once: true });
    try {
      for (const [name, value] of this.#session.settings.reported())
        this.#channel.send(parameterStatus(name, value));
      this.#channel.send(backendKeyData(this.#session.pid, this.#options.secret));
      this.#ready();
      for (;;) {
        await this.#channel.flush();
        const message = await this.#next();
        if (message.kind === 'terminate') return;
        if (!this.#skipping || message.kind === 'sync') await this.#answer(message);
      }
    } finally {
      for (const { portal } of this.#portals.values()) portal.close();
      this.#session.close();
    }
  }

  async #next(): Promise<Message> {
    const timer = setTimeout(() => {
      const error = new SqlError('57P05', 'terminating connection due to idle-session timeout');
      const { code, message } = error;
      this.#channel.end(complaint({ severity: 'FATAL', code, message }));
    }, this.#options.limits.idleMs);
    try {
      const { type, body } = await this.#channel.message(MAX_MESSAGE_BYTES);
      return decodeMessage(type, body);
    } finally {
      clearTimeout(timer);
    }
  }

  async #answer(message: Message): Promise<void> {
    try {
      await this.#handle(message);
    } catch (error) {
      if (error instanceof Gone || error instanceof ProtocolError) throw error;
      this.#fail(error);
      if (message.kind === 'query') this.#ready();
      else this.#skipping = true;
    }
  }

  async #handle(message: Message): Promise<void> {
    switch (message.kind) {
      case 'query':
        return this.#simple(message.sql);
      case 'parse':
        return this.#parse(message);
      case 'bind':
        return this.#bind(message);
      case 'describe':
        return message.what === 'statement'
          ? this.#describeStatement(message.name)
          : this.#describePortal(message.name);
      case 'execute':
        return this.#execute(message.portal, message.limit);
      case 'close':
        if (message.what === 'statement') this.#session.prepared.delete(message.name);
        else this.#closePortal(message.name);
        this.#channel.send(closeComplete());
        return;
      case 'sync':
        this.#skipping = false;
        if (this.#session.status === 'I') this.#closePortals();
        this.#ready();
        return;
      case 'function-call':
        throw new SqlError('0A000', 'calls of functions by their number are not supported');
      default: // Flush is done after each message; the rest belongs to a COPY that is not under way
        return;
    }
  }

  async #simple(sql: string): Promise<void> {
    this.#session.prepared.delete('');
    this.#closePortal('');
    const statements = statementsOf(sql);
    if (statements.length === 0) this.#channel.send(emptyQuery());
    for (const statement of statements) {
      const portal = new Portal({
        start: (signal) => this.#start(statement, [], signal),
        told: null,
        formats: [],
        limits: this.#options.limits,
      });
      try {
        await this.#run(statement, portal, 0);
      } finally {
        portal.close();
      }
    }
    this.#ready();
  }

  async #parse({ name, sql, types }: Parse): Promise<void> {
    if (name !== '' && this.#session.prepared.has(name)) {
      throw new SqlError('42P05', `prepared statement "${name}" already exists`);
    }
    if (this.#session.prepared.size >= MAX_PREPARED)
      throw new SqlError('53400', 'too many prepared statements');
    const statements = statementsOf(sql);
    if (statements.length > 1) {
      throw new SqlError('42601', 'cannot insert multiple commands into a prepared statement');
    }
    const [statement = null] = statements;
    this.#session.prepared.delete('');
    this.#session.prepared.set(name, await this.#prepare(statement, types));
    this.#channel.send(parseComplete());
  }

  async #prepare(statement: Statement | null, oids: readonly number[]): Promise<Prepared> {
    if (statement === null) return { statement, parameters: [], columns: null };
    const command = this.#commandOf(statement);
    if (command !== null) return { statement, parameters: [], columns: command.columns() };
    return prepareQuery(this.#session, statement, oids);
  }

  #bind({ portal: name, statement, parameterFormats, values, resultFormats }: Bind): void {
    const prepared = this.#preparedNamed(statement);
    const { parameters, columns } = prepared;
    if (values.length !== parameters.length) {
      throw new SqlError(
        '08P01',
        `${values.length} parameters for a statement that has ${parameters.length}`,
      );
    }
    if (parameterFormats.length > 1 && parameterFormats.length !== values.length) {
      throw new SqlError('08P01', `${parameterFormats.length} formats for ${values.length} parameters`);
    }
    if (name !== '' && this.#portals.has(name))
      throw new SqlError('42P03', `portal "${name}" already exists`);
    if (this.#portals.size >= MAX_PORTALS) throw new SqlError('53400', 'too many portals');
    const scalars = values.map((value, index) => {
      const format = parameterFormats.length === 1 ? parameterFormats[0] : parameterFormats[index];
      return parameterOf(value, format === 1, parameters[index]!.type);
    });
    if (columns !== null) formatsFor(columns, resultFormats);
    this.#closePortal(name);
    const portal = new Portal({
      start: (signal) => this.#start(prepared.statement!, scalars, signal),
      told: columns ?? [],
      formats: resultFormats,
      limits: this.#options.limits,
    });
    this.#portals.set(name, { portal, prepared, formats: resultFormats });
    this.#channel.send(bindComplete());
  }

  #describeStatement(name: string): void {
    const { parameters, columns } = this.#preparedNamed(name);
    this.#channel.send(parameterDescription(parameters.map(({ oid }) => oid)), description(columns, []));
  }

  #describePortal(name: string): void {
    const { prepared, formats } = this.#portalNamed(name);
    this.#channel.send(description(prepared.columns, formats));
  }

  async #execute(name: string, limit: number): Promise<void> {
    const { portal, prepared } = this.#portalNamed(name);
    if (prepared.statement === null) this.#channel.send(emptyQuery());
    else await this.#run(prepared.statement, portal, limit);
  }

  /** Runs a portal to its end or limit, and says so to the audit. */
  async #run(statement: Statement, portal: Portal, limit: number): Promise<void> {
    const started = performance.now();
    const told = (error: string | null) =>
      this.#options.onQuery({
        sql: statement.sql,
        rows: portal.rows,
        ms: Math.round(performance.now() - started),
        error,
      });
    this.#current = portal;
    try {
      await portal.execute(this.#channel, limit);
      if (portal.isDone) told(null);
    } catch (error) {
      const { code, message } = sqlErrorOf(error);
      told(`${code} ${error instanceof Gone ? 'the client has gone' : message}`);
      throw error;
    } finally {
      this.#current = null;
    }
  }

  async #start(statement: Statement, parameters: Parameters<Session['query']>[1], signal: AbortSignal) {
    const command = this.#commandOf(statement);
    return command === null
      ? this.#session.query(statement, parameters, signal)
      : command.run(this.#session, signal);
  }

  /** @throws SqlError 25P02 for what a failed transaction does not allow */
  #commandOf(statement: Statement): Command | null {
    const isFailed = this.#session.status === 'E';
    let command: Command | null;
    try {
      command = commandOf(statement, this.#session);
    } catch (error) {
      if (!isFailed) throw error;
      command = null;
    }
    if (!isFailed || command?.endsTransaction) return command;
    throw new SqlError(
      '25P02',
      'current transaction is aborted, commands ignored until end of transaction block',
    );
  }

  #preparedNamed(name: string): Prepared {
    const prepared = this.#session.prepared.get(name);
    if (prepared === undefined) throw new SqlError('26000', `prepared statement "${name}" does not exist`);
    return prepared;
  }

  #portalNamed(name: string): Bound {
    const bound = this.#portals.get(name);
    if (bound === undefined) throw new SqlError('34000', `portal "${name}" does not exist`);
    return bound;
  }

  #closePortal(name: string): void {
    this.#portals.get(name)?.portal.close();
    this.#portals.delete(name);
  }

  #closePortals(): void {
    for (const name of this.#portals.keys()) this.#closePortal(name);
  }

  #fail(error: unknown): void {
    const { code, message, hint } = sqlErrorOf(error);
    if (code === 'XX000') this.#options.onDefect(error);
    this.#session.fail();
    this.#closePortals();
    this.#channel.send(complaint({ severity: 'ERROR', code, message, ...(hint !== undefined && { hint }) }));
  }

  #ready(): void {
    this.#channel.send(readyForQuery(this.#session.status));
  }
}
