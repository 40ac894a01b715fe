/** The office's server: a CRM, a wiki, their reports, and those who look after them. */
import { DAYS, HOUR, isWorkday, MINUTE, midnight, weekday } from '../calendar.ts';
import { Random } from '../random.ts';
import { SimulatedServer } from '../server.ts';
import { pagesOf, type Transcript } from '../transcripts.ts';
import { monitoring, platform } from './housekeeping.ts';
import { onCall, workingHours } from './people.ts';
import { keepWorking } from './pools.ts';

type Transcripts = ReadonlyMap<string, Transcript[]>;

function application(server: SimulatedServer, transcript: Transcript, client: string, seed: number): void {
  const pages = pagesOf([transcript]);
  keepWorking(
    server,
    {
      ...{ transcript, actor: { client }, pages: () => pages, perHour: 25, atNight: 0.01, atWeekends: 0.06 },
      restarts: Array.from({ length: DAYS }, (_, day) => midnight(day) + 3 * HOUR).filter(
        (_, day) => weekday(day) === 6,
      ),
    },
    new Random(seed),
  );
}

/** All that happens on the office's server in four weeks. */
export function workOfOffice(all: Transcripts): SimulatedServer {
  const random = new Random(51);
  const server = new SimulatedServer('office-prod', random);
  const [crm, wiki] = ['svc_crm', 'svc_wiki'].map(
    (name) => all.get('office')!.find(({ user }) => user === name)!,
  );
  for (const seed of [52, 53]) application(server, crm!, '10.20.1.31', seed);
  for (const seed of [54, 55]) application(server, wiki!, '10.20.1.32', seed);
  monitoring(server, all, new Random(56));
  platform(server, all, new Random(57));
  for (let day = 0; day < DAYS; day++) {
    const night = midnight(day) + 1 * HOUR + 30 * MINUTE + random.between(0, 20_000);
    server.visit(all.get('backup')![1]!, night);
    server.visit(all.get('wiki-backup')![0]!, night + 5 * MINUTE);
    if (isWorkday(day)) {
      for (let time = midnight(day) + 7 * HOUR; time < midnight(day) + 16 * HOUR; time += random.gap(1.5))
        server.visit(all.get('crm-dashboards')![0]!, time, { rows: random.between(0.9, 1.2) });
      for (let visit = 0; visit < random.whole(1, 3); visit++)
        server.visit(all.get('pgadmin')![0]!, workingHours('Europe/Berlin', day, random));
      if (random.chance(0.5))
        server.visit(all.get('administration')![0]!, workingHours('Europe/Berlin', day, random));
      if (weekday(day) === 2) server.visit(all.get('typeorm-migration')![0]!, midnight(day) + 14 * HOUR);
    }
    onCall(server, all, day, random);
  }
  return server;
}
