/** `pgvigil doctor`: checks what can be checked and says what to do. */
import { FULL_OUTBOX_ROWS } from '../alerts/outbox.ts';
import type { Config } from '../config.ts';
import { loadDetectors } from '../detect/detector.ts';
import { bindParameters } from '../detect/parameters.ts';
import { messageOf, PgvigilError } from '../errors.ts';
import type { Log } from '../log.ts';
import { printable } from '../printable.ts';
import { findWorker } from '../query/control-client.ts';
import { openReader } from '../query/reader.ts';
import type { Cell } from '../query/values.ts';
import { inspectHub } from '../sources/hub-client.ts';
import { type CommandContext, createContext, type GlobalOptions } from './context.ts';
import { hubAddress, openChannels } from './run.ts';
import { commandSql } from './sql.ts';

type State = 'ok' | 'warn' | 'fail';

/** One thing that was looked at. */
export interface Finding {
  state: State;
  what: string;
  /** What to do about it. */
  hint?: string;
}

const HUB_TIMEOUT_MS = 20_000;
const QUIET_MS = 30 * 60_000;

/** Prints one line per check; exit code 1 when one failed. */
export async function doctorCommand(options: GlobalOptions): Promise<void> {
  const context = await createContext(options, 'error');
  const checks = [checkDetectors, checkHub, checkChannels, checkData];
  let failed = 0;
  for (const check of checks) {
    for (const finding of await check(context)) {
      if (finding.state === 'fail') failed++;
      context.out.write(findingText(finding, context.out.isTTY));
    }
  }
  if (failed > 0) process.exitCode = 1;
}

function findingText({ state, what, hint }: Finding, colour: boolean): string {
  const label = state.padEnd(4);
  const shown = colour ? `\x1b[${{ ok: '32', warn: '33', fail: '31' }[state]}m${label}\x1b[0m` : label;
  return `${shown}  ${printable(what)}\n${hint === undefined ? '' : `      ${printable(hint)}\n`}`;
}

function failure(error: unknown): Finding {
  return error instanceof PgvigilError
    ? { state: 'fail', what: error.message, hint: error.hint }
    : { state: 'fail', what: messageOf(error) };
}

async function checkDetectors({ config }: CommandContext): Promise<Finding[]> {
  try {
    const { detectors, refused } = await loadDetectors(config.detection.detectorFolders);
    for (const detector of detectors) bindParameters(detector, config.detection.parameters[detector.id]);
    const off = config.detection.disabled.length;
    return [
      { state: 'ok', what: `${detectors.length} detectors${off > 0 ? `, ${off} switched off` : ''}` },
      ...refused.map(({ error }) => failure(error)),
    ];
  } catch (error) {
    return [failure(error)];
  }
}

async function checkHub({ config, env, log }: CommandContext): Promise<Finding[]> {
  if (config.eventHub === undefined) {
    return [
      {
        state: 'warn',
        what: 'no event hub is configured',
        hint: '`pgvigil run` needs a section eventHub; backfill, query and demo do not.',
      },
    ];
  }
  try {
    const address = await hubAddress(config, env, log);
    const hub = await inspectHub({ address, consumerGroup: config.eventHub.consumerGroup }, HUB_TIMEOUT_MS);
    const messages = hub.partitions.reduce((sum, { messages }) => sum + messages, 0);
    const what = `${hub.source} answers: ${hub.partitions.length} partitions hold ${messages} messages`;
    if (messages > 0) return [{ state: 'ok', what }];
    return [
      {
        state: 'warn',
        what,
        hint: 'Nothing arrives yet. The first logs take up to 90 minutes after the diagnostic setting is made; check its category PostgreSQLLogs.',
      },
    ];
  } catch (error) {
    return [failure(error)];
  }
}

async function checkChannels({ config, env, log }: CommandContext): Promise<Finding[]> {
  if (config.channels.length === 0) {
    return [
      {
        state: 'warn',
        what: 'no channel is configured',
        hint: 'Alerts stay in the data folder. Add a section channels to have them sent.',
      },
    ];
  }
  return Promise.all(config.channels.map((channel) => checkChannel(config, channel.name, env, log)));
}

async function checkChannel(
  config: Config,
  name: string,
  env: CommandContext['env'],
  log: Log,
): Promise<Finding> {
  try {
    const one = { ...config, channels: config.channels.filter((channel) => channel.name === name) };
    await openChannels(one, env, log);
    return { state: 'ok', what: `channel ${name} has an address and a key` };
  } catch (error) {
    return failure(error);
  }
}

async function checkData({ config }: CommandContext): Promise<Finding[]> {
  const worker = await findWorker(config.data);
  const running: Finding = {
    state: 'ok',
    what:
      worker === null
        ? `no worker runs on ${config.data}`
        : `a worker runs on ${config.data} (pid ${worker.pid})`,
  };
  try {
    const reader = await openReader(config.data);
    try {
      const result = await reader.trusted(await commandSql('doctor'));
      const facts: Record<string, Cell> = {};
      for await (const row of result.rows) {
        result.columns.forEach(({ name }, index) => {
          facts[name] = row[index] ?? null;
        });
      }
      return [running, ...judgeData(facts, Date.now())];
    } finally {
      await reader.close();
    }
  } catch (error) {
    if (error instanceof PgvigilError && error.code === 'DATA_MISSING') {
      return [{ state: 'warn', what: error.message, hint: error.hint }];
    }
    return [running, failure(error)];
  }
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
  add(number('prefix_mismatches') > 0, {
    state: 'fail',
    what: `${number('prefix_mismatches')} records have another log_line_prefix than the configuration`,
    hint: 'Set logLinePrefix to the value of: az postgres flexible-server parameter show --name log_line_prefix',
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
    hint: `pgvigil query "SELECT channel, last_status, last_error FROM deliveries WHERE state = 'pending'"`,
  });
  add(number('pending') > FULL_OUTBOX_ROWS, {
    state: 'fail',
    what: `the outbox is full: ${number('pending')} alert messages wait`,
    hint: 'pgvigil query "SELECT channel, count(*) FROM deliveries WHERE state = \'pending\' GROUP BY channel"; a receiver is down, or a detector is too eager.',
  });
  add(number('dead') > 0, {
    state: 'fail',
    what: `${number('dead')} alert messages were given up`,
    hint: `pgvigil query "SELECT channel, last_status, last_error FROM deliveries WHERE state = 'dead'"`,
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
