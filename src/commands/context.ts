/** What every command gets: configuration, log, and where to write. */
import type { Config } from '../config.ts';
import { loadConfig } from '../config.ts';
import { createLog, type Log } from '../log.ts';

/** Options that stand before or after any command. */
export interface GlobalOptions {
  config?: string | undefined;
  data?: string | undefined;
  logLevel?: string | undefined;
}

export interface CommandContext {
  config: Config;
  log: Log;
  env: Readonly<Record<string, string | undefined>>;
  out: NodeJS.WriteStream;
  err: NodeJS.WriteStream;
}

/**
 * @param quietLog level of the log where the configuration does not raise it: commands that people watch print for
 *   themselves
 * @throws PgvigilError CONFIG_INVALID
 */
export async function createContext(
  options: GlobalOptions,
  quietLog?: 'warn' | 'error',
): Promise<CommandContext> {
  const config = await loadConfig({
    configPath: options.config,
    flags: { data: options.data, logLevel: options.logLevel },
    env: process.env,
    cwd: process.cwd(),
  });
  const level = quietLog !== undefined && config.log.level === 'info' ? quietLog : config.log.level;
  return {
    config,
    log: createLog({ level, output: process.stderr }),
    env: process.env,
    out: process.stdout,
    err: process.stderr,
  };
}

/** Resolves at the first SIGINT or SIGTERM; a second one ends the process at once. */
export function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let first = true;
    const handle = (signal: NodeJS.Signals) => {
      if (!first) process.exit(130);
      first = false;
      resolve(signal);
    };
    process.on('SIGINT', handle);
    process.on('SIGTERM', handle);
  });
}
