import type { Severity } from './severity.ts';

/** Evidence with one dedup key (detector, server, entity), with a life. */
export interface Alert {
  alertId: string;
  detector: string;
  detectorName: string;
  title: string;
  severity: Severity;
  /** A shadow was found by a detector in shadow mode, and goes to nobody. */
  status: 'open' | 'closed' | 'shadow';
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
  createdAt: number;
  updatedAt: number;
}
