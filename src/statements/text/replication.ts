/** Commands of the streaming replication protocol, which are not SQL (PostgreSQL's repl_gram.y). */

import type { Draft } from '../draft.ts';
import { addHosts } from '../extractors/hosts.ts';

const COMMAND =
  /^\s*(?:IDENTIFY_SYSTEM|START_REPLICATION|CREATE_REPLICATION_SLOT|DROP_REPLICATION_SLOT|ALTER_REPLICATION_SLOT|READ_REPLICATION_SLOT|TIMELINE_HISTORY|BASE_BACKUP|UPLOAD_MANIFEST)(?![a-z0-9_])/i;
const SLOT = /(?:SLOT|REPLICATION_SLOT)\s{1,20}"?([a-z0-9_]{1,63})/i;

/** True for a replication command; then the draft is complete. */
export function noteReplicationCommand(text: string, draft: Draft): boolean {
  if (!COMMAND.test(text)) return false;
  draft.kinds.add('ReplicationCommand');
  draft.flags.add('replication_cmd');
  draft.statementCount = 1;
  draft.target = SLOT.exec(text)?.[1]?.toLowerCase() ?? null;
  addHosts(text, draft.hosts);
  return true;
}
