import type { Severity } from './severity.ts';

/** Alerts that are kept for people to see and sent to nobody. */
export const SILENT_STATUSES = [
  /** Found by a detector in shadow mode. */
  'shadow',
  /** Everything in it is matched by the allow-list. */
  'allowed',
  /** It fell into a suppression window. */
  'suppressed',
  /** Beyond the cap of its hour. */
  'held',
] as const;
export type AlertStatus = 'open' | 'acknowledged' | 'closed' | (typeof SILENT_STATUSES)[number];

/** Evidence with one dedup key (detector, server, entity), with a life. */
export interface Alert {
  alertId: string;
  detector: string;
  detectorName: string;
  title: string;
  severity: Severity;
  status: AlertStatus;
  server: string;
  entity: string;
  /** The most telling sentence of the evidence. */
  summary: string;
  user: string | null;
  client: string | null;
  database: string | null;
  application: string | null;
  firstSeen: number;
  lastSeen: number;
  /** Distinct events of evidence. */
  count: number;
  /** `%c` ids behind it. */
  sessions: string[];
  observed: number | null;
  threshold: number | null;
  /** What is usual, in the unit of `observed`. */
  baseline: number | null;
  createdAt: number;
  updatedAt: number;
  /** Of the detector; null where it adds nothing to the risk of an entity. */
  tactic: string | null;
  risk: number | null;
  /** Beginning of the hour (event time) whose cap it counts to; null where none applies. */
  capHour: number | null;
  /** Entries of the allow-list that matched its evidence. */
  allowedBy: string[];
}

/** Whether nobody is told of the alert. */
export function isSilent({ status }: Pick<Alert, 'status'>): boolean {
  return (SILENT_STATUSES as readonly string[]).includes(status);
}
