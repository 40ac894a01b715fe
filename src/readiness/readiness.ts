/** What each detector can see of each server: armed, partly, learning, unproven or blind, and what to do about it. Pure. */
import type { Config } from '../config.ts';
import type { Detector } from '../detect/detector.ts';
import type { Mode } from '../detect/front-matter.ts';
import type { FileStatus } from '../enrichment/enrichment-files.ts';
import { FILE_NEEDS, judgeFiles, judgeNetworks } from './file-needs.ts';
import { AUDIT_CLASSES, isSource, type Need, parseRequirement } from './needs.ts';
import type { Observation } from './observation.ts';
import {
  judgeAddresses,
  judgeAuditClass,
  judgeErrors,
  judgeLiterals,
  judgeSwitch,
  SWITCHES,
} from './server-needs.ts';
import { MET, type Verdict } from './verdict.ts';

export type ReadinessState = 'armed' | 'partly' | 'learning' | 'unproven' | 'blind' | 'off';

export interface Readiness {
  server: string;
  detector: string;
  name: string;
  mode: Mode;
  state: ReadinessState;
  reason: string;
  /** Commands, configuration or statements that change it. */
  actions: string[];
}

/** What is known beside the server's own lines. */
export interface Surroundings {
  files: readonly FileStatus[];
  hasTrusted: boolean;
  /** Days until the baselines of a server are complete, 0 when they are; a server without an entry has just begun. */
  daysLeft: ReadonlyMap<string, number> | null;
  /** Milliseconds since 1970. */
  now: number;
}

export function surroundings(
  { networks }: Pick<Config, 'networks'>,
  files: readonly FileStatus[],
  daysLeft: Surroundings['daysLeft'],
  now: number,
): Surroundings {
  return { files, hasTrusted: networks.some(({ trusted }) => trusted), daysLeft, now };
}

/** Every detector for every server, in the order of both. @param modes as configured, by detector id */
export function judgeAll(
  detectors: readonly Detector[],
  modes: Readonly<Record<string, Mode>>,
  observations: readonly Observation[],
  around: Surroundings,
): Readiness[] {
  return observations.flatMap((observation) =>
    detectors.map((detector) =>
      judgeDetector(detector, modes[detector.id] ?? detector.mode, observation, around),
    ),
  );
}

export function judgeNeed(need: Need, observation: Observation, around: Surroundings): Verdict {
  const auditClass = AUDIT_CLASSES.find((name) => need === `pgaudit.log with ${name}`);
  if (auditClass !== undefined) return judgeAuditClass(auditClass, observation);
  if (need in SWITCHES) return judgeSwitch(need as keyof typeof SWITCHES, observation);
  if (need in FILE_NEEDS) return judgeFiles(need as keyof typeof FILE_NEEDS, around.files, around.now);
  switch (need) {
    case 'log_min_messages = error':
      return judgeErrors('log_min_messages', observation);
    case 'log_min_error_statement = error':
      return judgeErrors('log_min_error_statement', observation);
    case 'client addresses':
      return judgeAddresses(observation);
    case 'literals in statements':
      return judgeLiterals(observation);
    case 'networks':
      return judgeNetworks(around.hasTrusted);
    default:
      return MET; // baselines: a matter of days, see judgeDetector
  }
}

export function judgeDetector(
  detector: Pick<Detector, 'id' | 'name' | 'requires' | 'deniedAttempts'>,
  mode: Mode,
  observation: Observation,
  around: Surroundings,
): Readiness {
  const { server } = observation;
  const row = { server, detector: detector.id, name: detector.name, mode };
  if (mode === 'off') return { ...row, state: 'off', reason: 'switched off', actions: [] };
  const judged = detector.requires.flatMap((text) => {
    const requirement = parseRequirement(text);
    return (requirement?.needs ?? []).map((need) => ({
      need,
      isExtra: requirement?.isExtra === true,
      verdict: judgeNeed(need, observation, around),
    }));
  });
  const notes = detector.requires
    .filter((text) => parseRequirement(text) === null)
    .map((text) => `not checked: ${text}`);
  const wrong = judged.filter(({ verdict }) => verdict.state !== 'met');
  const days = daysLeftOf(judged, server, around);
  const state = stateOf(detector, judged, days);
  const learning = days > 0 ? [`baselines need ${days} more days`] : [];
  return {
    ...row,
    state,
    reason: [...new Set([...wrong.map(({ verdict }) => verdict.reason), ...learning, ...notes])].join('; '),
    actions: [...new Set(wrong.flatMap(({ verdict }) => verdict.action ?? []))],
  };
}

const ERROR_NEEDS = new Set<Need>(['log_min_messages = error', 'log_min_error_statement = error']);

interface Judged {
  need: Need;
  isExtra: boolean;
  verdict: Verdict;
}

function stateOf(
  { deniedAttempts }: Pick<Detector, 'deniedAttempts'>,
  judged: readonly Judged[],
  daysLeft: number,
): ReadinessState {
  const required = judged.filter(({ isExtra }) => !isExtra);
  const sources = required.filter(({ need }) => isSource(need));
  const is = (state: Verdict['state']) => (one: Judged) => one.verdict.state === state;
  const lacksAll = sources.length > 0 && sources.every(is('missing'));
  if (lacksAll || required.some((one) => !isSource(one.need) && is('missing')(one))) {
    // What the server refuses comes as an error, whatever is audited.
    const seesErrors = judged.some(
      (one) => one.need === 'log_min_error_statement = error' && !is('missing')(one) && !is('unproven')(one),
    );
    return deniedAttempts && seesErrors ? 'partly' : 'blind';
  }
  if (required.some(is('missing')) || required.some(is('partly'))) return 'partly';
  // Errors are logged unless somebody changed that; a day without one puts nothing else in doubt.
  const isDoubt = (one: Judged) =>
    is('unproven')(one) && !(ERROR_NEEDS.has(one.need) && sources.some(is('met')));
  if (required.some(isDoubt)) return 'unproven';
  if (daysLeft > 0) return 'learning';
  return judged.some((one) => is('missing')(one) || is('partly')(one)) ? 'partly' : 'armed';
}

function daysLeftOf(judged: readonly Judged[], server: string, { daysLeft }: Surroundings): number {
  if (daysLeft === null || !judged.some(({ need }) => need === 'baselines')) return 0;
  return daysLeft.get(server) ?? LEARNING_DAYS;
}

/** Of a server of which nothing was learned yet. */
const LEARNING_DAYS = 14;
