/** The cases of pgvigil's own detectors. */
import { type DetectorCase, readCases } from '../../src/detect/cases/case-file.ts';
import { type Detector, loadDetectors } from '../../src/detect/detector.ts';

export interface WithCases {
  detector: Detector;
  cases: DetectorCase[];
}

/**
 * Detectors that look beyond the events that they judge, without those whose cases have weeks of history. With PGVIGIL_SLOW=1 all.
 *
 * One that judges each event by itself has no order to depend on, and takes nothing from elsewhere.
 */
export async function detectorsToVary(): Promise<WithCases[]> {
  const { detectors } = await loadDetectors();
  const all = await Promise.all(
    detectors.map(async (detector) => ({ detector, cases: (await readCases(detector.file)) ?? [] })),
  );
  if (process.env.PGVIGIL_SLOW === '1') return all;
  return all.filter(
    ({ detector, cases }) => detector.window.length > 0 && cases.every(({ history }) => history.length === 0),
  );
}
