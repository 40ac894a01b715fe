/**
 * A read-only endpoint for clients that speak PostgreSQL's protocol: psql, drivers, dashboards.
 *
 * Before sign-in nothing is known of who talks, so little is believed: messages are short, time is short, connections are few, and
 * an account that does not exist looks like a wrong password. After it, every query goes through the guard of the query runner.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { isLoopback, openPort, refuseExposure, withCertificate } from '../access/door.ts';
import { CancelKeys } from './cancel-keys.ts';
import { Channel, Gone } from './channel.ts';
import { Connection } from './connection.ts';
import { ProtocolError } from './frontend.ts';
import { Guesses } from './guesses.ts';
import type { WireOptions } from './options.ts';
import { RefusalLog } from './refusal-log.ts';
import { Session } from './session.ts';
import { fatal, type Reception, type SignedIn, signIn } from './sign-in.ts';
import { SqlError, sqlErrorOf } from './sql-error.ts';

/** From the first byte to the account, without what a guesser has to wait. */
const SIGN_IN_MS = 15_000;
/** Connections that are not signed in. */
const MAX_STRANGERS = 64;
const MAX_STRANGERS_OF_ADDRESS = 16;

export interface WireServer {
  readonly port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

/**
 * Starts to listen.
 *
 * @throws PgvigilError CONFIG_INVALID when the port is taken, the certificate cannot be used, or others than this machine could
 *   listen to what is said unencrypted
 */
export async function startWire(options: WireOptions): Promise<WireServer> {
  const { host, port, tls } = options;
  refuseExposure('wire', host, tls);
  const endpoint = new Endpoint(
    { ...options, requireTls: options.requireTls || !isLoopback(host) },
    tls === null ? null : secureContextOf(tls),
  );
  const server = createServer((socket) => endpoint.accept(socket));
  const taken = await openPort(server, { section: 'wire', host, port, log: options.log });
  return {
    port: taken,
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      endpoint.close();
      await closed;
    },
  };
}

function secureContextOf({ key, cert }: NonNullable<WireOptions['tls']>): SecureContext {
  return withCertificate('wire', () => createSecureContext({ key, cert, minVersion: 'TLSv1.2' }));
}

/** All connections of one server. */
class Endpoint {
  readonly #options: WireOptions;
  readonly #reception: Reception;
  readonly #cancelKeys = new CancelKeys();
  readonly #channels = new Set<Channel>();
  /** Addresses of those that are not signed in, with how many there are. */
  readonly #strangers = new Map<string, number>();
  readonly #refusals: RefusalLog;
  #strangerCount = 0;
  #signedIn = 0;

  constructor(options: WireOptions, secureContext: SecureContext | null) {
    this.#options = options;
    this.#refusals = new RefusalLog(options.log);
    const cancelKeys = this.#cancelKeys;
    this.#reception = {
      options,
      secureContext,
      cancelKeys,
      guesses: new Guesses(),
      mockSecret: options.mockSecret ?? randomBytes(32),
    };
  }

  accept(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const ofAddress = this.#strangers.get(address) ?? 0;
    // Without a word: an answer would cost more than the question.
    if (this.#strangerCount >= MAX_STRANGERS || ofAddress >= MAX_STRANGERS_OF_ADDRESS) {
      socket.on('error', () => undefined);
      socket.destroy();
      return;
    }
    const channel = new Channel(socket, this.#options.limits.idleMs);
    this.#channels.add(channel);
    // Not when the talk is over: a client may still be reading the last words.
    socket.once('close', () => this.#channels.delete(channel));
    this.#talk(channel, address).catch((error) => this.#endWith(channel, address, error));
  }

  close(): void {
    const error = new SqlError('57P01', 'terminating connection due to administrator command');
    for (const channel of this.#channels) {
      channel.end(fatal(error));
      channel.destroy();
    }
  }

  async #talk(channel: Channel, address: string): Promise<void> {
    const client = await this.#signIn(channel, address);
    if (client === null) return channel.end();
    if (this.#signedIn >= this.#options.limits.connections) {
      throw new SqlError(
        '53300',
        'too many clients are connected',
        'Try again later, or raise wire.connections.',
      );
    }
    this.#signedIn += 1;
    try {
      await this.#serve(channel, address, client);
    } finally {
      this.#signedIn -= 1;
    }
    channel.end();
  }

  async #signIn(channel: Channel, address: string): Promise<SignedIn | null> {
    this.#strangerCount += 1;
    this.#strangers.set(address, (this.#strangers.get(address) ?? 0) + 1);
    const deadline = setTimeout(() => channel.destroy(), SIGN_IN_MS);
    try {
      return await signIn(channel, address, this.#reception);
    } finally {
      clearTimeout(deadline);
      this.#strangerCount -= 1;
      const left = this.#strangers.get(address)! - 1;
      if (left === 0) this.#strangers.delete(address);
      else this.#strangers.set(address, left);
    }
  }

  async #serve(channel: Channel, address: string, { account, parameters }: SignedIn): Promise<void> {
    const { limits, runner, catalog, log } = this.#options;
    const { pid, secret } = this.#cancelKeys.add(() => connection.cancel());
    const session = new Session({
      user: account.name,
      pid,
      runner,
      catalog,
      limits,
      tell: (message) => channel.send(message),
    });
    const connection = new Connection({
      channel,
      session,
      limits,
      secret,
      onQuery: (entry) => this.#options.onQuery({ user: account.name, client: address, ...entry }),
      onDefect: (error) =>
        log.error({ err: error, user: account.name, client: address }, 'a statement met a defect'),
    });
    try {
      beginSession(session, parameters, channel.encrypted);
      log.info(
        { user: account.name, client: address, tls: channel.encrypted },
        'signed in over the wire protocol',
      );
      await connection.serve();
    } finally {
      this.#cancelKeys.remove(pid);
    }
  }

  #endWith(channel: Channel, address: string, error: unknown): void {
    if (error instanceof Gone || channel.gone.aborted) {
      channel.destroy();
      return;
    }
    const told = error instanceof ProtocolError ? new SqlError('08P01', error.message) : sqlErrorOf(error);
    if (told.code === 'XX000')
      this.#options.log.error({ err: error, client: address }, 'a connection met a defect');
    else this.#refusals.log({ client: address, code: told.code, reason: told.message });
    channel.end(fatal(told));
  }
}

/** Parameters of the startup message that are no settings. */
const NO_SETTINGS = new Set(['user', 'database', 'options', 'replication']);

/** What a client wants of the beginning; what it cannot have is left as it is, where PostgreSQL would refuse too little or much. */
function beginSession(session: Session, parameters: ReadonlyMap<string, string>, encrypted: boolean): void {
  session.settings.begin({ session_authorization: session.user, ssl: encrypted ? 'on' : 'off' });
  for (const [name, value] of [...parameters, ...optionsOf(parameters.get('options') ?? '')]) {
    if (!NO_SETTINGS.has(name) && !name.startsWith('_pq_.')) session.settings.set(name, value);
  }
  session.settings.begin({});
}

/** `-c name=value --name=value`, blanks escaped by a backslash. */
function optionsOf(options: string): [string, string][] {
  const words = options.match(/(?:\\.|[^\\\s])+/g) ?? [];
  return words.flatMap((word, index) => {
    const text = word.startsWith('--')
      ? word.slice(2)
      : words[index - 1] === '-c'
        ? word
        : word.replace(/^-c/, '');
    const match = /^([\w.]+)=(.*)$/s.exec(text.replace(/\\(.)/gs, '$1'));
    return match === null ? [] : [[match[1]!, match[2]!] as [string, string]];
  });
}
