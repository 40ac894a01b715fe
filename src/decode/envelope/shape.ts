/**
 * The shapes of a record: Event Hubs and storage archives (fields at the top, `properties` below), PgBouncer (no
 * `properties`), metrics (no category), rows of Log Analytics (all in one level). All become one.
 */
import type { RawRecord } from './envelope.ts';
import { type Fields, isObject, readFields, textOf } from './fields.ts';
import { readRow } from './log-analytics.ts';
import { isServerGroup, serverName } from './server-name.ts';
import { parseTime } from './time.ts';

/** What a record says outside its `properties`, and where these are. */
export interface Shape {
  category: string | null;
  server: string | null;
  /** `time` or `TimeGenerated`. */
  azureTime: number | null;
  /** Of Cosmos DB for PostgreSQL. */
  isServerGroup: boolean;
  /** The object that holds the fields of the category; of a row, all of its fields by lower-case name. */
  properties: RawRecord | null;
  /** The line of a PgBouncer record. */
  log: string | null;
}

/** Reads a record's shape. The usual spelling, that of Event Hubs, is read directly; every other by its names. */
export function readShape(raw: RawRecord): Shape {
  const { category, time, resourceId, properties, log } = raw;
  const hasBody = (typeof properties === 'object' && isObject(properties)) || isText(log);
  if (!isText(category) || !isText(time) || !isText(resourceId) || !hasBody) return readOtherShape(raw);
  const { LogicalServerName: name, ReplicaRole: role, OriginalPrimaryServerName: primary } = raw;
  return {
    category,
    server: serverName({
      name: isText(name) ? name : null,
      resourceId,
      role: isText(role) ? role : null,
      primary: isText(primary) ? primary : null,
    }),
    azureTime: parseTime(time),
    isServerGroup: isServerGroup(resourceId),
    properties: isObject(properties) ? properties : null,
    log: isText(log) ? log : null,
  };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function readOtherShape(raw: RawRecord): Shape {
  const row = readRow(raw);
  const fields = row?.fields ?? readFields(raw);
  const properties = fields.get('properties');
  const resourceId = textOf(fields, 'resourceid', 'resource');
  return {
    category: row === null ? categoryOf(fields) : row.category,
    server: serverName({
      name: textOf(fields, 'logicalservername'),
      resourceId,
      role: textOf(fields, 'replicarole'),
      primary: textOf(fields, 'originalprimaryservername'),
    }),
    azureTime: parseTime(textOf(fields, 'time', 'timegenerated') ?? ''),
    isServerGroup: isServerGroup(resourceId),
    properties: isObject(properties) ? properties : Object.fromEntries(fields),
    log: textOf(fields, 'log') ?? (row === null ? null : textOf(fields, 'message')),
  };
}

function categoryOf(fields: Fields): string | null {
  return textOf(fields, 'category') ?? (fields.has('metricname') ? 'metrics' : null);
}
