/** Alerts that a backtest found beside those that are stored. Pure. */
import type { Alert } from '../model/alert.ts';

/** new: nothing of it is stored. same: an alert of the same entity at that time is. gone: stored, and not found again. */
export type Verdict = 'new' | 'same' | 'gone';

export interface ComparedAlert {
  alert: Alert;
  verdict: Verdict;
}

/**
 * Two alerts are the same when they are about one entity of one server and no more than `quiet` milliseconds lie between
 * them: a lower threshold lets an alert begin earlier, which makes no other alert of it.
 *
 * @returns what was found, then what is gone
 */
export function compareAlerts(
  found: readonly Alert[],
  stored: readonly Alert[],
  quiet: number,
): ComparedAlert[] {
  const isStored = finder(stored, quiet);
  const isFound = finder(found, quiet);
  return [
    ...found.map((alert): ComparedAlert => ({ alert, verdict: isStored(alert) ? 'same' : 'new' })),
    ...stored.filter((alert) => !isFound(alert)).map((alert): ComparedAlert => ({ alert, verdict: 'gone' })),
  ];
}

/** Of one entity, in order of their begin; `ends` holds the latest end so far. */
interface Timeline {
  begins: number[];
  ends: number[];
}

/** Tells whether one of the alerts is about the entity and the time of another. */
function finder(alerts: readonly Alert[], quiet: number): (alert: Alert) => boolean {
  const timelines = new Map<string, Timeline>();
  for (const alert of [...alerts].sort((a, b) => a.firstSeen - b.firstSeen)) {
    const key = keyOf(alert);
    const { begins, ends } = timelines.get(key) ?? { begins: [], ends: [] };
    begins.push(alert.firstSeen);
    ends.push(Math.max(alert.lastSeen, ends.at(-1) ?? Number.NEGATIVE_INFINITY));
    timelines.set(key, { begins, ends });
  }
  return (alert) => {
    const timeline = timelines.get(keyOf(alert));
    if (timeline === undefined) return false;
    const before = countUpTo(timeline.begins, alert.lastSeen + quiet);
    return before > 0 && timeline.ends[before - 1]! >= alert.firstSeen - quiet;
  };
}

function keyOf({ server, entity }: Alert): string {
  return JSON.stringify([server, entity]);
}

/** How many of the ascending numbers are `limit` or less. */
function countUpTo(ascending: readonly number[], limit: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ascending[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
