/**
 * Steps of a case → records as the diagnostic setting of a Flexible Server with the default log_line_prefix sends them.
 * Texts: PostgreSQL 15 (postinit.c, auth.c, postgres.c) and pgaudit 1.7 (log_audit_event).
 */
import { writeCsvField } from '../../decode/pgaudit/csv.ts';
import type { DetectorCase, Step } from './case-file.ts';

/** What the lines are shipped with: `log_line_prefix` of a Flexible Server. */
export const CASE_PREFIX = '%t-%c-';

const DAY = 86_400_000;

/** One line of a server's log. */
interface Line {
  time: number;
  level: string;
  sqlstate: string;
  text: string;
  detail?: string | null;
  statement?: string | null;
}

interface Session {
  id: string;
  pid: number;
  server: string;
  statements: number;
  who: { user: string; database: string; client: string } | null;
}

type SignIn = NonNullable<Step['sign_in']>;

/**
 * The records of a case, in order of time.
 *
 * @param serverOf name of the Flexible Server that stands for a server of the case
 */
export function recordsOf(
  { start, steps, history, history_days }: DetectorCase,
  serverOf: (name: string) => string,
): object[] {
  const begin = Date.parse(start);
  const moments = Array.from({ length: history_days }, (_, n) => history_days - n)
    .flatMap((day) => momentsOf(history, begin - day * DAY, `, ${day} days before`))
    .concat(momentsOf(steps, begin, ''))
    .map((moment, order) => ({ ...moment, order }))
    .sort((a, b) => a.time - b.time || a.order - b.order);
  const sessions = new Map<string, Session>();
  return moments.flatMap(({ time, step, session: name }) => {
    const key = `${step.server}/${name}`;
    let session = sessions.get(key);
    if (session === undefined) {
      const pid = 4_000 + sessions.size;
      const id = `${Math.floor(time / 1_000).toString(16)}.${pid.toString(16)}`;
      session = { id, pid, server: serverOf(step.server), statements: 0, who: null };
      sessions.set(key, session);
    }
    return linesOf(step, time, session).map((line) => recordOf(line, session, step.backend_type));
  });
}

/** Each repetition of each step. @param suffix of the sessions' names: those of another day are others */
function momentsOf(
  steps: readonly Step[],
  begin: number,
  suffix: string,
): { time: number; step: Step; session: string }[] {
  return steps.flatMap((step) =>
    Array.from({ length: step.repeat }, (_, n) => ({
      time: begin + step.at + n * step.every,
      step: step.repeat === 1 ? step : (counted(step, n + 1) as Step),
      session: `${step.session}${step.repeat === 1 || step.same_session ? '' : `#${n + 1}`}${suffix}`,
    })),
  );
}

/** A step with `{n}` in its texts counted. */
function counted(value: unknown, n: number): unknown {
  if (typeof value === 'string') return value.replaceAll('{n}', String(n));
  if (Array.isArray(value)) return value.map((inner) => counted(inner, n));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, counted(inner, n)]));
}

function linesOf(step: Step, time: number, session: Session): Line[] {
  const log = (text: string, after = 0): Line => ({
    time: time + after,
    level: 'LOG',
    sqlstate: '00000',
    text,
  });
  if (step.sign_in !== undefined) {
    session.who = step.sign_in;
    return signInLines(step.sign_in).map((text, index) => log(text, index));
  }
  if (step.refused !== undefined) return refusalLines(step.refused, time);
  if (step.sign_out !== undefined) {
    const { user, database, client } = session.who ?? { user: '', database: '', client: '' };
    return [
      log(
        `disconnection: session time: 0:01:00.000 user=${user} database=${database} host=${client} port=40112`,
      ),
    ];
  }
  if (step.audit !== undefined) {
    session.statements += 1;
    const { class: auditClass, command, object_type, object_name, text, parameters, rows } = step.audit;
    const fields = [command, object_type, object_name, text, parameters].map(writeCsvField).join(',');
    const end = rows === null ? '' : `,${rows}`;
    return [log(`AUDIT: SESSION,${session.statements},1,${auditClass},${fields}${end}`)];
  }
  if (step.error !== undefined) {
    const { sqlstate, message, detail, text } = step.error;
    return [{ time, level: 'ERROR', sqlstate, text: message, detail, statement: text }];
  }
  const [, level = 'LOG', text = ''] = /^([A-Z]+): {1,2}([\s\S]*)$/.exec(step.line ?? '') ?? [];
  return [{ ...log(text), level }];
}

function signInLines({ user, database, client, application, tls, identity }: SignIn): string[] {
  const method = identity === null ? 'scram-sha-256' : 'cert';
  const name = application === null ? '' : ` application_name=${application}`;
  const ssl = tls === null ? '' : ` SSL enabled (protocol=${tls}, cipher=TLS_AES_256_GCM_SHA384, bits=256)`;
  return [
    `connection received: host=${client} port=40112`,
    `connection authenticated: identity="${identity ?? user}" method=${method} (/datadrive/pg/data/pg_hba.conf:29)`,
    `connection authorized: user=${user} database=${database}${name}${ssl}`,
  ];
}

function refusalLines(
  { user, client, database, reason }: NonNullable<Step['refused']>,
  time: number,
): Line[] {
  const fatal = (sqlstate: string, text: string, detail: string | null = null): Line[] => [
    { time, level: 'LOG', sqlstate: '00000', text: `connection received: host=${client} port=40112` },
    { time: time + 5, level: 'FATAL', sqlstate, text, detail },
  ];
  switch (reason) {
    case 'bad_password':
      return fatal(
        '28P01',
        `password authentication failed for user "${user}"`,
        'Connection matched pg_hba.conf line 29: "host all all 0.0.0.0/0 scram-sha-256"',
      );
    case 'no_such_role':
      return fatal(
        '28P01',
        `password authentication failed for user "${user}"`,
        `Role "${user}" does not exist.\nConnection matched pg_hba.conf line 29: "host all all 0.0.0.0/0 scram-sha-256"`,
      );
    case 'no_such_db':
      return fatal('3D000', `database "${database}" does not exist`);
    case 'no_hba':
      return fatal(
        '28000',
        `no pg_hba.conf entry for host "${client}", user "${user}", database "${database}", no encryption`,
      );
    case 'not_permitted':
      return fatal('28000', `role "${user}" is not permitted to log in`);
    case 'too_many':
      return fatal('53300', 'sorry, too many clients already');
  }
}

function recordOf(
  { time, level, sqlstate, text, detail, statement }: Line,
  { id, pid, server }: Session,
  backendType: string,
): object {
  const stamp = new Date(time).toISOString();
  const [day, clock] = [stamp.slice(0, 10), stamp.slice(11, 23)];
  return {
    category: 'PostgreSQLLogs',
    operationName: 'LogEvent',
    resourceId: `/SUBSCRIPTIONS/00000000-0000-0000-0000-000000000000/RESOURCEGROUPS/CASES/PROVIDERS/MICROSOFT.DBFORPOSTGRESQL/FLEXIBLESERVERS/${server.toUpperCase()}`,
    time: stamp,
    LogicalServerName: server,
    properties: {
      timestamp: `${day} ${clock} UTC`,
      processId: pid,
      errorLevel: level,
      sqlerrcode: sqlstate,
      backend_type: backendType,
      message: `${day} ${clock.slice(0, 8)} UTC-${id}-${level}:  ${text}`,
      ...(detail && { detail }),
      ...(statement && { statement }),
    },
  };
}
