/** allow: known and harmless. suppress: planned work, for hours or days. */
export const ALLOW_KINDS = ['allow', 'suppress'] as const;
export type AllowKind = (typeof ALLOW_KINDS)[number];

/** What evidence must be for an entry to match it: every text that is not null, with `*` for any characters. */
export interface AllowScope {
  /** Detector id, or `*`. */
  detector: string;
  server: string | null;
  user: string | null;
  /** Address, range of addresses (CIDR), or text. */
  client: string | null;
  database: string | null;
  application: string | null;
  /** The evidence's own key, e.g. `app_rw@203.0.113.7`. */
  entity: string | null;
  /** All relations of the statement. */
  relation: string | null;
  /** Fingerprint of the statement. */
  fingerprint: string | null;
}

/** An entry of the allow-list, or a suppression window. */
export interface AllowEntry extends AllowScope {
  entryId: string;
  kind: AllowKind;
  reason: string;
  author: string;
  createdAt: number;
  /** First event time that it covers. */
  startsAt: number;
  /** First event time that it no longer covers. */
  expiresAt: number;
}
