/** Numbers and captions of OCSF 1.6.0 for what pgvigil calls by its own names, and for the tactics of ATT&CK 19. */
import type { Tactic } from '../../detect/front-matter.ts';
import type { AlertStatus } from '../../model/alert.ts';
import type { Severity } from '../../model/severity.ts';
import type { MessageType } from '../message.ts';

/** A value of an enumeration: `<name>_id`, and its sibling `<name>` that says the same in a word. */
export type Coded = readonly [id: number, caption: string];

export const SEVERITY: Readonly<Record<Severity, Coded>> = {
  info: [1, 'Informational'],
  low: [2, 'Low'],
  medium: [3, 'Medium'],
  high: [4, 'High'],
  critical: [5, 'Critical'],
};

/** A test goes the way of a new alert: one that collectors treat in another way would prove nothing. It has a label. */
export const ACTIVITY: Readonly<Record<MessageType, Coded>> = {
  'alert.opened': [1, 'Create'],
  'alert.updated': [2, 'Update'],
  'alert.acknowledged': [2, 'Update'],
  'alert.reopened': [2, 'Update'],
  'alert.closed': [3, 'Close'],
  'alert.test': [1, 'Create'],
  'alert.digest': [1, 'Create'],
};

/** 99 is Other: its caption is the word of the source. */
export const STATUS: Readonly<Record<AlertStatus, Coded>> = {
  open: [1, 'New'],
  acknowledged: [2, 'In Progress'],
  closed: [4, 'Resolved'],
  allowed: [3, 'Suppressed'],
  suppressed: [3, 'Suppressed'],
  shadow: [99, 'shadow'],
  held: [99, 'held'],
};

/** `analytic.type_id`. Behavioral: something is known of what is usual. */
export const ANALYTIC = { rule: [1, 'Rule'], behavioral: [2, 'Behavioral'] } as const satisfies Record<
  string,
  Coded
>;

/** `resources[].role_id`. */
export const TARGET: Coded = [1, 'Target'];

/** `database.type_id`. */
export const RELATIONAL: Coded = [1, 'Relational'];

/** `script.type_id`, which has no SQL of its own. */
export const SQL: Coded = [99, 'SQL'];

/** Version of ATT&CK of the tactics below and of the detectors' techniques. */
export const ATTACK_VERSION = '19';

/** attack.mitre.org/tactics/enterprise. */
export const TACTICS: Readonly<Record<Exclude<Tactic, 'several'>, readonly [uid: string, name: string]>> = {
  reconnaissance: ['TA0043', 'Reconnaissance'],
  'resource-development': ['TA0042', 'Resource Development'],
  'initial-access': ['TA0001', 'Initial Access'],
  execution: ['TA0002', 'Execution'],
  persistence: ['TA0003', 'Persistence'],
  'privilege-escalation': ['TA0004', 'Privilege Escalation'],
  stealth: ['TA0005', 'Stealth'],
  'defense-impairment': ['TA0112', 'Defense Impairment'],
  'credential-access': ['TA0006', 'Credential Access'],
  discovery: ['TA0007', 'Discovery'],
  'lateral-movement': ['TA0008', 'Lateral Movement'],
  collection: ['TA0009', 'Collection'],
  'command-and-control': ['TA0011', 'Command and Control'],
  exfiltration: ['TA0010', 'Exfiltration'],
  impact: ['TA0040', 'Impact'],
};
