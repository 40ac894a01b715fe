/** Holds the receivers' own logs against the store. Pure. */

import { RECEIVERS } from './kinds.ts';
import { type Pair, pair } from './pairing.ts';
import { numberOf, type Plan } from './plan.ts';
import type { LogLine } from './receiver-log.ts';
import type { Stored, StoredAttempt, StoredDelivery } from './stored.ts';

/** What a dead worker had sent is still read by a receiver that is busy; the next worker takes longer than this to start. */
const LAG_MS = 1_000;

/** What was found in one run. */
export interface Findings {
  /** What must not be. */
  violations: string[];
  /** What there was to look at. */
  counts: Record<string, number>;
}

export interface Evidence {
  plan: Plan;
  stored: Stored;
  log: readonly LogLine[];
  /** When the worker was killed, milliseconds. */
  kills: readonly number[];
  /** Requests that one worker may have under way. */
  underWay: number;
}

export function compare(evidence: Evidence): Findings {
  const comparison = new Comparison(evidence);
  comparison.checkAlerts();
  comparison.checkMessages();
  comparison.checkOrder();
  comparison.checkAttempts();
  return comparison.findings;
}

class Comparison {
  readonly findings: Findings = { violations: [], counts: {} };
  readonly #evidence: Evidence;
  readonly #requests: ReadonlyMap<string, LogLine[]>;
  readonly #attempts: ReadonlyMap<string, StoredAttempt[]>;

  constructor(evidence: Evidence) {
    this.#evidence = evidence;
    this.#requests = grouped(evidence.log, ({ receiver, webhookId }) => `${receiver} ${webhookId}`);
    this.#attempts = grouped(evidence.stored.attempts, ({ deliveryId }) => deliveryId);
  }

  /** The store agrees with the plan, and with itself. */
  checkAlerts(): void {
    const { plan, stored } = this.#evidence;
    this.#must(stored.alerts.length === plan.alerts, `${stored.alerts.length} alerts are stored`);
    this.#must(
      new Set(stored.alerts.map(({ user }) => user)).size === plan.alerts,
      'an alert was opened twice, or not at all',
    );
    const deliveries = grouped(stored.deliveries, ({ alertId }) => alertId);
    for (const { alertId, user, status, evidence, evidenceRows, actions, isNumbered } of stored.alerts) {
      const steps = plan.stepsOf(numberOf(user));
      this.#must(same(actions, steps), `${alertId}: its life is ${actions}, not ${steps}`);
      this.#must(isNumbered, `${alertId}: its steps are not numbered one after the other`);
      this.#must(evidence === evidenceRows, `${alertId}: ${evidenceRows} rows of evidence, not ${evidence}`);
      this.#must((status === 'closed') === steps.includes('closed'), `${alertId}: it is ${status}`);
      for (const { name } of RECEIVERS) {
        const types = (deliveries.get(alertId) ?? []).filter(({ channel }) => channel === name);
        this.#must(
          same(
            types.map(({ type }) => type),
            steps.map((step) => `alert.${step}`),
          ),
          `${alertId}: ${name} is owed ${types.map(({ type }) => type)}, not ${steps}`,
        );
      }
    }
    this.#count('alerts', stored.alerts.length);
    this.#count('messages', plan.messages);
    this.#count('deliveries', stored.deliveries.length);
    this.#must(
      stored.deliveries.length === plan.messages * RECEIVERS.length,
      `${stored.deliveries.length} deliveries for ${plan.messages} messages`,
    );
  }

  /** Each message was taken, under one id that is its own, always with the same bytes, and every signature was right. */
  checkMessages(): void {
    const { stored, log } = this.#evidence;
    this.#must(
      new Set(stored.deliveries.map(({ webhookId }) => webhookId)).size === stored.deliveries.length,
      'two messages share an id',
    );
    for (const delivery of stored.deliveries) {
      const { deliveryId, alertId, channel, state, type } = delivery;
      this.#must(state === 'delivered', `${deliveryId} is ${state}`);
      const whole = this.#requestsOf(delivery).filter(({ sha256 }) => sha256 !== null);
      this.#must(
        whole.some(({ taken }) => taken),
        `${deliveryId}: ${channel} never took it`,
      );
      const hashes = new Set(whole.map(({ sha256 }) => sha256));
      this.#must(hashes.size <= 1, `${deliveryId}: ${hashes.size} different bodies`);
      if (channel.startsWith('webhook'))
        this.#must(hashes.has(delivery.sha256), `${deliveryId}: the body is not that of the outbox`);
      this.#must(
        whole.every((request) => request.alert === alertId && request.step === type),
        `${deliveryId}: a body is about something else`,
      );
    }
    const known = new Set(stored.deliveries.map(({ channel, webhookId }) => `${channel} ${webhookId}`));
    for (const [key] of this.#requests) this.#must(known.has(key), `${key} is in no outbox`);
    for (const { receiver, webhookId, verified, sha256 } of log)
      this.#must(sha256 === null || verified === true, `${receiver} ${webhookId}: not verified`);
    this.#count('requests', log.length);
    this.#count('signatures verified', log.filter(({ verified }) => verified).length);
    this.#count('taken', log.filter(({ taken }) => taken).length);
    this.#count(
      'repeats of what was taken',
      log.filter(({ taken }) => taken).length -
        new Set(log.filter(({ taken }) => taken).map(({ webhookId }) => webhookId)).size,
    );
  }

  /** Of each alert, a receiver first takes the messages in the order of its life. */
  checkOrder(): void {
    const places = new Map(this.#evidence.stored.deliveries.map((one) => [one.webhookId, one]));
    const reached = new Map<string, number>();
    for (const { receiver, webhookId, taken } of this.#evidence.log) {
      const delivery = places.get(webhookId);
      if (!taken || delivery === undefined) continue;
      const key = `${receiver} ${delivery.alertId}`;
      const before = reached.get(key) ?? 0;
      this.#must(
        delivery.place <= before + 1,
        `${delivery.alertId}: ${receiver} took message ${delivery.place} after ${before}`,
      );
      reached.set(key, Math.max(before, delivery.place));
    }
  }

  /** Every attempt on record is a request that the receiver saw and answered so, and the other way round but for the kills. */
  checkAttempts(): void {
    const { stored, kills, underWay } = this.#evidence;
    const lost = new Map<number, number>();
    this.#count('attempts on record', stored.attempts.length);
    for (const delivery of stored.deliveries) {
      const attempts = this.#attempts.get(delivery.deliveryId) ?? [];
      this.#checkNumbers(delivery, attempts);
      const { pairs, unrecorded } = pair(attempts, this.#requestsOf(delivery));
      for (const one of pairs) this.#checkPair(one);
      for (const { request, before } of unrecorded) {
        const kill = kills.find((time) => time >= request.at - LAG_MS && time <= (before?.startedAt ?? 0));
        this.#must(
          kill !== undefined,
          `${delivery.deliveryId}: a request at ${request.at} is not on record, and no worker was killed then`,
        );
        lost.set(kill ?? 0, (lost.get(kill ?? 0) ?? 0) + 1);
        this.#count('lost to kills', 1);
        if (request.taken) this.#count('lost to kills, taken', 1);
      }
    }
    for (const [kill, requests] of lost)
      this.#must(
        requests <= underWay,
        `${requests} requests were lost to the kill at ${kill}, of ${underWay} under way`,
      );
  }

  #checkNumbers({ deliveryId, attempts: counted }: StoredDelivery, attempts: readonly StoredAttempt[]): void {
    this.#must(
      attempts.length === counted && attempts.every(({ attempt }, index) => attempt === index + 1),
      `${deliveryId}: ${counted} attempts, on record are ${attempts.map(({ attempt }) => attempt)}`,
    );
    for (const [index, { outcome }] of attempts.entries())
      this.#must(
        outcome === (index === attempts.length - 1 ? 'delivered' : 'retry'),
        `${deliveryId}: attempt ${index + 1} of ${attempts.length} is ${outcome}`,
      );
  }

  #checkPair({ attempt, request, isLate }: Pair): void {
    const { deliveryId, attempt: number, outcome, status, bodySha256 } = attempt;
    const name = `${deliveryId}, attempt ${number}`;
    if (request === null) {
      this.#must(status === null, `${name}: ${status} is on record, and the receiver saw nothing`);
      this.#count('receiver away', 1);
      return;
    }
    if (request.sha256 !== null)
      this.#must(request.sha256 === bodySha256, `${name}: another body is on record`);
    const wasTold = typeof request.answer === 'number';
    if (status !== null)
      this.#must(!isLate && request.answer === status, `${name}: ${status}, not ${request.answer}`);
    else if (wasTold) this.#count('answers that were not heard', 1);
    const isGood = status !== null && status >= 200 && status < 300;
    this.#must((outcome === 'delivered') === isGood, `${name}: ${status} is ${outcome}`);
    if (outcome === 'delivered') this.#must(request.taken, `${name}: it is delivered, and was not taken`);
  }

  #requestsOf({ channel, webhookId }: StoredDelivery): LogLine[] {
    return this.#requests.get(`${channel} ${webhookId}`) ?? [];
  }

  #must(holds: boolean, violation: string): void {
    if (!holds) this.findings.violations.push(violation);
  }

  #count(what: string, by: number): void {
    this.findings.counts[what] = (this.findings.counts[what] ?? 0) + by;
  }
}

function grouped<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const key = keyOf(row);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [row]);
    else group.push(row);
  }
  return groups;
}

function same(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((one, index) => one === others[index]);
}
