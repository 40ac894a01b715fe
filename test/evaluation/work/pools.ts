/** Applications that keep connections open. */
import { DAY, DAYS, HOUR, isWorkday, MINUTE, midnight, START, zoneOffset } from '../calendar.ts';
import type { Random } from '../random.ts';
import type { Actor, OpenSession, SimulatedServer } from '../server.ts';
import type { Transcript, TranscriptLine } from '../transcripts.ts';

export interface Pool {
  transcript: Transcript;
  actor: Actor;
  /** What it does, one piece at a time. */
  pages: (time: number) => readonly TranscriptLine[][];
  /** Pieces an hour when most is to do. */
  perHour: number;
  /** Part of it that is left in the small hours and at weekends. */
  atNight: number;
  atWeekends: number;
  /** Moments at which all of its connections end and are made anew. */
  restarts: readonly number[];
}

/** Times without work for the pool: the server is away. */
export interface Outage {
  from: number;
  to: number;
}

const LIFETIME_LOW = 3 * HOUR;
const LIFETIME_HIGH = 9 * HOUR;
/** Growth of the business: part of a day's work that comes on top of the day before. */
const GROWTH = 0.006;

/** How busy an application is, as a part of its best hour: by hour, weekday and week. */
export function season(time: number, pool: Pick<Pool, 'atNight' | 'atWeekends'>): number {
  const day = Math.floor((time - START) / DAY);
  const hour = ((time + zoneOffset('Europe/Berlin', day)) % DAY) / HOUR;
  const daily = pool.atNight + (1 - pool.atNight) * Math.max(0, Math.sin(((hour - 6) / 16) * Math.PI));
  return daily * (isWorkday(day) ? 1 : pool.atWeekends) * (1 + day * GROWTH);
}

/** One connection of a pool over all days. */
export function keepWorking(
  server: SimulatedServer,
  pool: Pool,
  random: Random,
  outages: readonly Outage[] = [],
): void {
  const stops = [...pool.restarts, ...outages.map(({ from }) => from), midnight(DAYS)].sort((a, b) => a - b);
  let time = START + random.between(0, MINUTE);
  while (time < midnight(DAYS)) {
    const outage = outages.find(({ from, to }) => time >= from && time < to);
    if (outage !== undefined) {
      // All come back at once: a storm of sign-ins.
      time = outage.to + random.between(0, 6_000);
      continue;
    }
    const stop = stops.find((moment) => moment > time)!;
    const end = Math.min(stop, time + random.between(LIFETIME_LOW, LIFETIME_HIGH));
    time = work(server.open(pool.transcript, time, pool.actor), pool, random, time, end);
  }
}

function work(session: OpenSession, pool: Pool, random: Random, begin: number, end: number): number {
  let time = begin + random.between(50, 2_000);
  while (time < end) {
    const pages = pool.pages(time);
    const last = session.run(random.pick(pages), Math.round(time));
    time = last + 50 + random.gap(pool.perHour * season(time, pool));
  }
  session.end(Math.round(end));
  return end + random.between(20, 900);
}
