/** When detection looks: seldom while nothing happens, which changes no alert, and often around attacks. */
import { DAY, END, HOUR, JUDGED_FROM, START } from './calendar.ts';
import type { Scenario } from './scenarios.ts';

/** Between two looks in the days of learning. */
const LEARNING_TICK = DAY / 2;
/** Between two looks in ordinary hours that are judged. */
const JUDGED_TICK = 6 * HOUR;
/** Between two looks during an attack: what the time to an alert is rounded up to. Milliseconds. */
export const FINE_TICK = 20_000;
/** A slow attack is looked at this often all in all. */
const LOOKS_AT_SLOW = 24;
/** Time after an attack in which it is still looked at often. */
const AFTERMATH = FINE_TICK;

/** Moments of all looks, in order; the last is the end of the four weeks. */
export function ticksFor(scenarios: readonly Scenario[]): number[] {
  const moments = new Set<number>([END]);
  for (let time = START + LEARNING_TICK; time <= JUDGED_FROM; time += LEARNING_TICK) moments.add(time);
  for (let time = JUDGED_FROM; time < END; time += JUDGED_TICK) moments.add(time);
  for (const { from, to } of scenarios) {
    const step = Math.max(FINE_TICK, Math.ceil((to - from) / LOOKS_AT_SLOW));
    for (let time = from + step; time < to + AFTERMATH + step; time += step) moments.add(time);
  }
  return [...moments].filter((time) => time <= END).sort((one, other) => one - other);
}
