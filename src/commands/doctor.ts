/** `pgvigil doctor`: checks what can be checked and says what to do. */
import type { Config } from '../config.ts';
import { loadDetectors } from '../detect/detector.ts';
import { bindParameters } from '../detect/parameters.ts';
import { EnrichmentFiles } from '../enrichment/enrichment-files.ts';
import { messageOf, PgvigilError } from '../errors.ts';
import type { Log } from '../log.ts';
import { printable } from '../printable.ts';
import { findWorker } from '../query/control-client.ts';
import { openReader } from '../query/reader.ts';
import type { Cell } from '../query/values.ts';
import { inspectHub } from '../sources/hub-client.ts';
import { type CommandContext, createContext, type GlobalOptions } from './context.ts';
import { judgeEnrichment } from './enrichment-findings.ts';
import { type Finding, judgeData } from './findings.ts';
import { hubAddress, openChannels, openLinks } from './run.ts';
import { commandSql } from './sql.ts';

const HUB_TIMEOUT_MS = 20_000;

/** Prints one line per check; exit code 1 when one failed. */
export async function doctorCommand(options: GlobalOptions): Promise<void> {
  const context = await createContext(options, 'error');
  const checks = [checkDetectors, checkEnrichment, checkHub, checkChannels, checkLinks, checkData];
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
    const off = detectors.filter(({ id, mode }) => (config.detection.modes[id] ?? mode) === 'off').length;
    return [
      { state: 'ok', what: `${detectors.length} detectors${off > 0 ? `, ${off} switched off` : ''}` },
      ...refused.map(({ error }) => failure(error)),
    ];
  } catch (error) {
    return [failure(error)];
  }
}

async function checkEnrichment({ config }: CommandContext): Promise<Finding[]> {
  const { status } = await EnrichmentFiles.open(config);
  return judgeEnrichment(status, Date.now());
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

async function checkLinks({ config, env, log }: CommandContext): Promise<Finding[]> {
  if (config.links === undefined) return [];
  const { publicUrl, host, port, lifetimeDays } = config.links;
  try {
    await openLinks(config, env, log);
    const days = lifetimeDays === 1 ? 'a day' : `${lifetimeDays} days`;
    const what = `links have a key, work for ${days}, and lead to ${publicUrl}; the worker listens on ${host}:${port}`;
    return [{ state: 'ok', what }];
  } catch (error) {
    return [failure(error)];
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
