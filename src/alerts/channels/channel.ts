/** Where alerts leave: what every channel takes and answers. */

/** One attempt to deliver a message. */
export interface OutgoingMessage {
  /** The same on every attempt: what a receiver drops repeats by. */
  webhookId: string;
  /** JSON as `alertMessage` made it. */
  body: string;
  /** Time of this attempt, seconds since 1970-01-01 UTC. */
  timestampSeconds: number;
}

/**
 * What became of an attempt. `status` is the HTTP status, null where there was no answer. `error` is stored and
 * logged: it names the host and nothing else of the address, and never a secret.
 */
export type DeliveryResult =
  | { outcome: 'delivered'; status: number | null }
  /** Failed; may succeed later, not before `retryAfterMs` (milliseconds from now) where the receiver said so. */
  | { outcome: 'retry'; status: number | null; error: string; retryAfterMs: number | null }
  /** The receiver wants no more of this. */
  | { outcome: 'refused'; status: number | null; error: string }
  /** `signal` came before the answer: it may or may not have arrived. */
  | { outcome: 'aborted'; status: null; error: string };

export interface Channel {
  /** Name in the configuration; key of its rows in the outbox. */
  readonly name: string;
  /** Makes one attempt. Does not throw, has a time limit of its own, and ends soon after `signal`. */
  deliver(message: OutgoingMessage, signal: AbortSignal): Promise<DeliveryResult>;
}
