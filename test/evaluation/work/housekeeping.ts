/** What runs on every server: monitoring, and the platform itself. */
import { DAY, DAYS, MINUTE, midnight } from '../calendar.ts';
import type { Random } from '../random.ts';
import type { SimulatedServer } from '../server.ts';
import { statementsOf, type Transcript } from '../transcripts.ts';
import type { Outage } from './pools.ts';

type Transcripts = ReadonlyMap<string, Transcript[]>;

/** Milliseconds on average between two sessions of the platform. A real server has eleven a minute, all alike. */
const PLATFORM_GAP = 15 * MINUTE;
/** Minutes from one round of all readings to the next. */
const FULL_ROUND = 60;

/** A monitoring agent: one reading a minute, all of them once an hour, a new session each day. */
export function monitoring(
  server: SimulatedServer,
  all: Transcripts,
  random: Random,
  outages: readonly Outage[] = [],
): void {
  const transcript = all.get('monitoring')![0]!;
  const readings = statementsOf(transcript).slice(0, 6);
  const short = readings.reduce((one, other) => (other.length < one.length ? other : one));
  for (let day = 0; day < DAYS; day++) {
    const cut = outages.find(({ from }) => from >= midnight(day) && from < midnight(day + 1));
    let session = server.open(transcript, midnight(day) + 200);
    for (let minute = 0; minute < DAY / MINUTE; minute++) {
      const time = midnight(day) + minute * MINUTE + random.whole(500, 900);
      if (cut !== undefined && time >= cut.from && time - MINUTE < cut.from) {
        session.end(cut.from);
        session = server.open(transcript, cut.to + 2_000);
      }
      let next = time;
      for (const reading of minute % FULL_ROUND === 7 ? readings : [short])
        next = session.run(reading, next) + 2;
    }
    session.end(midnight(day + 1) - 100);
  }
}

/** Health checks of the platform, from the host itself. */
export function platform(server: SimulatedServer, all: Transcripts, random: Random): void {
  const errands = all.get('platform')!;
  let time = midnight(0) + random.between(0, PLATFORM_GAP);
  while (time < midnight(DAYS)) {
    server.visit(random.pick(errands), time);
    time += PLATFORM_GAP * random.between(0.8, 1.2);
  }
}
