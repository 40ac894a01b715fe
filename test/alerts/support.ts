/** What the tests of the alerts' room share: a store in a temporary folder, a secret, an alert. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Channel } from '../../src/alerts/channels/channel.ts';
import { webhook } from '../../src/alerts/channels/webhook.ts';
import { alertMessage, type Message } from '../../src/alerts/message.ts';
import { enqueue, type Recipient, type Subject } from '../../src/alerts/outbox.ts';
import type { Alert } from '../../src/model/alert.ts';
import { Store } from '../../src/store/store.ts';

export const NOW = Date.UTC(2026, 2, 1, 12);

const undoings = new WeakMap<TestContext, (() => unknown)[]>();

/** Undoes things after the test, last first: what uses the store ends before the store is closed. */
export function undo(t: TestContext, work: () => unknown): void {
  const known = undoings.get(t);
  if (known !== undefined) {
    known.push(work);
    return;
  }
  const stack = [work];
  undoings.set(t, stack);
  t.after(async () => {
    for (const step of stack.reverse()) await step();
  });
}

/** A new store, closed and removed after the test. */
export async function temporaryStore(t: TestContext): Promise<Store> {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-alerts-'));
  const store = await Store.open(folder);
  undo(t, async () => {
    await store.close();
    await rm(folder, { recursive: true, force: true });
  });
  return store;
}

export function newSecret(bytes = 32): string {
  return `whsec_${randomBytes(bytes).toString('base64')}`;
}

export function alertWith(changes: Partial<Alert> = {}): Alert {
  return {
    alertId: 'al_0123456789abcdef01234567',
    detector: 'A01',
    detectorName: 'auth.brute_force_account',
    title: 'Suspected brute force on a valid account',
    severity: 'high',
    status: 'open',
    server: 'pg-prod-1',
    entity: 'app_rw@203.0.113.7',
    summary: '31 failed sign-ins of app_rw from 203.0.113.7 in 5 minutes',
    user: 'app_rw',
    client: '203.0.113.7',
    database: 'orders',
    application: null,
    firstSeen: NOW - 60_000,
    lastSeen: NOW,
    count: 31,
    sessions: ['68a1f3c2.1a2b'],
    observed: 31,
    threshold: 10,
    baseline: null,
    createdAt: NOW,
    updatedAt: NOW,
    tactic: 'credential-access',
    risk: 47,
    capHour: null,
    allowedBy: [],
    ...changes,
  };
}

/** Puts messages `al_0`, `al_1`, … into the outbox, each with its number in the body. */
export async function enqueueMany(
  store: Store,
  channels: readonly string[],
  count: number,
  now: number,
): Promise<void> {
  await store.transaction(async (transaction) => {
    for (let number = 0; number < count; number++) {
      await enqueue(transaction, subject(`al_${number}`), numbered(number), toAll(channels), now);
    }
  });
}

export function subject(id: string, changes: Partial<Subject> = {}): Subject {
  return { id, severity: 'high', sequence: 1, ...changes };
}

/** Recipients that are told at once. */
export function toAll(channels: readonly string[]): Recipient[] {
  return channels.map((channel) => ({ channel, release: null }));
}

/** A message that can be told from others by `data.count`. */
export function numbered(number: number, changes: Partial<Alert> = {}): Message {
  return alertMessage(alertWith({ alertId: `al_${number}`, count: number, ...changes }), 'alert.opened');
}

/** A webhook channel as a user configures it. */
export async function webhookTo(
  name: string,
  url: string,
  secret: string,
  timeoutMs = 5_000,
): Promise<Channel> {
  return webhook.open(
    { url, secret: { env: 'KEY' } },
    {
      name,
      secret: () => Promise.resolve(secret),
      allowPrivate: ['127.0.0.1', 'localhost'],
      ca: undefined,
      version: '0.1.0',
      timeoutMs,
    },
  );
}
