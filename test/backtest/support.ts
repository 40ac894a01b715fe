/** What the tests of backtests share: a detector judged over a store, as the command does it. */
import { DEFAULT_CAPS } from '../../src/alerts/caps.ts';
import { type Backtest, type BacktestOptions, runBacktest } from '../../src/backtest/backtest.ts';
import type { Detector } from '../../src/detect/detector.ts';
import { bindParameters } from '../../src/detect/parameters.ts';
import type { Store } from '../../src/store/store.ts';

export async function backtest(
  store: Store,
  detector: Detector,
  { parameters = {}, ...options }: Partial<BacktestOptions> & { parameters?: Record<string, unknown> } = {},
): Promise<Backtest> {
  const connection = await store.connect();
  try {
    return await runBacktest(connection, detector, bindParameters(detector, parameters), {
      caps: DEFAULT_CAPS,
      now: Date.now,
      timeoutMs: 30_000,
      onStuck: () => undefined,
      ...options,
    });
  } finally {
    connection.closeSync();
  }
}

/** What makes an alert, as text to compare. */
export function outlines(alerts: readonly object[]): string[] {
  return alerts.map((alert) => {
    const { createdAt, updatedAt, ...outline } = alert as { createdAt: number; updatedAt: number };
    return JSON.stringify(outline);
  });
}
