/** From what a person named to sources that can be read: addresses, secrets, identities. */
import type { TokenCredential } from '@azure/identity';
import type { Config, SecretRef } from '../config.ts';
import { PgvigilError } from '../errors.ts';
import { checkInputs, fileHistory } from '../sources/files/history.ts';
import type { History } from '../sources/history.ts';
import { parseSource } from './source-name.ts';

/** What services are asked for unless a beginning is named: as far back as baselines remember. */
const DEFAULT_MS = 60 * 86_400_000;

export interface OpenedHistory {
  history: History;
  /** Where to begin, milliseconds since 1970. */
  since: number;
  /** How long to wait before it is read again, where it is followed, milliseconds. */
  pauseMs: number;
}

export interface HistoryOptions {
  config: Pick<Config, 'blobStorage' | 'logAnalytics'>;
  secret: (ref: SecretRef) => Promise<string>;
  /** Where to begin, milliseconds since 1970; null: at the beginning of files, sixty days ago elsewhere. */
  since: number | null;
  /** Name of the server whose own log files are read, and its time zone. */
  server?: string | undefined;
  timezone?: string | undefined;
  /** Milliseconds since 1970. */
  now: number;
}

/**
 * Opens the sources, all files as one. Whether files can be read is seen at once; services are asked when they are read.
 *
 * @throws PgvigilError USAGE, FILE_UNREADABLE, CONFIG_INVALID, SECRET_INVALID, SOURCE_REFUSED for what cannot be the address of
 * anything
 */
export async function openHistories(
  names: readonly string[],
  options: HistoryOptions,
): Promise<OpenedHistory[]> {
  const sources = names.map(parseSource);
  const paths = sources.flatMap((source) => (source.kind === 'file' ? [source.path] : []));
  const opened: OpenedHistory[] = [];
  if (paths.length > 0) {
    await checkInputs(paths);
    const { server, timezone } = options;
    const history = fileHistory(paths, { ...(server && { server }), ...(timezone && { timezone }) });
    opened.push({ history, since: options.since ?? 0, pauseMs: 1_000 });
  }
  const since = options.since ?? options.now - DEFAULT_MS;
  for (const source of sources) {
    if (source.kind === 'blobs')
      opened.push({ history: await openBlobs(source.url, options), since, pauseMs: 30_000 });
    if (source.kind === 'log-analytics')
      opened.push({ history: await openWorkspace(source.workspaceId, options), since, pauseMs: 60_000 });
  }
  return opened;
}

async function openBlobs(url: string, { config, secret }: HistoryOptions): Promise<History> {
  const { blobHistory } = await import('../sources/blobs/blob-history.ts');
  const ref = config.blobStorage.connectionString;
  if (ref === undefined) return blobHistory({ address: { url, credential: await identity() } });
  const { accountUrl } = await import('../sources/blobs/address.ts');
  const connectionString = await secret(ref);
  const account = accountUrl(connectionString);
  if (!url.startsWith(account)) {
    throw new PgvigilError(
      'CONFIG_INVALID',
      `blobStorage.connectionString is of ${account}, not of ${url}`,
      'Name a connection string of this account, or leave it out to use an identity (DefaultAzureCredential).',
    );
  }
  return blobHistory({ address: { connectionString, container: url.slice(account.length) } });
}

async function openWorkspace(workspaceId: string, { config }: HistoryOptions): Promise<History> {
  const { logAnalyticsHistory } = await import('../sources/log-analytics/history.ts');
  const { endpoint } = config.logAnalytics;
  return logAnalyticsHistory({ workspaceId, credential: await identity(), endpoint });
}

/** Large, and only needed here. */
async function identity(): Promise<TokenCredential> {
  const { DefaultAzureCredential } = await import('@azure/identity');
  return new DefaultAzureCredential();
}
