/** Holds decoded records of the connection script against what its clients did. */
import assert from 'node:assert/strict';
import { recordsOf } from '../../../fixtures/majors/facts.ts';
import type { LedgerEntry } from '../../../fixtures/majors/ledger.ts';
import { decodeMessage } from '../../../src/decode/message.ts';
import type { ConnectionEvent, ConnectionEventName, Fact } from '../../../src/model/fact.ts';
import type { LogRecord } from '../../../src/model/record.ts';

/** The records of messages, all of which must decode. */
export function decodeAll(messages: readonly { records: readonly object[] }[]): LogRecord[] {
  return messages.flatMap((message) => {
    const { records, rejects } = decodeMessage(Buffer.from(JSON.stringify(message)), { prefixes: [] });
    assert.deepEqual(rejects, []);
    assert.equal(records.length, message.records.length);
    return records;
  });
}

/** Refusals: what the log says of a client that did not get in. */
const REFUSED = new Set<ConnectionEventName>(['failed', 'rejected', 'limit', 'protocol_error']);

/** True for an `authorized` line with names that may be read in two ways. 11 does not print the application name. */
function isAmbiguous(step: string, major: number): boolean {
  return step === 'role of separators' || (step === 'application that names a database' && major >= 12);
}

/** Asserts that the records say of a session what its client knows of it, and name nobody else. */
export function assertSession(entry: LedgerEntry, records: readonly LogRecord[], major: number): void {
  const own = recordsOf(records, entry);
  const facts = own.map(({ fact }) => fact);
  const events = facts.filter((fact): fact is ConnectionEvent => fact?.kind === 'connection');
  const one = (name: ConnectionEventName): ConnectionEvent | undefined => {
    const found = events.filter(({ event }) => event === name);
    assert.ok(found.length <= 1, `${entry.step}: ${name} ${found.length} times`);
    return found[0];
  };
  for (const event of events) assertNobodyElse(entry, event);
  assert.equal(events[0]?.event, 'received', entry.step);
  assert.equal(one('received')?.client, entry.client, entry.step);
  assert.equal(events[0]?.clientPort === null, entry.client === '[local]', entry.step);
  assertRefusal(entry, events);
  assertFailures(entry, facts);
  assertAuthentication(entry, one('authenticated'), major);
  assertAuthorization(entry, one('authorized'), major);
  assertEnd(entry, one('disconnected'), major);
}

function assertNobodyElse(entry: LedgerEntry, event: ConnectionEvent): void {
  // PostgreSQL cuts names at 63 bytes.
  const user = entry.user?.slice(0, 63) ?? null;
  for (const [said, truth] of [
    [event.user, user],
    [event.database, entry.database],
    [event.client, entry.client],
    [event.identity, entry.identity],
    [event.method, entry.method],
  ])
    assert.ok(said === null || said === truth, `${entry.step}: ${event.event} names ${said}, not ${truth}`);
}

function assertRefusal({ step, refusal, answer }: LedgerEntry, events: readonly ConnectionEvent[]): void {
  const refusals = events.filter(({ event }) => REFUSED.has(event));
  if (refusal === null) assert.deepEqual(refusals, [], step);
  else {
    assert.deepEqual({ event: refusals[0]?.event, reason: refusals[0]?.reason }, refusal, step);
    assert.notEqual(answer, 'ok', step);
  }
}

function assertFailures({ step, failures }: LedgerEntry, facts: readonly (Fact | null)[]): void {
  const found = facts.flatMap((fact) => (fact?.kind === 'failure' ? [fact.sqlstate] : []));
  assert.deepEqual(found, failures, step);
}

/** `connection authenticated` came with 14, for trust with 17. */
function assertAuthentication(
  { step, method, identity, user }: LedgerEntry,
  event: ConnectionEvent | undefined,
  major: number,
): void {
  const isLogged = method !== null && major >= (method === 'trust' ? 17 : 14);
  assert.equal(event !== undefined, isLogged, `${step}: authenticated`);
  if (event === undefined) return;
  assert.deepEqual([event.method, event.identity], [method, identity], step);
  assert.equal(event.user, method === 'trust' ? user : null, step);
}

function assertAuthorization(entry: LedgerEntry, event: ConnectionEvent | undefined, major: number): void {
  if (entry.answer === 'ok') assert.ok(event !== undefined, `${entry.step}: authorized`);
  if (event === undefined) return;
  assert.deepEqual([event.tls, event.replication], [entry.tls, entry.replication], entry.step);
  assert.equal(event.tlsVersion !== null, entry.tls, entry.step);
  if (isAmbiguous(entry.step, major)) {
    assert.deepEqual([event.user, event.database, event.application], [null, null, null], entry.step);
    return;
  }
  // A walsender's line has no database; application_name came with 12.
  const database = entry.replication ? null : entry.database;
  const application = major === 11 ? null : entry.application;
  assert.deepEqual(
    [event.user, event.database, event.application],
    [entry.user, database, application],
    entry.step,
  );
}

/** A session that began says so when it ends; a client that was refused leaves without a word. */
function assertEnd(entry: LedgerEntry, event: ConnectionEvent | undefined, major: number): void {
  // Before 12 standbys were counted after the session had begun.
  const hasBegun = entry.answer === 'ok' || (major < 12 && entry.refusal?.reason === 'too_many_standbys');
  assert.equal(event !== undefined, hasBegun, `${entry.step}: disconnected`);
  if (event === undefined) return;
  assert.ok(event.durationMs !== null && event.durationMs < 60_000, entry.step);
  assert.equal(event.client, entry.client, entry.step);
  if (entry.step === 'role of separators') assert.deepEqual([event.user, event.database], [null, null]);
  else assert.deepEqual([event.user, event.database], [entry.user, entry.database], entry.step);
}
