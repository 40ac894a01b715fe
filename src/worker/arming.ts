/** From configuration to detectors that are ready to run. */
import type { DuckDBConnection } from '@duckdb/node-api';
import { type Detector, loadDetectors, type RefusedDetector } from '../detect/detector.ts';
import type { ArmedDetector } from '../detect/engine.ts';
import { checkDetector } from '../detect/evidence.ts';
import type { Mode } from '../detect/front-matter.ts';
import { bindParameters } from '../detect/parameters.ts';
import { messageOf, PgvigilError } from '../errors.ts';
import { vet } from '../query/guard.ts';
import type { Store } from '../store/store.ts';

/** What the detectors are set to; see the configuration's section `detection`. */
export interface DetectionSettings {
  readonly detectorFolders: readonly string[];
  readonly modes: Readonly<Record<string, Mode>>;
  readonly parameters: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/**
 * Loads the detectors and checks each against the store. One that cannot be used is left out and returned.
 *
 * @throws PgvigilError CONFIG_INVALID for ids and parameters that do not exist
 */
export async function armDetectors(
  store: Store,
  settings: DetectionSettings,
): Promise<{ armed: ArmedDetector[]; refused: RefusedDetector[] }> {
  const { detectors, refused } = await loadDetectors(settings.detectorFolders);
  checkIds(detectors, refused, settings);
  const armed: ArmedDetector[] = [];
  const connection = await store.connect();
  try {
    for (const detector of detectors) {
      const mode = settings.modes[detector.id] ?? detector.mode;
      if (mode === 'off') continue;
      const values = bindParameters(detector, settings.parameters[detector.id]);
      try {
        // A detector is held to what anybody may ask: one SELECT over the public views.
        await vetDetector(connection, detector);
        await checkDetector(connection, detector, values);
        armed.push({ detector, values, mode });
      } catch (error) {
        if (!(error instanceof PgvigilError)) throw error;
        refused.push({ file: detector.file, error });
      }
    }
  } finally {
    connection.closeSync();
  }
  // The others first: a correlation sees what they found in the same look.
  armed.sort((a, b) => Number(a.detector.correlates) - Number(b.detector.correlates));
  return { armed, refused };
}

export async function vetDetector(connection: DuckDBConnection, detector: Detector): Promise<void> {
  try {
    await vet(connection, detector.sql);
  } catch (error) {
    const hint = error instanceof PgvigilError ? error.hint : '';
    throw new PgvigilError('DETECTOR_INVALID', `${detector.file}: ${messageOf(error)}`, hint, error);
  }
}

function checkIds(
  detectors: readonly Detector[],
  refused: readonly RefusedDetector[],
  settings: DetectionSettings,
): void {
  const known = detectors.map((detector) => detector.id);
  const unknown = [...Object.keys(settings.modes), ...Object.keys(settings.parameters)].find(
    (id) => !known.includes(id),
  );
  if (unknown === undefined) return;
  throw new PgvigilError(
    'CONFIG_INVALID',
    `detection: there is no detector ${unknown}`,
    refused.length === 0
      ? `Detectors: ${known.join(', ')}.`
      : `Detectors: ${known.join(', ')}. Refused: ${refused.map((one) => messageOf(one.error)).join('; ')}.`,
  );
}
