/** The server that a record is about. */
import { cleanText } from '../redaction/text.ts';

/** What records say of their server; null where they do not. */
export interface ServerIdentity {
  /** `LogicalServerName`. */
  name: string | null;
  resourceId: string | null;
  /** `ReplicaRole`. */
  role: string | null;
  /** `OriginalPrimaryServerName`. */
  primary: string | null;
}

/** Names in lower case by how they were written. A hub carries those of some servers over and over. */
const cleaned = new Map<string, string | null>();
const MAX_REMEMBERED = 1024;
/** Longer than any name that Azure allows (63); what is longer is not remembered. */
const MAX_NAME = 255;

/**
 * Server name in lower case: `LogicalServerName`, else the last segment of the resource id; null when there is neither.
 *
 * The standby of a server with high availability logs under the name of its primary and has sessions of its own, whose
 * ids could meet the primary's: it is `name (standby)`. A read replica has its own name.
 */
export function serverName({ name, resourceId, role, primary }: ServerIdentity): string | null {
  const server = cleanName(name) ?? cleanName(lastSegment(resourceId));
  const isOther = role !== null && role !== 'Primary' && role !== '' && primary !== null;
  if (server === null || !isOther || role.toLowerCase() === 'primary') return server;
  return cleanName(primary) === server ? `${server} (standby)` : server;
}

function cleanName(name: string | null): string | null {
  if (name === null) return null;
  const known = cleaned.get(name);
  if (known !== undefined) return known;
  const server = cleanText(name.trim().toLowerCase()) || null;
  if (name.length <= MAX_NAME) {
    if (cleaned.size >= MAX_REMEMBERED) cleaned.clear();
    cleaned.set(name, server);
  }
  return server;
}

function lastSegment(resourceId: string | null): string | null {
  return resourceId === null ? null : resourceId.slice(resourceId.lastIndexOf('/') + 1);
}

/** True for Cosmos DB for PostgreSQL, by its resource id: its lines have a prefix, but no level. */
export function isServerGroup(resourceId: string | null): boolean {
  if (resourceId === null) return false;
  // Nearly all ids end in `/FLEXIBLESERVERS/name`: one character tells.
  const end = resourceId.lastIndexOf('/');
  if (end < 1 || resourceId.charCodeAt(end - 1) !== 0x32) return false;
  return resourceId.slice(0, end).toUpperCase().endsWith('/SERVERGROUPSV2');
}
