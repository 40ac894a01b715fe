/** Holds back what is beyond the caps, and lets go what was held once there is room. */
import { timestamp } from '../store/rows.ts';
import { storeSql } from '../store/sql.ts';
import type { Row, Transaction } from '../store/store.ts';
import { type AlertCaps, type CapCounts, CapLedger, hourKey, hourOf } from './caps.ts';
import type { AlertChange } from './lifecycle.ts';

const CAP_COUNTS = storeSql('cap-counts');

interface CountRow extends Row {
  server: string;
  cap_hour: Date;
  server_lower: bigint;
  detector_lower: bigint;
  detector_high: bigint;
}

/** Servers and hours in which alerts were newly held. */
export interface HeldHour {
  server: string;
  hour: number;
}

/**
 * Decides over the changes of one detector, in their order, and changes them: an alert beyond the caps becomes `held`. One
 * that was held opens when it goes on in an hour with room, or with a severity that has room: an attack that lasts is not
 * kept quiet for good.
 */
export async function holdBack(
  transaction: Transaction,
  detector: string,
  changes: readonly AlertChange[],
  caps: AlertCaps,
): Promise<HeldHour[]> {
  const waiting = waitingOf(changes);
  if (waiting.length === 0) return [];
  const counts = await readCounts(transaction, detector, waiting.map(hourOfChange));
  return holdWaiting(new CapLedger(caps, counts), waiting);
}

/** Changes that ask for room: new alerts, and held ones that go on. */
export function waitingOf(changes: readonly AlertChange[]): AlertChange[] {
  return changes.filter(({ alert, change }) => change === 'opened' || alert.status === 'held');
}

function hourOfChange({ alert, change }: AlertChange): number {
  return hourOf(change === 'opened' ? alert.firstSeen : alert.lastSeen);
}

/** Decides over waiting changes, with what the ledger knows. */
export function holdWaiting(ledger: CapLedger, waiting: readonly AlertChange[]): HeldHour[] {
  const held = new Map<string, HeldHour>();
  for (const one of waiting) {
    const hour = hourOfChange(one);
    const { alert } = one;
    if (ledger.open(alert, hour)) {
      alert.status = 'open';
      alert.capHour = hour;
      one.change = 'opened';
    } else if (alert.status !== 'held') {
      alert.status = 'held';
      alert.capHour = hour;
      held.set(hourKey(alert.server, hour), { server: alert.server, hour });
    }
  }
  return [...held.values()];
}

async function readCounts(
  transaction: Transaction,
  detector: string,
  hours: readonly number[],
): Promise<Map<string, CapCounts>> {
  const bounds = hours.reduce(
    ({ from, to }, hour) => ({ from: Math.min(from, hour), to: Math.max(to, hour) }),
    { from: Number.POSITIVE_INFINITY, to: Number.NEGATIVE_INFINITY },
  );
  const rows = await transaction.rows<CountRow>(CAP_COUNTS, {
    detector,
    from: timestamp(bounds.from),
    to: timestamp(bounds.to),
  });
  return new Map(
    rows.map((row) => [
      hourKey(row.server, row.cap_hour.getTime()),
      {
        serverLower: Number(row.server_lower),
        detectorLower: Number(row.detector_lower),
        detectorHigh: Number(row.detector_high),
      },
    ]),
  );
}
