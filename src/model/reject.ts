/** A record, or a whole message, that could not be decoded. Kept with its bytes. */
export interface Reject {
  /** Place inside the message; null when the whole message was rejected. */
  index: number | null;
  code: RejectCode;
  /** One sentence for people. */
  reason: string;
  /** Raw bytes, secrets blanked. */
  raw: Uint8Array;
}

export const REJECT_CODES = [
  'INVALID_JSON',
  'NOT_A_RECORD',
  'PREFIX_MISMATCH',
  'BAD_TIME',
  'NO_SERVER',
  'BAD_AUDIT',
  /** The store refused one message that is otherwise sound, e.g. a number out of range. */
  'NOT_STORABLE',
] as const;
export type RejectCode = (typeof REJECT_CODES)[number];
