/** `pgvigil tokens`: who may ask at the worker's doors. */
import { ROLE_MEANINGS, type Role } from '../access/access.ts';
import { AccessTokens, tokenName } from '../access/access-tokens.ts';
import type { Config } from '../config.ts';
import { PgvigilError } from '../errors.ts';
import { parseMoment } from '../model/moment.ts';
import { printable } from '../printable.ts';
import { requestTokenChange } from '../query/control-client.ts';
import type { Format } from '../query/formats.ts';
import { openReader } from '../query/reader.ts';
import { timestamp } from '../store/rows.ts';
import { changeTokens, type TokenChange } from '../worker/tokens-route.ts';
import { account } from './account.ts';
import { changeStored } from './changes.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { printRows } from './output.ts';
import { commandSql } from './sql.ts';

/** @throws PgvigilError USAGE, DATA_*, WORKER_UNREACHABLE */
export async function createTokenCommand(
  name: string,
  options: GlobalOptions & { role: Role; expires: string; author?: string },
): Promise<void> {
  const { config, out, err } = await createContext(options);
  const expiresAt = parseMoment(options.expires, Date.now());
  if (expiresAt === null) {
    throw new PgvigilError(
      'USAGE',
      `--expires ${printable(options.expires)} is no time`,
      'Write 2026-12-31, or a duration such as 90d.',
    );
  }
  const token = { name: checkedName(name), role: options.role, author: author(options), expiresAt };
  out.write(`${await change(config, { action: 'create', token })}\n`);
  const until = new Date(expiresAt).toISOString().slice(0, 16).replace('T', ' ');
  err.write(
    `${name}, ${options.role}: ${ROLE_MEANINGS[options.role]}. Until ${until} UTC.\n` +
      'The token is shown this once. It is the bearer token of the HTTP API, and the password of PostgreSQL clients.\n',
  );
}

/** @throws PgvigilError NOT_FOUND, DATA_*, WORKER_UNREACHABLE */
export async function revokeTokenCommand(
  name: string,
  options: GlobalOptions & { author?: string },
): Promise<void> {
  const { config, out } = await createContext(options);
  await change(config, { action: 'revoke', name: checkedName(name), author: author(options) });
  out.write(`revoked ${name}\n`);
}

export async function listTokensCommand(
  options: GlobalOptions & { format: string; all?: boolean },
): Promise<void> {
  const { config, out } = await createContext(options);
  const reader = await openReader(config.data);
  try {
    const parameters = { all: options.all ?? false, now: timestamp(Date.now()) };
    await printRows(
      out,
      options.format as Format,
      await reader.trusted(await commandSql('tokens'), parameters),
    );
  } finally {
    await reader.close();
  }
}

function change(config: Config, asked: TokenChange): Promise<string | null> {
  return changeStored(
    config,
    (worker) => requestTokenChange(worker, asked),
    (store) => changeTokens(new AccessTokens(store), asked),
  );
}

function checkedName(name: string): string {
  const parsed = tokenName.safeParse(name);
  if (parsed.success) return parsed.data;
  throw new PgvigilError(
    'USAGE',
    `${printable(name)} is no name for a token`,
    `It ${parsed.error.issues[0]!.message}.`,
  );
}

function author(options: { author?: string }): string {
  return options.author || account() || 'unknown';
}
