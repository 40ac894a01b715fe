/** The recorded attacks, moved into the days that are judged: other times, other addresses, other session ids. */
import type { Home } from '../../fixtures/evaluation/attack.ts';
import { DAY, HOUR, JUDGED_DAYS, JUDGED_FROM, MINUTE } from './calendar.ts';
import { Random } from './random.ts';
import {
  bySession,
  type RecordedLine,
  readAttacks,
  readDemo,
  readDemoLabels,
  readEvaluationLabels,
} from './recordings.ts';
import type { LogLine } from './server.ts';

/** An attack at its place in the four weeks. */
export interface Scenario {
  id: string;
  what: string;
  tool: string;
  /** ATT&CK v19. */
  techniques: readonly string[];
  /** Detectors of which at least one must find it. */
  detectors: readonly string[];
  server: string;
  /** First and last line, milliseconds since 1970. */
  from: number;
  to: number;
  sessions: ReadonlySet<string>;
  clients: ReadonlySet<string>;
  lines: readonly LogLine[];
}

interface Recorded extends Pick<Scenario, 'id' | 'what' | 'tool' | 'techniques' | 'detectors'> {
  home: Home;
  minutes: number | null;
  hour: number | null;
  lines: readonly RecordedLine[][];
}

/** Techniques of the demo's attacks, whose labels have none. */
const DEMO_TECHNIQUES: Readonly<Record<string, readonly string[]>> = {
  'brute-force': ['T1110.001', 'T1078'],
  'password-spray': ['T1110.003'],
  injection: ['T1190'],
  'copy-program': ['T1059.004'],
  'credential-catalog': ['T1552', 'T1003'],
  'role-grant': ['T1098.003'],
  'role-attributes': ['T1136', 'T1098'],
  'audit-switch': ['T1685.002'],
  'bulk-export': ['T1213.006', 'T1048'],
  'mass-drop': ['T1485'],
  'ransom-note': ['T1485', 'T1657'],
};
/** Accounts whose databases are on the office's server. */
const OFFICE_ACCOUNTS = ['svc_crm', 'svc_wiki'];

const SERVERS: Readonly<Record<Home, string>> = { shop: 'shop-prod', office: 'office-prod' };
/** What takes longer than this begins early, so that it ends in the days that are judged. */
const LONG = 6 * HOUR;
/** Sessions of attacks get process ids that no other session has. */
const PID_OFFSET = 100_000;
/** Addresses of the internet are moved by so much in their last octet. */
const OCTETS = 37;
const INTERNET = /\b(203\.0\.113|198\.51\.100)\.(\d{1,3})\b/g;

function recordedScenes(): Recorded[] {
  const linesOf = (lines: RecordedLine[], sessions: readonly string[]) => {
    const all = bySession(lines);
    return sessions.flatMap((id) => all.get(id) ?? []).length === 0 ? [] : sessions.map((id) => all.get(id)!);
  };
  const attacks = readAttacks();
  const demo = readDemo();
  return [
    ...readEvaluationLabels().attacks.map((label) => ({
      ...label,
      lines: linesOf(attacks, label.sessions),
    })),
    ...readDemoLabels().attacks.map((label) => ({
      ...{ id: `demo-${label.id}`, what: label.what, tool: 'driver', detectors: label.detectors },
      techniques: DEMO_TECHNIQUES[label.id] ?? [],
      home: (OFFICE_ACCOUNTS.includes(label.user ?? '') ? 'office' : 'shop') as Home,
      ...{ minutes: null, hour: null, lines: linesOf(demo, label.sessions) },
    })),
  ];
}

function recordedSpan({ lines }: Recorded): { began: number; lasted: number } {
  const times = lines.flat().map(({ time }) => time);
  const began = Math.min(...times);
  return { began, lasted: Math.max(...times) - began };
}

/** How long a scene takes where it is placed, milliseconds. */
function durationOf(scene: Recorded): number {
  return scene.minutes === null ? recordedSpan(scene).lasted : scene.minutes * MINUTE;
}

/** An order in which scenes that are neighbours in the recording, and often of one account, are days apart. */
function spread<T>(items: readonly T[]): T[] {
  let step = Math.round(items.length * 0.382);
  while (gcd(step, items.length) !== 1) step += 1;
  return items.map((_, index) => items[(index * step) % items.length]!);
}

function gcd(one: number, other: number): number {
  return other === 0 ? one : gcd(other, one % other);
}

function moved(text: string): string {
  return text.replace(
    INTERNET,
    (_, network: string, host: string) => `${network}.${(Number(host) + OCTETS) % 256}`,
  );
}

/** The scene's lines from `base` on. */
function placed(scene: Recorded, base: number): Scenario {
  const { began, lasted } = recordedSpan(scene);
  const slower = durationOf(scene) / lasted;
  const server = SERVERS[scene.home];
  const at = (time: number) => base + Math.round((time - began) * slower);
  const lines = scene.lines.flatMap((session) => {
    const pid = session[0]!.properties.processId + PID_OFFSET;
    const id = `${Math.floor(at(session[0]!.time) / 1_000).toString(16)}.${pid.toString(16)}`;
    return session.map(({ time, text, properties }, index) => ({
      ...{ time: at(time), server, pid, session: id, text: moved(text), number: index + 1 },
      properties:
        properties.detail === undefined ? properties : { ...properties, detail: moved(properties.detail) },
    }));
  });
  lines.sort((one, other) => one.time - other.time);
  const clients = lines.flatMap(
    ({ text }) => /^LOG: {2}connection received: host=(\S+)/.exec(text)?.[1] ?? [],
  );
  const { id, what, tool, techniques, detectors } = scene;
  return {
    ...{ id, what, tool, techniques, detectors, server, lines },
    ...{ from: lines[0]!.time, to: lines.at(-1)!.time },
    sessions: new Set(lines.map(({ session }) => session)),
    clients: new Set(clients),
  };
}

/** Every attack at its place, in order of time. The same places each time. */
export function placeScenarios(): Scenario[] {
  const random = new Random(7);
  const scenes = recordedScenes();
  const isLong = (scene: Recorded) => durationOf(scene) > LONG;
  const ordered = [...scenes.filter(isLong), ...spread(scenes.filter((scene) => !isLong(scene)))];
  const width = (JUDGED_DAYS * DAY) / ordered.length;
  return ordered
    .map((scene, slot) => {
      const middle = JUDGED_FROM + (slot + 0.5) * width + random.between(-0.25, 0.25) * width;
      const day = Math.floor(middle / DAY) * DAY;
      const base = scene.hour === null ? middle : day + scene.hour * HOUR + random.between(5, 40) * MINUTE;
      return placed(scene, Math.floor(base / 1_000) * 1_000);
    })
    .sort((one, other) => one.from - other.from);
}
