/** Where a detector reads: from the working set in memory, as nearly all do, or from the views of the store. */
import type { DuckDBConnection } from '@duckdb/node-api';
import type { Detector } from './detector.ts';
import type { ArmedDetector } from './engine.ts';
import { windowLength } from './window.ts';
import { DAY_MEMORY_MS, SIGN_IN_MEMORY_MS } from './working-set.ts';

/** A detector never changes: one that is edited is read anew. To ask each time would take a sixth of a look. */
const known = new WeakMap<Detector, readonly string[]>();

/** Names of what the SELECT reads, in lower case. */
function tablesOf(connection: DuckDBConnection, detector: Detector): readonly string[] {
  let tables = known.get(detector);
  if (tables === undefined) {
    // DuckDB names no tables of a text that has parameters.
    const plain = detector.sql.replaceAll(/\$[A-Za-z_]\w*/g, 'NULL');
    tables = connection.getTableNames(plain, false).map((name) => name.toLowerCase());
    known.set(detector, tables);
  }
  return tables;
}

/** Views that are remembered for as long as some detector looks back, a day at most. */
const REMEMBERED = new Set(['notable_activity', 'activity_minutes', 'relations_touched']);

/** Whether it has to read the views of the store, because it looks back further than is remembered. */
export function readsStore(connection: DuckDBConnection, { detector, values }: ArmedDetector): boolean {
  const reach = windowLength(detector.window, values);
  if (reach === 0) return false;
  const tables = tablesOf(connection, detector);
  if (tables.includes('activity') || tables.includes('errors')) return true;
  return reach > (tables.some((name) => REMEMBERED.has(name)) ? DAY_MEMORY_MS : SIGN_IN_MEMORY_MS);
}

/** How long notable activities have to be remembered for these detectors, milliseconds. */
export function memoryFor(connection: DuckDBConnection, detectors: readonly ArmedDetector[]): number {
  const reaches = detectors
    .filter(
      (armed) =>
        tablesOf(connection, armed.detector).some((name) => REMEMBERED.has(name)) &&
        !readsStore(connection, armed),
    )
    .map(({ detector, values }) => windowLength(detector.window, values));
  return Math.max(0, ...reaches);
}
