/** Whether a server sends what a need asks for, from what was seen. That nothing was seen proves nothing by itself. Pure. */
import { exportPooler, setParameter, showParameter, trySql } from './actions.ts';
import { AUDIT_CLASSES, type AuditClass } from './needs.ts';
import type { Observation, Signal } from './observation.ts';
import { MET, missing, partly, unproven, type Verdict } from './verdict.ts';

/** So many sessions without a line that each of them leaves are no accident. */
const SOME_SESSIONS = 5;
/** So many sessions without one SELECT are not either. */
const MANY_SESSIONS = 20;

/** Statements that any role may run and that change nothing. Tried against PostgreSQL 15 with pgaudit 1.7. */
const PROBES: Record<AuditClass, string> = {
  read: 'SELECT 1',
  write: 'CREATE TEMP TABLE pgvigil_probe (n int); INSERT INTO pgvigil_probe VALUES (1)',
  function: "DO 'BEGIN END'",
  role: 'ALTER ROLE CURRENT_USER RESET pgvigil.probe',
  ddl: 'CREATE TEMP TABLE pgvigil_probe (n int)',
  misc: 'SHOW server_version',
};
const ERROR_PROBE = 'SELECT 1/0';
const CATALOG_PROBE = 'SELECT count(*) FROM pg_catalog.pg_class';

const OFF = new Set(['off', 'false', 'no', '0', 'none', '']);
/** Levels of log_min_messages and log_min_error_statement that leave errors out. */
const ABOVE_ERROR = new Set(['fatal', 'panic', 'log']);

interface Switch {
  parameter: string;
  signal: Signal;
  /** What it is without a setting; null where Azure may have set another default. */
  isOnByDefault: boolean | null;
  /** What was seen proves that it is off. */
  isOff: (observation: Observation) => boolean;
  probe: string;
}

const newer = (one: number | null, other: number | null) => one !== null && (other === null || one > other);

export const SWITCHES = {
  'log_connections = on': {
    parameter: 'log_connections',
    signal: 'connection',
    isOnByDefault: null,
    isOff: ({ sessions }) => sessions >= SOME_SESSIONS,
    probe: 'sign in once, then look again',
  },
  'log_disconnections = on': {
    parameter: 'log_disconnections',
    signal: 'disconnection',
    isOnByDefault: null,
    isOff: ({ authorized }) => authorized >= MANY_SESSIONS,
    probe: 'sign in and leave once, then look again',
  },
  'log_replication_commands = on': {
    parameter: 'log_replication_commands',
    signal: 'replication',
    isOnByDefault: false,
    isOff: () => false,
    probe: 'look at its value',
  },
  'pgaudit.log_catalog = on': {
    parameter: 'pgaudit.log_catalog',
    signal: 'catalog',
    isOnByDefault: true,
    isOff: () => false,
    probe: trySql(CATALOG_PROBE),
  },
  'pgaudit.log_rows = on': {
    parameter: 'pgaudit.log_rows',
    signal: 'rows',
    isOnByDefault: false,
    isOff: ({ seen }) => newer(seen.no_rows, seen.rows),
    probe: trySql(PROBES.read),
  },
  'pgaudit.log_relation = on': {
    parameter: 'pgaudit.log_relation',
    signal: 'relation',
    isOnByDefault: false,
    isOff: ({ seen }) => newer(seen.no_relation, seen.relation),
    probe: 'read a table once, then look again',
  },
} satisfies Record<string, Switch>;

export function judgeSwitch(need: keyof typeof SWITCHES, observation: Observation): Verdict {
  const { parameter, signal, isOnByDefault, isOff, probe }: Switch = SWITCHES[need];
  const { server, seen, settings } = observation;
  const setting = settings.get(parameter);
  const set = setParameter(server, parameter, 'on');
  const isSeen = seen[signal] !== null;
  const isOn = setting?.value == null ? isOnByDefault : !OFF.has(setting.value.toLowerCase());
  if (setting !== undefined && isOn === false && !newer(seen[signal], setting.changed)) {
    return missing(
      `${parameter} is ${setting.value ?? 'reset to its default, off'} since ${day(setting.changed)}`,
      set,
    );
  }
  // Lines that come either with it or without it: the newest tells.
  const { no_rows, no_relation } = seen;
  const counter = signal === 'rows' ? no_rows : signal === 'relation' ? no_relation : null;
  if (isSeen && !newer(counter, seen[signal])) return MET;
  if (setting?.value != null && isOn === true && !newer(counter, setting.changed)) return MET;
  if (isOff(observation)) return missing(absence(parameter, observation), set);
  const action = probe === 'look at its value' ? showParameter(server, parameter) : probe;
  return unproven(`nothing was seen in 24 h that tells whether ${parameter} is on`, action);
}

function absence(parameter: string, { sessions, authorized }: Observation): string {
  switch (parameter) {
    case 'log_connections':
      return `${sessions} sessions sent lines, and none of them a connection line`;
    case 'log_disconnections':
      return `${authorized} sessions began, and no line says that one ended`;
    default:
      return `${parameter} is off: the newest AUDIT lines come without what it adds`;
  }
}

export function judgeAuditClass(name: AuditClass, observation: Observation): Verdict {
  const { server, seen, sessions, settings } = observation;
  const setting = settings.get('pgaudit.log');
  const words = setting === undefined ? null : auditWords(setting.value);
  const action = setParameter(server, 'pgaudit.log', [...recommended(words, name)].join(','));
  if (setting !== undefined && words !== null && !newer(seen[name], setting.changed)) {
    return words.has(name)
      ? MET
      : missing(
          `pgaudit.log is ${setting.value ?? 'reset to its default, none,'} since ${day(setting.changed)}`,
          action,
        );
  }
  if (seen[name] !== null) return MET;
  if (seen.audit === null) {
    return sessions >= SOME_SESSIONS
      ? missing(
          `${sessions} sessions, and not one AUDIT line: pgaudit is not loaded, or pgaudit.log is none`,
          action,
        )
      : unproven('no AUDIT line in 24 h, and hardly a session', trySql(PROBES[name]));
  }
  if (name === 'read' && sessions >= MANY_SESSIONS)
    return missing(`${sessions} sessions, and not one AUDIT line of class READ`, action);
  return unproven(
    `no AUDIT line of class ${name.toUpperCase()} in 24 h; perhaps nobody did such a thing`,
    trySql(PROBES[name]),
  );
}

/** The classes of a value of pgaudit.log. */
function auditWords(value: string | null): Set<string> {
  const classes = new Set<string>();
  for (const word of (value ?? 'none').toLowerCase().split(/[\s,]+/)) {
    const [, minus, name] = /^(-?)(.*)$/.exec(word) ?? [];
    const meant = name === 'all' ? AUDIT_CLASSES : name === 'misc_set' ? [] : [name ?? ''];
    for (const one of meant) {
      if (minus === '-') classes.delete(one);
      else classes.add(one);
    }
  }
  return classes;
}

/** The command replaces the whole value: what is known to be logged stays; where it is not known, all of it. */
function recommended(known: ReadonlySet<string> | null, name: AuditClass): AuditClass[] {
  return AUDIT_CLASSES.filter((one) => known === null || one === name || known.has(one));
}

/** @param parameter `log_min_messages`, or `log_min_error_statement`: whether errors come with their statement */
export function judgeErrors(
  parameter: 'log_min_messages' | 'log_min_error_statement',
  observation: Observation,
): Verdict {
  const { server, seen, settings } = observation;
  const setting = settings.get(parameter);
  const set = setParameter(server, parameter, 'error');
  if (
    setting?.value != null &&
    ABOVE_ERROR.has(setting.value.toLowerCase()) &&
    !newer(seen.error, setting.changed)
  ) {
    return missing(`${parameter} is ${setting.value} since ${day(setting.changed)}`, set);
  }
  if (parameter === 'log_min_messages' ? seen.error !== null : seen.error_text !== null) return MET;
  if (seen.error !== null) {
    return partly(
      'failed statements arrive without their text; the error messages are read instead',
      showParameter(server, parameter),
    );
  }
  return unproven('no failed statement in 24 h', trySql(ERROR_PROBE));
}

export function judgeAddresses({ server, clients, seen }: Observation): Verdict {
  const { remote, socket, proxy, named } = clients;
  const total = remote + socket + proxy + named;
  if (total === 0) return unproven('no session of a client in 24 h', 'sign in once, then look again');
  if (named > remote) {
    return missing(
      `${named} of ${total} sessions show a host name in place of the address`,
      setParameter(server, 'log_hostname', 'off'),
    );
  }
  if (socket > 0 && seen.pooler === null) {
    const reason = `${socket} of ${total} sessions come through the built-in PgBouncer, whose log is not exported`;
    return remote === 0 ? missing(reason, exportPooler(server)) : partly(reason, exportPooler(server));
  }
  if (remote > 0) return MET;
  return proxy > 0
    ? missing(`all ${proxy} sessions come from the server's own host: a proxy hides the clients`, null)
    : unproven('the built-in PgBouncer sends its log, and no client left it in 24 h', null);
}

export function judgeLiterals({ statements: { withLiterals, withParameters } }: Observation): Verdict {
  if (withLiterals > 0) return MET;
  if (withParameters === 0) return unproven('no statement with a value in 24 h', null);
  return partly('all statements come with bind parameters: values are not in their text', null);
}

function day(time: number): string {
  return `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
