/** Entries and evidence made by hand. */
import { insertEntry } from '../../../src/alerts/allow-list/allow-table.ts';
import type { AllowEntry } from '../../../src/model/allow-entry.ts';
import type { Evidence } from '../../../src/model/evidence.ts';
import type { Store } from '../../../src/store/store.ts';
import { NOW } from '../support.ts';

const DAY = 86_400_000;

/** Allows what T01 finds of `app_rw`, for a day around NOW. */
export function allowEntry(changes: Partial<AllowEntry> = {}): AllowEntry {
  return {
    entryId: 'allow_1',
    kind: 'allow',
    detector: 'T01',
    server: null,
    user: 'app_rw',
    client: null,
    database: null,
    application: null,
    entity: null,
    relation: null,
    fingerprint: null,
    reason: 'known',
    author: 'dba_alice',
    createdAt: NOW,
    startsAt: NOW - DAY,
    expiresAt: NOW + DAY,
    ...changes,
  };
}

/** Evidence `recordId` milliseconds after NOW. */
export function evidenceRow(recordId: bigint, changes: Partial<Evidence> = {}): Evidence {
  return {
    recordId,
    server: 'pg-1',
    entity: 'app_rw@203.0.113.7',
    eventTime: NOW + Number(recordId),
    sessionId: `s.${recordId}`,
    user: 'app_rw',
    client: '203.0.113.7',
    database: 'orders',
    application: 'psql',
    severity: null,
    summary: 'something was found',
    statementHash: null,
    observed: null,
    threshold: null,
    baseline: null,
    ...changes,
  };
}

export async function allow(store: Store, changes: Partial<AllowEntry> = {}): Promise<void> {
  await store.transaction((transaction) => insertEntry(transaction, allowEntry(changes)));
}
