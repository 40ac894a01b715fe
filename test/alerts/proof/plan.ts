/**
 * What happens to the alerts of the proof. It follows from their number alone, so that a worker that was killed goes on as if
 * nothing had been: no alert is opened twice, and every message that there has to be is known beforehand.
 */
import type { AlertAction } from '../../../src/alerts/history.ts';
import { HOUR, type Line, signIn, T0 } from '../../detect/support.ts';
import { parsedStatement } from '../../statements/support.ts';
import { audit, logRecord } from '../../store/support.ts';

/** Event time between two alerts. */
const STEP_MS = 10;
const MAX_BATCH = 100;
/** Of the batches, so many in one come first. Their alerts close by themselves when the others are opened. */
const EARLY_SHARE = 1 / 20;
/** More than the quiet time of the detector. */
const GAP_MS = 2 * HOUR;
/** Of the alerts, so many for one that a person closes; of thousands fewer, as each takes that person some time. */
const CLOSED_EVERY = 20;
/** With the one that opened the alert, ten: worth a further message. */
const FURTHER_GRANTS = 9;

/** The detector whose alerts they are. */
export const DETECTOR = 'P01';

export class Plan {
  readonly alerts: number;
  readonly #batch: number;
  readonly #batches: number;
  readonly #closedEvery: number;

  constructor(alerts: number) {
    this.alerts = alerts;
    this.#batch = Math.max(1, Math.min(MAX_BATCH, Math.floor(alerts / 8)));
    this.#batches = Math.ceil(alerts / this.#batch);
    this.#closedEvery = CLOSED_EVERY * Math.max(1, Math.round(alerts / 2_000));
  }

  /** Messages of the source, from 1: each opens a batch of alerts and lets some of the batch before grow. */
  get rounds(): number {
    return this.#batches + 1;
  }

  /** Messages that each channel has to get. */
  get messages(): number {
    let sum = 0;
    for (let number = 0; number < this.alerts; number++) sum += this.stepsOf(number).length;
    return sum;
  }

  /** The life of an alert. */
  stepsOf(number: number): AlertAction[] {
    const steps: AlertAction[] = ['opened'];
    if (grows(number)) steps.push('updated');
    if (this.isAcknowledged(number)) steps.push('acknowledged');
    if (this.isClosed(number) || this.#isEarly(number)) steps.push('closed');
    return steps;
  }

  /** By a person, before it is closed. */
  isAcknowledged(number: number): boolean {
    return this.isClosed(number) && number % (2 * this.#closedEvery) === 0;
  }

  /** By a person, when it has grown. */
  isClosed(number: number): boolean {
    return number % this.#closedEvery === 0 && !this.#isEarly(number);
  }

  /** What the source brings in a round. */
  lines(round: number): Line[] {
    const opened = this.#numbersOf(round - 1).flatMap((number) => {
      const at = this.#timeOf(number);
      return [...signIn(at, whoOf(number)), grant(at + STEP_MS / 2, number)];
    });
    const grown = this.#numbersOf(round - 2).filter(grows);
    const grants = grown.flatMap((number) =>
      Array.from({ length: FURTHER_GRANTS }, (_, more) =>
        grant(this.#timeOf(number) + this.#batch * STEP_MS + more, number),
      ),
    );
    return [...grants, ...opened];
  }

  #numbersOf(batch: number): number[] {
    const numbers = Array.from({ length: this.#batch }, (_, index) => batch * this.#batch + index);
    return numbers.filter((number) => number >= 0 && number < this.alerts);
  }

  #timeOf(number: number): number {
    return T0 + number * STEP_MS + (this.#isEarly(number) ? 0 : GAP_MS);
  }

  #isEarly(number: number): boolean {
    return Math.floor(number / this.#batch) < Math.max(1, Math.floor(this.#batches * EARLY_SHARE));
  }
}

/** Number of an alert, from the role behind it. */
export function numberOf(user: string): number {
  return Number(user.slice('user'.length));
}

function grows(number: number): boolean {
  return number % 10 === 0;
}

const whoOf = (number: number) => ({ session: `s.${number}`, user: `user${number}`, client: '10.1.2.3' });

const GRANT = 'GRANT pg_read_all_data TO bob';
/** Parsed once. */
const GRANT_FEATURES = parsedStatement(GRANT);

function grant(at: number, number: number): Line {
  const fact = audit({ statement: GRANT, class: 'ROLE', command: 'GRANT ROLE' });
  return {
    record: logRecord(fact, { eventTime: at, sessionId: whoOf(number).session }),
    features: GRANT_FEATURES,
  };
}
