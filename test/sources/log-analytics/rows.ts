/** Records of the hub as a diagnostic setting writes them to Log Analytics, in either mode. */
import type { TableRow } from './kql.ts';
import { ticks } from './kql.ts';

/** A record as the hub has it. */
export interface HubRecord {
  category: string;
  time: string;
  resourceId: string;
  LogicalServerName?: string;
  ReplicaRole?: string;
  OriginalPrimaryServerName?: string;
  properties?: Record<string, unknown>;
  log?: string;
  [key: string]: unknown;
}

/** What Log Analytics adds to a row. */
function stored(record: HubRecord, table: string): TableRow {
  return {
    TenantId: '11111111-1111-1111-1111-111111111111',
    SourceSystem: 'Azure',
    TimeGenerated: ticks(record.time),
    Type: table,
    _ResourceId: record.resourceId.toLowerCase(),
    _BilledSize: JSON.stringify(record).length,
    _IsBillable: 'true',
  };
}

/** Columns of AzureDiagnostics that have no suffix; case as in its reference. */
const PLAIN: Record<string, string> = {
  message: 'Message',
  detail: 'Detail',
  category: 'Category',
  operationName: 'OperationName',
  resourceId: 'ResourceId',
};

/** The other services of the workspace left room for so many columns of ours; what is over goes to AdditionalFields. */
export function diagnosticsRow(record: HubRecord, overflow: readonly string[] = []): TableRow {
  const { time: _, properties = {}, ...top } = record;
  const columns: Record<string, unknown> = {};
  const additional: Record<string, unknown> = {};
  for (const [key, value] of Object.entries({ ...top, ...properties })) {
    const suffix = typeof value === 'number' ? 'd' : 's';
    const column = PLAIN[key] ?? `${key}_${suffix}`;
    if (overflow.includes(key)) additional[column] = value;
    else columns[column] = value;
  }
  return {
    ...stored(record, 'AzureDiagnostics'),
    ResourceProvider: 'MICROSOFT.DBFORPOSTGRESQL',
    ResourceType: 'FLEXIBLESERVERS',
    Resource: record.resourceId.slice(record.resourceId.lastIndexOf('/') + 1).toUpperCase(),
    // Of other services, without a value.
    httpStatus_d: null,
    clientIp_s: '',
    ...columns,
    ...(overflow.length > 0 && { AdditionalFields: JSON.stringify(additional) }),
  };
}

/** Columns of PGSQLServerLogs by the property of the hub; it has neither the time of the event nor AppImage. */
const SERVER_LOG: Record<string, string> = {
  errorLevel: 'ErrorLevel',
  sqlerrcode: 'SqlErrorCode',
  processId: 'ProcessId',
  backend_type: 'BackendType',
  message: 'Message',
  detail: 'Detail',
  hint: 'Hint',
  context: 'Context',
  statement: 'Statement',
  query: 'Query',
};

export function serverLogsRow(record: HubRecord): TableRow {
  const properties = Object.entries(record.properties ?? {}).flatMap(([key, value]) => {
    const column = SERVER_LOG[key];
    return column === undefined ? [] : [[column, value]];
  });
  return {
    ...stored(record, 'PGSQLServerLogs'),
    LogicalServerName: record.LogicalServerName,
    ReplicaRole: record.ReplicaRole,
    Location: record.location,
    TableName: '',
    ...Object.fromEntries(properties),
  };
}
