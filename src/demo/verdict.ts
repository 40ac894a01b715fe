/** Holds alerts against the ground truth of the recording. Pure. */
import type { LabelledAttack, Labels } from './recording.ts';

/** An alert as far as the verdict goes. */
export interface JudgedAlert {
  id: string;
  detector: string;
  sessions: readonly string[];
}

export interface AttackVerdict {
  attack: LabelledAttack;
  /** Detectors that should have found it and did. */
  found: string[];
  missed: string[];
}

export interface Verdict {
  attacks: AttackVerdict[];
  /** Alerts that touch no session of any attack: false alarms. */
  falseAlarms: JudgedAlert[];
  /** Every attack was found by every detector it is labelled with, and nothing else was reported. */
  perfect: boolean;
}

export function judgeAlerts(labels: Labels, alerts: readonly JudgedAlert[]): Verdict {
  const attacks = labels.attacks.map((attack) => {
    const sessions = new Set(attack.sessions);
    const touching = alerts.filter((alert) => alert.sessions.some((session) => sessions.has(session)));
    const detectors = new Set(touching.map((alert) => alert.detector));
    return {
      attack,
      found: attack.detectors.filter((detector) => detectors.has(detector)),
      missed: attack.detectors.filter((detector) => !detectors.has(detector)),
    };
  });
  const attackSessions = new Set(labels.attacks.flatMap((attack) => attack.sessions));
  // An alert that mixes an attack with ordinary sessions is an alert on ordinary work too.
  const falseAlarms = alerts.filter(
    (alert) => alert.sessions.length === 0 || !alert.sessions.every((session) => attackSessions.has(session)),
  );
  const perfect = falseAlarms.length === 0 && attacks.every((verdict) => verdict.missed.length === 0);
  return { attacks, falseAlarms, perfect };
}
