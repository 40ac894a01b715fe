/** What a person may name as the source of a backfill. Pure. */
import { PgvigilError } from '../errors.ts';

export type SourceName =
  | { kind: 'file'; path: string }
  /** A container of Blob Storage, or what begins alike in it. */
  | { kind: 'blobs'; url: string }
  /** A workspace of Log Analytics, by its id. */
  | { kind: 'log-analytics'; workspaceId: string };

const WORKSPACE = /^log-analytics:(.*)$/i;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const URL_START = /^https?:\/\//i;

/**
 * Tells a path, a folder, a pattern and `-` (standard input) from `https://account.blob.core.windows.net/container` and
 * `log-analytics:<workspace id>`.
 *
 * @throws PgvigilError USAGE, without what stands behind a `?`: it may be a signature
 */
export function parseSource(text: string): SourceName {
  const workspace = WORKSPACE.exec(text)?.[1];
  if (workspace !== undefined) {
    if (UUID.test(workspace)) return { kind: 'log-analytics', workspaceId: workspace.toLowerCase() };
    throw new PgvigilError(
      'USAGE',
      `${JSON.stringify(workspace)} is no workspace id`,
      'It is a UUID: az monitor log-analytics workspace show -g GROUP -n NAME --query customerId',
    );
  }
  if (!URL_START.test(text)) return { kind: 'file', path: text };
  if (/[?#]/.test(text)) {
    throw new PgvigilError(
      'USAGE',
      'the URL of a source has no parameters',
      'A signature (SAS) on the command line is read by every process and kept by the shell: put a connection string with it into blobStorage.connectionString of pgvigil.yaml, as a reference to the environment or to a file.',
    );
  }
  if (!URL.canParse(text) || new URL(text).pathname.length < 2 || new URL(text).username !== '') {
    throw new PgvigilError(
      'USAGE',
      'the URL of a source names a container of Blob Storage',
      'For example https://account.blob.core.windows.net/insights-logs-postgresqllogs',
    );
  }
  return { kind: 'blobs', url: text };
}
