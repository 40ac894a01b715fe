/**
 * How many alerts people hear of in an hour. Pure.
 *
 * Whoever can make alerts without number must not hide another finding behind them:
 * - critical alerts have no cap. They need a sign-in and one identity each, and are worth a message each; a cap would be
 *   the best hiding place of all.
 * - high alerts are counted for each detector alone, apart from the lower ones. A brute force with invented names can
 *   use up what its own detector may say, and nothing else.
 * - lower ones are counted for the detector and for the server.
 */
import type { Alert } from '../model/alert.ts';
import type { Severity } from '../model/severity.ts';

/** Alerts opened in one hour of event time, on one server, at most. */
export interface AlertCaps {
  /** Below high, of all detectors together. */
  server: number;
  /** Of one detector: so many high ones, and so many below. */
  detector: number;
}

export const DEFAULT_CAPS: AlertCaps = { server: 100, detector: 30 };

/** What one detector's next alert is held against. */
export interface CapCounts {
  serverLower: number;
  detectorLower: number;
  detectorHigh: number;
}

const HOUR_MS = 3_600_000;

/** Beginning of the hour. Event time: the same records open the same number of alerts, live or in a backfill. */
export function hourOf(time: number): number {
  return Math.floor(time / HOUR_MS) * HOUR_MS;
}

export function hourKey(server: string, hour: number): string {
  return JSON.stringify([server, hour]);
}

/** The counts of one detector while its alerts are opened one after the other. */
export class CapLedger {
  readonly #caps: AlertCaps;
  readonly #counts: Map<string, CapCounts>;

  /** @param counts what was opened before, by `hourKey` */
  constructor(caps: AlertCaps, counts: ReadonlyMap<string, CapCounts>) {
    this.#caps = caps;
    this.#counts = new Map([...counts].map(([key, value]) => [key, { ...value }]));
  }

  /** Opens an alert in this hour where the caps allow it, and says whether. */
  open({ server, severity }: Pick<Alert, 'server' | 'severity'>, hour: number): boolean {
    const key = hourKey(server, hour);
    const counts = this.#counts.get(key) ?? { serverLower: 0, detectorLower: 0, detectorHigh: 0 };
    if (!this.#hasRoom(severity, counts)) return false;
    if (severity === 'high') counts.detectorHigh++;
    else if (severity !== 'critical') {
      counts.serverLower++;
      counts.detectorLower++;
    }
    this.#counts.set(key, counts);
    return true;
  }

  #hasRoom(severity: Severity, { serverLower, detectorLower, detectorHigh }: CapCounts): boolean {
    if (severity === 'critical') return true;
    if (severity === 'high') return detectorHigh < this.#caps.detector;
    return serverLower < this.#caps.server && detectorLower < this.#caps.detector;
  }
}
