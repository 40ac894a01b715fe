/** `pgvigil alerts list`, `deliveries` and `channels`. */
import { type DuckDBValue, listValue } from '@duckdb/node-api';
import type { Format } from '../query/formats.ts';
import { openReader } from '../query/reader.ts';
import { timestamp } from '../store/rows.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { printRows } from './output.ts';
import { pastMoment } from './past-moment.ts';
import { commandSql } from './sql.ts';

const NO_LIMIT = 9_000_000_000_000_000n;

export interface ListOptions extends GlobalOptions {
  format: string;
  limit: number;
  status?: string[];
  severity?: string[];
  detector?: string;
  server?: string;
  since?: string;
}

/** @throws PgvigilError USAGE, DATA_* */
export async function listAlertsCommand(options: ListOptions): Promise<void> {
  const { status, severity, detector, server, since } = options;
  await print(options, ['alerts-table', 'alerts-list'], {
    statuses: status === undefined ? null : listValue(status),
    severities: severity === undefined ? null : listValue(severity),
    detector: detector ?? null,
    server: server?.toLowerCase() ?? null,
    since: since === undefined ? null : timestamp(pastMoment('--since', since)),
    limit: limitOf(options),
  });
}

export interface DeliveriesOptions extends GlobalOptions {
  format: string;
  limit: number;
  channel?: string;
  state?: string;
  alert?: string;
}

export async function listDeliveriesCommand(options: DeliveriesOptions): Promise<void> {
  const { channel = null, state = null, alert = null } = options;
  await print(options, ['deliveries-table', 'deliveries'], {
    channel,
    state,
    alert,
    limit: limitOf(options),
  });
}

export async function listChannelsCommand(options: GlobalOptions & { format: string }): Promise<void> {
  const { config } = await createContext(options);
  await print(options, ['channels', 'channels'], {
    // An empty list would have no type.
    configured: config.channels.length === 0 ? null : listValue(config.channels.map(({ name }) => name)),
  });
}

/** @param files SQL for a table, and for programs */
async function print(
  options: GlobalOptions & { format: string },
  [table, others]: readonly [string, string],
  values: Record<string, DuckDBValue>,
): Promise<void> {
  const { config, out } = await createContext(options);
  const format = options.format as Format;
  const reader = await openReader(config.data);
  try {
    const sql = await commandSql(format === 'table' ? table : others);
    await printRows(out, format, await reader.trusted(sql, values));
  } finally {
    await reader.close();
  }
}

function limitOf({ limit }: { limit: number }): bigint {
  return limit === 0 ? NO_LIMIT : BigInt(limit);
}
