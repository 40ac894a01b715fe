/** `pgvigil detectors test`: runs the cases of detector files. */
import { basename } from 'node:path';
import { casesPathOf, readCases } from '../detect/cases/case-file.ts';
import { type Detector, loadDetectors } from '../detect/detector.ts';
import { printable } from '../printable.ts';
import { StatementReader } from '../statements/statement-reader.ts';
import { runCases } from '../worker/detector-cases.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { readDetector } from './detector-file.ts';

/** Exit code when a case does not hold. */
const FAILED = 1;

/**
 * Runs the cases of these files, or of all detectors. Needs no data folder.
 *
 * @throws PgvigilError DETECTOR_INVALID, FILE_UNREADABLE
 */
export async function testDetectorsCommand(files: readonly string[], options: GlobalOptions): Promise<void> {
  const { config, out } = await createContext(options);
  const detectors =
    files.length > 0
      ? await Promise.all(files.map(readDetector))
      : await all(config.detection.detectorFolders);
  const reader = await StatementReader.start();
  try {
    const count = { cases: 0, failed: 0, without: 0 };
    for (const detector of detectors) {
      out.write(`${printable(`${detector.id} ${detector.name}`)}\n`);
      const cases = await readCases(detector.file);
      if (cases === null) {
        count.without += 1;
        out.write(`  none    write them to ${printable(basename(casesPathOf(detector.file)))}, beside it\n`);
        continue;
      }
      for (const result of await runCases(detector, cases, undefined, reader)) {
        const holds = result.differences.length === 0;
        count.cases += 1;
        if (!holds) count.failed += 1;
        out.write(`  ${holds ? 'ok    ' : 'FAILED'}  ${printable(result.case)}\n`);
        for (const difference of result.differences) out.write(`          ${printable(difference)}\n`);
      }
    }
    const without = count.without > 0 ? `, ${count.without} without cases` : '';
    out.write(`\ndetectors: ${detectors.length}${without}; cases: ${count.cases}, failed: ${count.failed}\n`);
    if (count.failed > 0) process.exitCode = FAILED;
  } finally {
    await reader.close();
  }
}

async function all(folders: readonly string[]): Promise<Detector[]> {
  const { detectors, refused } = await loadDetectors(folders);
  for (const { error } of refused) throw error;
  return detectors;
}
