/** What the tests of delivery share: a clock, receivers, channels to them, and what the store says of it. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import type { Channel } from '../../src/alerts/channels/channel.ts';
import { Deliverer, type DelivererOptions } from '../../src/alerts/delivery.ts';
import { parseSecret } from '../../src/alerts/signature.ts';
import { WebhookReceiver } from '../../src/demo/receiver.ts';
import type { Store } from '../../src/store/store.ts';
import { NOW, newSecret, undo, webhookTo } from './support.ts';

export const secretText = newSecret();
export const secrets = [parseSecret(secretText)];
export const HOUR = 3_600_000;

/** A clock that stands still until the test moves it. */
export class Clock {
  time = NOW;
  readonly now = () => this.time;
}

export async function startReceiver(t: TestContext, clock: Clock): Promise<WebhookReceiver> {
  const receiver = new WebhookReceiver({ secrets, now: clock.now });
  await receiver.start();
  undo(t, () => receiver.stop());
  return receiver;
}

export function webhook(name: string, url: string, timeoutMs = 5000): Promise<Channel> {
  return webhookTo(name, url, secretText, timeoutMs);
}

/** One attempt at a time, so that what happens has an order, and a receiver that is left alone at its first failure. */
export const ONE_BY_ONE = { concurrency: 1, strikes: 1 };

export function newDeliverer(t: TestContext, options: DelivererOptions): Deliverer {
  const deliverer = new Deliverer({ random: () => 0, limits: ONE_BY_ONE, ...options });
  undo(t, () => deliverer.stop(0));
  return deliverer;
}

export const numbersOf = (receiver: WebhookReceiver) => receiver.alerts.map((alert) => alert.data.count);
export const upTo = (count: number) => Array.from({ length: count }, (_, number) => number);

export interface Outcome extends Record<string, unknown> {
  state: string;
  attempts: number;
}

export async function outcomes(store: Store): Promise<Outcome[]> {
  return store.rows<Outcome>('SELECT state, attempts FROM store.outbox ORDER BY created_at, rowid');
}

export async function attemptsOf(store: Store): Promise<{ status: number | null; error: string | null }[]> {
  return store.rows('SELECT status, error FROM store.delivery_attempts ORDER BY started_at, attempt');
}

/** The store of a process that is killed before its first commit. */
export function failingOnce(store: Store): Store {
  let killed = false;
  return new Proxy(store, {
    get(target, key) {
      if (key === 'transaction' && !killed) {
        killed = true;
        return () => Promise.reject(new Error('killed'));
      }
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, 'did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
