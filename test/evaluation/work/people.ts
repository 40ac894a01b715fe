/** People at their desks, and at night when the telephone rings. */
import { DAY, HOUR, midnight, zoneOffset } from '../calendar.ts';
import type { Random } from '../random.ts';
import type { SimulatedServer } from '../server.ts';
import type { Transcript } from '../transcripts.ts';

type Transcripts = ReadonlyMap<string, Transcript[]>;

/** A moment between nine and five in a zone, most of them before or after noon. */
export function workingHours(zone: string, day: number, random: Random): number {
  const local = random.chance(0.55) ? random.between(8.7, 12.2) : random.between(13, 17.2);
  return Math.round(midnight(day) + local * HOUR - zoneOffset(zone, day));
}

export interface Analyst {
  zone: string;
  /** Scenes that were recorded, `name` or `name/index`. */
  kinds: readonly string[];
  user: string;
  client: string;
}

/** The questions of a day. Some days have none. */
export function analyst(
  server: SimulatedServer,
  all: Transcripts,
  day: number,
  random: Random,
  { zone, kinds, user, client }: Analyst,
): void {
  const visits = random.whole(0, 4);
  for (let visit = 0; visit < visits; visit++) {
    const [name, index = '0'] = random.pick(kinds).split('/');
    const rows = random.between(0.3, 1) ** -1.2;
    server.visit(all.get(name!)![Number(index)]!, workingHours(zone, day, random), { user, client, rows });
  }
}

/** One night in six somebody is called. */
export function onCall(server: SimulatedServer, all: Transcripts, day: number, random: Random): void {
  if (!random.chance(1 / 6)) return;
  const time = midnight(day) + random.between(21 / 24, 28 / 24) * DAY;
  if (time < midnight(28)) server.visit(all.get('on-call')![0]!, Math.round(time));
}
