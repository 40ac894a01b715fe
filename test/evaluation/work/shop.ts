/** The shop's server: applications, batches, releases, and those who look after it. */
import { DAY, DAYS, HOUR, isReleaseDay, isWorkday, LEARNING_DAYS, MINUTE, midnight } from '../calendar.ts';
import { Random } from '../random.ts';
import { SimulatedServer } from '../server.ts';
import { pagesOf, type Transcript } from '../transcripts.ts';
import { monitoring, platform } from './housekeeping.ts';
import { analyst, onCall, workingHours } from './people.ts';
import { keepWorking, type Outage, season } from './pools.ts';

/** The days on which something happens once. */
const ADVANCE = 10;
const RELEASE_WITH_NEW_PAGES = LEARNING_DAYS + 3;
const JOINS = LEARNING_DAYS + 2;
const ROTATION = LEARNING_DAYS + 8;
const FAILOVER = LEARNING_DAYS + 6;
const MONTH_END = LEARNING_DAYS + 11;

const RELEASE_HOUR = 13;
const releaseTime = (day: number) => midnight(day) + RELEASE_HOUR * HOUR + 7 * MINUTE;

type Transcripts = ReadonlyMap<string, Transcript[]>;

/** Other numbers for what visitors of the portal ask for. */
function visitor(random: Random): (text: string) => string {
  const number = random.whole(1, 199);
  return (text) =>
    text
      .replace(/Product \d+/, `Product ${number % 20}`)
      .replace(/id = \d+/, `id = ${number}`)
      .replace(/c\d+@/, `c${number}@`);
}

function applications(server: SimulatedServer, all: Transcripts, outages: readonly Outage[]): void {
  const sessions = all.get('shop')!.filter(({ middle }) => middle.length > 30);
  const pages = pagesOf(sessions);
  // What a release brings is new to those who learn.
  const isNew = (page: (typeof pages)[number]) => page.some(({ text }) => text.includes(' addresses '));
  const old = pages.filter((page) => !isNew(page));
  const newPages = releaseTime(RELEASE_WITH_NEW_PAGES);
  const releases = Array.from({ length: DAYS }, (_, day) => day)
    .filter(isReleaseDay)
    .map(releaseTime);
  for (const [index, client] of ['10.20.1.11', '10.20.1.11', '10.20.1.12', '10.20.1.12'].entries()) {
    const random = new Random(100 + index);
    const pool = {
      ...{ transcript: sessions[0]!, actor: { client }, perHour: 7, atNight: 0.15, atWeekends: 0.8 },
      pages: (time: number) => (time < newPages ? old : pages),
      restarts: releases.map((time) => time + index * 40_000),
    };
    keepWorking(server, pool, random, outages);
  }
  portal(server, all.get('portal')!);
}

function portal(server: SimulatedServer, visits: readonly Transcript[]): void {
  const random = new Random(110);
  let time = midnight(0);
  while (time < midnight(DAYS)) {
    server.visit(random.pick(visits), time, { vary: visitor(random) });
    time += random.gap(9 * season(time, { atNight: 0.1, atWeekends: 0.9 }));
  }
}

function nightlyWork(server: SimulatedServer, all: Transcripts, day: number, random: Random): void {
  const at = (hour: number, minute: number) =>
    midnight(day) + hour * HOUR + minute * MINUTE + random.between(0, 20_000);
  for (const session of all.get('backup')!.slice(0, 1)) server.visit(session, at(2, 0));
  for (const session of all.get('etl')!.slice(0, 1))
    server.visit(session, at(2, 40), { rows: random.between(0.8, 1.3) });
  for (const session of all.get('schema-sync')!) server.visit(session, at(1, 10));
  for (const hour of [3, 12]) for (const session of all.get('jobs')!) server.visit(session, at(hour, 30));
  const report = all.get('office')!.find(({ user }) => user === 'svc_report')!;
  server.visit(report, at(4, 45), { rows: random.between(0.9, 1.1) });
}

/** A release changes other things each time. */
function release(server: SimulatedServer, all: Transcripts, day: number): void {
  const kind = ['migration', 'knex-migration', 'typeorm-migration'][Math.floor(day / 2) % 3]!;
  const vary = (text: string) =>
    text
      .replaceAll('loyalty_points', `extra_${day}`)
      .replaceAll('coupons', `coupons_${day}`)
      .replaceAll('reporting_ro', `reporting_${day}`)
      .replaceAll('V1__', `V${day}__`);
  for (const session of all.get(kind)!) server.visit(session, releaseTime(day) - 5 * MINUTE, { vary });
}

function officeHours(server: SimulatedServer, all: Transcripts, day: number, random: Random): void {
  for (let time = midnight(day) + 6 * HOUR; time < midnight(day) + 17 * HOUR; time += random.gap(1.2))
    server.visit(all.get('dashboards')![0]!, time, { rows: random.between(0.9, 1.2) });
  for (let visit = 0; visit < 2; visit++)
    server.visit(all.get('hr-lists')![0]!, workingHours('Europe/Berlin', day, random));
  const desk = random.chance(0.7) ? 'ops_admin' : 'olga';
  const client = desk === 'olga' ? '10.20.8.6' : '10.20.8.5';
  server.visit(all.get('administration')![0]!, workingHours('Europe/Berlin', day, random), {
    user: desk,
    client,
  });
}

/** The password of an application is changed; it goes on with the old one for a few minutes. */
function rotation(server: SimulatedServer, all: Transcripts): void {
  const time = midnight(ROTATION) + 9 * HOUR;
  server.visit(all.get('password-change')![0]!, time);
  for (let attempt = 0; attempt < 12; attempt++)
    server.visit(all.get('old-password')![0]!, time + 30_000 + attempt * 20_000);
  server.visit(all.get('hr-lists')![0]!, time + 6 * MINUTE);
}

function joins(server: SimulatedServer, all: Transcripts, random: Random): void {
  server.visit(all.get('onboarding')![0]!, midnight(JOINS - 1) + 13 * HOUR);
  const first = midnight(JOINS) + 8 * HOUR;
  for (const [index, session] of [
    ...all.get('mistyped-password')!,
    ...all.get('mistyped-password')!,
  ].entries())
    server.visit(session, first + index * 15_000);
  server.visit(all.get('new-colleague')![0]!, first + MINUTE);
  for (let day = JOINS + 1; day < DAYS; day++)
    if (isWorkday(day))
      server.visit(all.get('analysts')![1]!, workingHours('Europe/Berlin', day, random), {
        ...{ user: 'jonas', client: '10.20.8.24', rows: random.between(0.5, 2) },
      });
}

function failover(server: SimulatedServer, all: Transcripts, { from, to }: Outage, random: Random): void {
  for (const session of all.get('terminated')!)
    server.visit(session, from - 2_000, { client: session.client });
  const properties = {
    ...{ timestamp: '', processId: 1, errorLevel: 'LOG', sqlerrcode: '00000', backend_type: 'postmaster' },
    message: '',
  };
  server.say('LOG:  received fast shutdown request', from, properties);
  server.say(
    'LOG:  starting PostgreSQL 15.20 on x86_64-pc-linux-gnu, compiled by gcc',
    to - 4_000,
    properties,
  );
  server.say('LOG:  database system is ready to accept connections', to - 1_000, properties);
  // Those who come too early are turned away.
  const early = all.get('old-password')![0]!;
  const starting = {
    ...early,
    closing: early.closing.map((line) => ({
      ...line,
      text: 'FATAL:  the database system is starting up',
      properties: {
        ...line.properties,
        sqlerrcode: '57P03',
        detail: undefined,
      } as unknown as typeof line.properties,
    })),
  };
  for (let attempt = 0; attempt < 18; attempt++)
    server.visit(starting, to - 3_900 + random.between(0, 2_800), {
      client: random.pick(['10.20.1.11', '10.20.1.12']),
    });
  server.visit(all.get('on-call')![0]!, to + 4 * MINUTE);
}

/** All that happens on the shop's server in four weeks. */
export function workOfShop(all: Transcripts): SimulatedServer {
  const random = new Random(1);
  const server = new SimulatedServer('shop-prod', random);
  const outage = {
    from: midnight(FAILOVER) + 4 * HOUR + 10 * MINUTE,
    to: midnight(FAILOVER) + 4 * HOUR + 11 * MINUTE,
  };
  applications(server, all, [outage]);
  monitoring(server, all, new Random(2), [outage]);
  platform(server, all, new Random(3));
  for (let day = 0; day < DAYS; day++) {
    nightlyWork(server, all, day, random);
    if (isReleaseDay(day)) release(server, all, day);
    if (isWorkday(day)) {
      officeHours(server, all, day, random);
      analyst(server, all, day, random, {
        zone: 'Europe/Berlin',
        kinds: ['dbeaver', 'analysts/0'],
        user: 'anna',
        client: '10.20.8.21',
      });
      analyst(server, all, day, random, {
        zone: 'Europe/Warsaw',
        kinds: ['analysts/1'],
        user: 'piotr',
        client: '10.20.8.22',
      });
      analyst(server, all, day, random, {
        zone: 'America/New_York',
        kinds: ['analysis'],
        user: 'maria',
        client: '10.20.8.23',
      });
    }
    if (isWorkday(day) && random.chance(0.15))
      for (const session of all.get('typos')!.slice(3))
        server.visit(session, midnight(day) + 11 * HOUR + random.between(0, DAY / 24));
    onCall(server, all, day, random);
  }
  joins(server, all, random);
  rotation(server, all);
  failover(server, all, outage, random);
  for (const [day, rows] of [
    [ADVANCE, 0.5],
    [MONTH_END, 1.6],
  ] as const)
    server.visit(all.get('month-end')![0]!, midnight(day) + 18 * HOUR, { rows });
  return server;
}
