/** From the first byte to a client whose account is known: TLS, protocol version, SCRAM. */
import type { SecureContext } from 'node:tls';
import { mockVerifier } from '../access/scram-verifier.ts';
import {
  authenticationOk,
  complaint,
  negotiateVersion,
  saslContinue,
  saslFinal,
  saslMechanisms,
} from './backend.ts';
import type { CancelKeys } from './cancel-keys.ts';
import type { Channel } from './channel.ts';
import {
  decodeSaslInitial,
  decodeStartup,
  MAX_SIGN_IN_BYTES,
  MAX_STARTUP_BYTES,
  ProtocolError,
  type Startup,
} from './frontend.ts';
import type { Guesses } from './guesses.ts';
import type { Account, WireOptions } from './options.ts';
import { ScramError, ScramExchange } from './scram.ts';
import { DATABASE } from './settings.ts';
import { SqlError } from './sql-error.ts';

const MECHANISM = 'SCRAM-SHA-256';

export interface Reception {
  options: Pick<WireOptions, 'requireTls' | 'account'>;
  secureContext: SecureContext | null;
  cancelKeys: CancelKeys;
  guesses: Guesses;
  /** For the salts of accounts that do not exist. */
  mockSecret: Buffer;
}

export interface SignedIn {
  account: Account;
  parameters: ReadonlyMap<string, string>;
}

type Greeting = Extract<Startup, { kind: 'startup' }>;

/**
 * Signs a client in.
 *
 * @returns null for one that only wanted to cancel something
 * @throws SqlError that ends the connection, ProtocolError, Gone
 */
export async function signIn(
  channel: Channel,
  address: string,
  reception: Reception,
): Promise<SignedIn | null> {
  const greeting = await greet(channel, address, reception);
  if (greeting === null) return null;
  const { parameters, minor } = greeting;
  if (reception.options.requireTls && !channel.encrypted) {
    throw new SqlError(
      '28000',
      'this server asks for an encrypted connection',
      'Connect with sslmode=require or better.',
    );
  }
  const unknown = [...parameters.keys()].filter((name) => name.startsWith('_pq_.'));
  if (minor > 0 || unknown.length > 0) channel.send(negotiateVersion(unknown));
  const user = parameters.get('user') ?? '';
  if (user === '') throw new SqlError('28000', 'no user name was given');
  const account = await authenticate(channel, user, address, reception);
  const database = parameters.get('database') ?? user;
  if (database !== DATABASE) {
    throw new SqlError(
      '3D000',
      `database "${database}" does not exist`,
      `There is one database: ${DATABASE}.`,
    );
  }
  if (parameters.has('replication')) throw new SqlError('0A000', 'replication is not supported');
  return { account, parameters };
}

/** The startup message, after what may come before it. */
async function greet(channel: Channel, address: string, reception: Reception): Promise<Greeting | null> {
  for (let requests = 0; requests < 3; requests++) {
    const startup = decodeStartup(await channel.startupMessage(MAX_STARTUP_BYTES));
    switch (startup.kind) {
      case 'startup':
        return startup;
      case 'cancel':
        await reception.guesses.wait(address, channel.gone);
        if (!reception.cancelKeys.cancel(startup.pid, startup.secret)) reception.guesses.failed(address);
        return null;
      case 'gss':
        channel.send(Buffer.from('N'));
        await channel.flush();
        break;
      case 'tls':
        if (channel.encrypted) throw new ProtocolError('the connection is encrypted already');
        if (reception.secureContext !== null) await channel.encrypt(reception.secureContext);
        else {
          channel.send(Buffer.from('N'));
          await channel.flush();
        }
    }
  }
  throw new ProtocolError('too many requests before the startup message');
}

async function authenticate(
  channel: Channel,
  user: string,
  address: string,
  { options, guesses, mockSecret }: Reception,
): Promise<Account> {
  const account = await options.account(user);
  channel.send(saslMechanisms(MECHANISM));
  await channel.flush();
  const initial = decodeSaslInitial(await passwordMessage(channel));
  if (initial.mechanism !== MECHANISM) throw new ProtocolError('unknown SASL mechanism');
  let answer: string | null;
  try {
    const exchange = new ScramExchange(initial.data, account?.verifier ?? mockVerifier(mockSecret, user));
    channel.send(saslContinue(exchange.challenge));
    await channel.flush();
    const last = (await passwordMessage(channel)).toString('latin1');
    await guesses.wait(address, channel.gone);
    answer = exchange.finish(last);
  } catch (error) {
    if (error instanceof ScramError) throw new ProtocolError(error.message);
    throw error;
  }
  if (answer === null || account === null) {
    guesses.failed(address);
    throw new SqlError('28P01', `password authentication failed for user "${user}"`);
  }
  guesses.succeeded(address);
  if (!account.mayQuery)
    throw new SqlError('42501', `"${user}" may not query`, 'Use a token whose role may query.');
  channel.send(saslFinal(answer), authenticationOk());
  return account;
}

async function passwordMessage(channel: Channel): Promise<Buffer> {
  const { type, body } = await channel.message(MAX_SIGN_IN_BYTES);
  if (type !== 'p') throw new ProtocolError('expected a SASL response');
  return body;
}

export function fatal(error: SqlError): Buffer {
  return complaint({
    severity: 'FATAL',
    code: error.code,
    message: error.message,
    ...(error.hint !== undefined && { hint: error.hint }),
  });
}
