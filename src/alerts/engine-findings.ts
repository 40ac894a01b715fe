/**
 * Findings of the engine itself: they have no detector file, and neither the caps nor the allow-list apply to them, as they tell
 * of what nobody would hear of. Pure.
 */
import type { Alert } from '../model/alert.ts';

export interface EngineFinding {
  readonly id: string;
  readonly name: string;
  readonly title: string;
  readonly why: string;
  /** ATT&CK technique ids. */
  readonly attack: readonly string[];
  readonly runbook: readonly string[];
  /** Key of the configuration that says when it is found. */
  readonly setting: string;
}

/** Alerts are held back. */
export const FLOOD = {
  id: 'G01',
  name: 'engine.flood',
  title: 'Too many alerts: some are held back',
  why: 'A server in ordinary work raises few alerts; beyond the cap they are kept and sent to nobody, and a flood may be made to hide one finding among many.',
  attack: [],
  /** Milliseconds after its hour. */
  quiet: 3_600_000,
  runbook: [
    `See what is held - pgvigil query "SELECT detector, severity, entity, summary FROM alerts WHERE status = 'held' ORDER BY first_seen DESC".`,
    'Read the high and critical alerts of the same hour first: a flood may be made to hide one of them. Critical ones are never held.',
    'Where one address or application is behind the flood, block it in the firewall rules of the server, or mend it.',
    'Where the flood is harmless, raise the threshold of its detector, or add what is known to the list: pgvigil allow add --help.',
  ],
  setting: 'detection.maxAlertsPerHour',
} as const satisfies EngineFinding & { quiet: number };

/** What can fall silent: the first word of the entity of such an alert. */
const SILENT_KINDS = ['server', 'partition', 'source', 'channel'] as const;
export type SilentKind = (typeof SILENT_KINDS)[number];

const SILENCE_RUNBOOKS: Readonly<Record<SilentKind, readonly string[]>> = {
  server: [
    'See whether the server runs - az postgres flexible-server show --ids <id of the server> --query state. Where it was stopped on purpose, close this with --reason expected.',
    'See whether its log still goes to the hub - az monitor diagnostic-settings list --resource <id of the server>; its category PostgreSQLLogs has to be on.',
    'Find out who changed either - az monitor activity-log list --resource-id <id of the server> --offset 1d.',
    'See whether its lines come and cannot be read - pgvigil query "SELECT server, code, reason, count(*) FROM rejects GROUP BY ALL".',
    'Take the time since as not watched.',
  ],
  partition: [
    'See what the log of pgvigil says of the partition: the hub refuses it, or another process reads it in the same consumer group. Each worker needs a group of its own.',
    'See how far it is stored and what the hub holds - pgvigil query "SELECT * FROM positions", pgvigil doctor.',
    'Where messages wait and nothing is in their way, start the worker again: it goes on from what is stored.',
    'Be back before the hub forgets: what is older than its retention is lost, and stands in the view gaps.',
  ],
  source: [
    'See whether the hub answers - pgvigil doctor, and the log of pgvigil: a network rule, a key, a consumer group.',
    'See whether the servers still send to it - az monitor diagnostic-settings list --resource <id of a server>.',
    'Find out who changed it - az monitor activity-log list --resource-id <id of the namespace> --offset 1d.',
    'Take the time since as not watched: nothing of any server was judged.',
  ],
  channel: [
    'See what its receiver answers - pgvigil alerts channels, pgvigil alerts deliveries --state pending.',
    'Mend the receiver or the way to it, and try - pgvigil alerts test <channel>. What waits is sent by itself then.',
    'Where the channel is disabled, what waits is sent after pgvigil alerts channels enable <channel>.',
    'Read what it has not told - pgvigil alerts list --status open.',
  ],
};

/** Something that gave signs of life gives none. Judged by the clock, and so by no detector file: see `heartbeat`. */
export const SILENCE = {
  id: 'G02',
  name: 'engine.silence',
  title: 'A server, a partition or a channel is silent',
  why: 'Servers write their logs day and night, and what is found has to leave. Where either ends, nobody watches: by a fault, or because somebody stopped it to work unseen.',
  attack: ['T1685.002'],
  runbook: [],
  setting: 'heartbeat',
} as const satisfies EngineFinding;

/** What a finding of the engine says to whoever reads the alert; undefined for alerts of detectors. */
export function engineFinding({
  detector,
  entity,
}: Pick<Alert, 'detector' | 'entity'>): EngineFinding | undefined {
  if (detector === FLOOD.id) return FLOOD;
  if (detector !== SILENCE.id) return undefined;
  const kind = silentKind(entity);
  return { ...SILENCE, runbook: kind === undefined ? [] : SILENCE_RUNBOOKS[kind] };
}

/** What is silent, as the entity of the alert says. */
export function silentKind(entity: string): SilentKind | undefined {
  return SILENT_KINDS.find((kind) => entity.startsWith(`${kind} `));
}
