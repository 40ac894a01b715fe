/** `pgvigil detectors backtest`: what a detector, or other parameters of it, would have raised. Writes nothing. */
import { runBacktest } from '../backtest/backtest.ts';
import { ALERT_COLUMNS, alertRows, costText } from '../backtest/report.ts';
import { settingsOf } from '../backtest/settings.ts';
import type { Format } from '../query/formats.ts';
import { openReader } from '../query/reader.ts';
import { BacktestProgress } from './backtest-progress.ts';
import { printBacktest } from './backtest-text.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { checkSelect, findDetector } from './detector-file.ts';
import { printRows, rowsOf } from './output.ts';

export interface BacktestCommandOptions extends GlobalOptions {
  format: string;
  from?: string;
  to?: string;
  /** `name=value`. */
  set: string[];
  /** Seconds for one slice. */
  timeout: number;
}

/** Time to print the error before the process ends itself. */
const REPORT_MS = 200;

/**
 * @param asked SQL file of a detector, or an id or name
 * @throws PgvigilError NOT_FOUND, FILE_UNREADABLE, DETECTOR_INVALID, USAGE, CONFIG_INVALID, QUERY_FAILED, DATA_*
 */
export async function backtestCommand(asked: string, options: BacktestCommandOptions): Promise<void> {
  const { config, out, err } = await createContext(options);
  const { detectorFolders, parameters, maxAlertsPerHour } = config.detection;
  const detector = await findDetector(asked, detectorFolders);
  const settings = settingsOf(detector, parameters[detector.id] ?? {}, options.set);
  const limits = {
    timeoutMs: options.timeout * 1000,
    // Inside one call of a function DuckDB hears no interrupt, and Node would wait for it at exit.
    onStuck: () => setTimeout(() => process.kill(process.pid, 'SIGKILL'), REPORT_MS),
  };
  const format = options.format as Format;
  const progress = new BacktestProgress(err);
  const reader = await openReader(config.data);
  try {
    const connection = await reader.connect();
    try {
      await checkSelect(connection, detector, settings.values, limits);
      const { from, to } = options;
      const backtest = await runBacktest(connection, detector, settings.values, {
        ...limits,
        ...(from !== undefined && { from }),
        ...(to !== undefined && { to }),
        caps: maxAlertsPerHour,
        now: Date.now,
        onSlice: (index, slices, alerts) => progress.update(index, slices, alerts),
      });
      progress.end();
      if (format === 'table') await printBacktest(out, detector, settings, backtest);
      else {
        await printRows(out, format, rowsOf(ALERT_COLUMNS, alertRows(backtest)));
        err.write(`${costText(backtest)}\n`);
      }
    } finally {
      progress.end();
      connection.closeSync();
    }
  } finally {
    await reader.close();
  }
}
