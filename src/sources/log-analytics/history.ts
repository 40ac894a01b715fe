/**
 * Log Analytics as a history: what a diagnostic setting sent to a workspace, in AzureDiagnostics or in a table per category,
 * or in both.
 *
 * Day by day, oldest first; within a day one table after the other. Memory: an answer is given up at 16 MB, and held about
 * four times while it is turned into messages.
 */
import type { TokenCredential } from '@azure/identity';
import { TABLES } from '../../decode/envelope/log-analytics.ts';
import { PgvigilError } from '../../errors.ts';
import type { SourceMessage } from '../../model/message.ts';
import type { History, HistoryBatch, Reading } from '../history.ts';
import { type Limits, LogsClient } from './client.ts';
import { type Stretch, stretchOf } from './coverage.ts';
import { checkedServers, checkedTables, type TableName } from './kql.ts';
import { messagesOf } from './messages.ts';
import { SLICE, Slicer } from './slices.ts';
import { daysOf, type Span } from './span.ts';
import { surveyOf } from './survey.ts';

export interface LogAnalyticsOptions {
  /** A GUID, not the workspace's name. */
  workspaceId: string;
  credential: TokenCredential;
  /** Sovereign clouds differ: `https://api.loganalytics.us`, `https://api.loganalytics.azure.cn`. */
  endpoint?: string;
  /** What a token is asked for; that of the public cloud by default, of another endpoint the endpoint itself. */
  audience?: string;
  /** Names of tables; all that are known by default. Those that the workspace does not have do no harm. */
  tables?: readonly string[];
  /** Names of servers; all by default. */
  servers?: readonly string[];
  /** Certificate authorities, PEM, in place of those of Node: for a proxy that ends TLS. */
  ca?: string;
  limits?: Partial<Limits & { sliceRows: number; sliceBytes: number }>;
  /** Milliseconds since 1970. */
  now?: () => number;
}

export const DEFAULT_ENDPOINT = 'https://api.loganalytics.azure.com';
/** Of the public cloud (KnownMonitorLogsQueryAudience of the client). */
const DEFAULT_AUDIENCE = 'https://api.loganalytics.io';

const LIMITS: Limits & { sliceRows: number; sliceBytes: number } = {
  answerBytes: 16 * 1024 * 1024,
  beginMs: 360_000,
  stallMs: 60_000,
  pauseMs: 1_000,
  patienceMs: 900_000,
  sliceRows: SLICE.rows,
  sliceBytes: SLICE.bytes,
};

const WORKSPACE_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The records that a workspace holds, as a history. Nothing is asked before it is read.
 *
 * @throws PgvigilError CONFIG_INVALID for what cannot be a workspace ID, an endpoint, a table or a server
 */
export function logAnalyticsHistory(options: LogAnalyticsOptions): History {
  const workspaceId = options.workspaceId.trim().toLowerCase();
  if (!WORKSPACE_ID.test(workspaceId))
    throw new PgvigilError(
      'CONFIG_INVALID',
      'the workspace ID is not one',
      'It is a GUID, which the portal shows on the overview of the Log Analytics workspace; not its name or resource ID.',
    );
  const endpoint = checkedEndpoint(options.endpoint ?? DEFAULT_ENDPOINT);
  const tables = checkedTables(options.tables ?? TABLES);
  const servers = checkedServers(options.servers ?? []);
  const title = `Log Analytics workspace ${workspaceId}`;
  const limits = { ...LIMITS, ...options.limits };
  const { credential, ca, now = Date.now } = options;
  const audience = options.audience ?? (endpoint === DEFAULT_ENDPOINT ? DEFAULT_AUDIENCE : endpoint);
  return {
    title,
    read: (reading) => {
      const onEvent = reading.onEvent ?? (() => undefined);
      const clientOptions = {
        workspaceId,
        credential,
        endpoint,
        audience,
        title,
        limits,
        ...(ca !== undefined && { ca }),
      };
      const client = new LogsClient(clientOptions, reading.signal, onEvent);
      const most = { rows: limits.sliceRows, bytes: limits.sliceBytes };
      const slicer = new Slicer(client, servers, most, onEvent);
      // Of other servers nothing may be stored, however far these are.
      const source = ['loganalytics', workspaceId, ...servers].join(':');
      return read({ source, client, slicer, tables, servers, now }, reading);
    },
  };
}

interface Workspace {
  source: string;
  client: LogsClient;
  slicer: Slicer;
  tables: readonly TableName[];
  servers: readonly string[];
  now: () => number;
}

type Part = Stretch & { table: TableName };

async function* read(workspace: Workspace, reading: Reading): AsyncGenerator<HistoryBatch> {
  try {
    for await (const batch of readAll(workspace, reading)) {
      yield batch;
      if (reading.signal.aborted) return;
    }
  } catch (error) {
    if (!reading.signal.aborted) throw error;
  }
}

async function* readAll(workspace: Workspace, reading: Reading): AsyncGenerator<HistoryBatch> {
  const { source, client, slicer, tables, servers } = workspace;
  const plan = planOf(workspace, reading);
  if (plan.length === 0) return;
  const asked = {
    start: Math.min(...plan.map(({ start }) => start)),
    end: Math.max(...plan.map(({ end }) => end)),
  };
  const survey = await surveyOf(client, tables, asked, servers);
  const amountOf = (table: string, span: Span) => survey.get(table)?.within(span) ?? { rows: 0, bytes: 0 };
  const total = plan.reduce((sum, part) => sum + amountOf(part.table, part).bytes, 0);
  let before = 0;
  for (const part of plan) {
    const { rows: expected, bytes } = amountOf(part.table, part);
    if (expected === 0) continue;
    const batch = (messages: SourceMessage[], end: number): HistoryBatch => {
      const done = before + amountOf(part.table, { start: part.start, end }).bytes;
      return { messages, contiguous: false, done, total, unit: 'bytes' };
    };
    for await (const { rows, ...slice } of slicer.read(part.table, part, survey.get(part.table)!)) {
      if (rows.length === 0 && slice.end < part.end) yield batch([], slice.end);
      for (const { message, end } of messagesOf(source, part.table, part, slice, rows))
        yield batch([message], end);
    }
    before += bytes;
  }
}

/** What is not stored yet, day by day. */
function planOf({ source, tables, now }: Workspace, { since, until, position }: Reading): Part[] {
  const began = now();
  const stored = (partition: string) => position(source, partition);
  // Rows of the future have not arrived.
  const days = [...daysOf({ start: Math.floor(since), end: Math.min(Math.ceil(until), began) })];
  return days.flatMap((day) =>
    tables.flatMap((table) => {
      const stretch = stretchOf(day, table, stored, began);
      return stretch === null ? [] : [{ ...stretch, table }];
    }),
  );
}

/** @throws PgvigilError CONFIG_INVALID */
function checkedEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url?.protocol === 'https:' && url.username === '' && url.pathname === '/' && url.search === '')
    return url.origin;
  throw new PgvigilError(
    'CONFIG_INVALID',
    'the endpoint of Log Analytics is no address such as https://api.loganalytics.azure.com',
    'Leave it out in the public cloud; elsewhere give the one of the cloud, with https and without a path.',
  );
}
