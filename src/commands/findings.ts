/** What the doctor says of the data that arrived. Pure. */
import { DEFAULT_LIMITS } from '../alerts/channel-queue.ts';
import type { Cell } from '../query/values.ts';

export type State = 'ok' | 'warn' | 'fail';

/** One thing that was looked at. */
export interface Finding {
  state: State;
  what: string;
  /** What to do about it. */
  hint?: string;
}

const QUIET_MS = 30 * 60_000;

function ofServers(names: Cell | undefined): string {
  const servers = (names as string[] | null | undefined)?.filter((name) => name !== null) ?? [];
  return servers.length === 0 ? '' : `: ${servers.join(', ')}`;
}

/** Findings about what arrived. Pure. @param facts the row of queries/commands/doctor.sql */
export function judgeData(facts: Readonly<Record<string, Cell>>, now: number): Finding[] {
  const number = (name: string) => Number(facts[name] ?? 0);
  if (number('records') === 0) {
    return [{ state: 'warn', what: 'nothing is stored yet' }];
  }
  const servers = (facts.servers as string[] | null) ?? [];
  const findings: Finding[] = [
    {
      state: 'ok',
      what: `${number('records')} records of ${servers.length} server${servers.length === 1 ? '' : 's'}: ${servers.join(', ')}`,
    },
  ];
  const add = (when: boolean, finding: Finding) => {
    if (when) findings.push(finding);
  };
  const newest = Date.parse(String(facts.newest));
  add(now - newest > QUIET_MS, {
    state: 'warn',
    what: `the newest event is of ${String(facts.newest)}`,
    hint: 'If the servers are busy, look at their diagnostic settings and at the hub.',
  });
  for (const what of (facts.silent as string[] | null) ?? []) {
    add(true, {
      state: 'fail',
      what,
      hint: 'What to do: pgvigil alerts list --detector G02, and pgvigil alerts show with its id.',
    });
  }
  add(number('audited') === 0, {
    state: 'fail',
    what: 'no AUDIT line was ever seen: statements are not watched',
    hint: 'az postgres flexible-server parameter set --name pgaudit.log --value read,write,function,role,ddl,misc (after shared_preload_libraries includes pgaudit and the server was restarted).',
  });
  add(number('audited') > 0 && number('with_rows') === 0, {
    state: 'warn',
    what: 'AUDIT lines carry no row counts: how much was read or deleted is unknown',
    hint: 'az postgres flexible-server parameter set --name pgaudit.log_rows --value on',
  });
  add(number('sign_ins') === 0, {
    state: 'fail',
    what: 'no connection line was ever seen: sign-ins are not watched',
    hint: 'az postgres flexible-server parameter set --name log_connections --value on',
  });
  add(number('errors') > 0 && number('errors_with_text') === 0, {
    state: 'warn',
    what: 'failed statements arrive without their text; detectors go by the error messages',
    hint: 'Nothing to do: older builds of the service do not ship STATEMENT.',
  });
  for (const text of (facts.found_prefixes as string[] | null) ?? []) {
    findings.push({
      state: 'warn',
      what: `log_line_prefix found from the lines of ${text}`,
      hint: 'If that is its value, add it to logLinePrefix; then nothing has to be found after a change of the server.',
    });
  }
  add(number('prefix_mismatches') > 0, {
    state: 'fail',
    what: `${number('prefix_mismatches')} lines begin with no log_line_prefix that is known${ofServers(facts.mismatch_servers)}`,
    hint: 'Set logLinePrefix to the value of: az postgres flexible-server parameter show --name log_line_prefix. At the next start these lines are decoded again.',
  });
  add(number('audit_gaps') > 0, {
    state: 'warn',
    what: `${number('audit_gaps')} audited statements never arrived`,
    hint: 'Azure loses lines of about 16 KB and more. pgvigil query "SELECT * FROM audit_gaps".',
  });
  add(number('rejects') > number('prefix_mismatches'), {
    state: 'warn',
    what: `${number('rejects') - number('prefix_mismatches')} records could not be decoded`,
    hint: 'pgvigil query "SELECT code, reason, count(*) FROM rejects GROUP BY ALL"',
  });
  add(number('missing') > 0, {
    state: 'warn',
    what: `${number('missing')} messages aged out of the hub before they were read`,
    hint: 'Keep the worker running, or raise the retention of the hub; pgvigil query "SELECT * FROM gaps".',
  });
  add(number('retrying') > 0, {
    state: 'warn',
    what: `${number('retrying')} alert messages wait for another attempt`,
    hint: 'pgvigil alerts deliveries --state pending',
  });
  add(number('pending') > DEFAULT_LIMITS.maxPending / 2, {
    state: 'fail',
    what: `${number('pending')} messages wait in the outbox`,
    hint: 'pgvigil alerts channels; a receiver is down, or a detector is too eager.',
  });
  for (const channel of (facts.disabled as string[] | null) ?? []) {
    add(true, {
      state: 'fail',
      what: `channel ${channel} is disabled: its receiver wants no more`,
      hint: `Once it is mended: pgvigil alerts channels enable ${channel}`,
    });
  }
  add(number('dead') > 0, {
    state: 'fail',
    what: `${number('dead')} alert messages were given up`,
    hint: 'pgvigil alerts deliveries --state dead; once the receiver is mended: pgvigil alerts replay --all',
  });
  for (const text of (facts.failing as string[] | null) ?? []) {
    findings.push({
      state: 'fail',
      what: `detector ${text}`,
      hint: 'The others run. See the file of the detector.',
    });
  }
  return findings;
}
