/** `pgvigil detectors status`: what each detector can see of each server. */
import { loadDetectors } from '../detect/detector.ts';
import { EnrichmentFiles, type FileStatus } from '../enrichment/enrichment-files.ts';
import { PgvigilError } from '../errors.ts';
import { printable } from '../printable.ts';
import type { Format } from '../query/formats.ts';
import { openReader } from '../query/reader.ts';
import { ageInDays } from '../readiness/file-needs.ts';
import { readDaysLeft, readObservations } from '../readiness/read.ts';
import { judgeAll, surroundings } from '../readiness/readiness.ts';
import { createContext, type GlobalOptions } from './context.ts';
import { printRows, rowsOf } from './output.ts';

const COLUMNS = ['server', 'detector', 'name', 'mode', 'state', 'reason', 'actions'];

/** @throws PgvigilError NOT_FOUND for a server that nothing is stored of, DATA_* */
export async function detectorStatusCommand(
  options: GlobalOptions & { format: string; server?: string },
): Promise<void> {
  const { config, out, err } = await createContext(options);
  const { detectors, refused } = await loadDetectors(config.detection.detectorFolders);
  const { status } = await EnrichmentFiles.open(config);
  const reader = await openReader(config.data);
  try {
    const all = await readObservations(reader);
    const wanted = options.server?.toLowerCase();
    const observations = all.filter(({ server }) => wanted === undefined || server === wanted);
    if (observations.length === 0 && wanted !== undefined) throw unknownServer(wanted, all);
    const around = surroundings(config, status, await readDaysLeft(reader), Date.now());
    const rows = judgeAll(detectors, config.detection.modes, observations, around).map((row) => ({ ...row }));
    const format = options.format as Format;
    // Commands are there to be copied: in a table they stand as they are typed.
    const shown =
      format === 'table' ? rows.map((row) => ({ ...row, actions: row.actions.join('\n') })) : rows;
    await printRows(out, format, rowsOf(COLUMNS, shown));
    if (format === 'table') for (const file of status) out.write(fileText(file, around.now));
  } finally {
    await reader.close();
  }
  for (const { error } of [
    ...refused,
    ...status.flatMap(({ problems }) => problems.map((error) => ({ error }))),
  ])
    err.write(`${printable(error.message)}\n  ${printable(error.hint)}\n`);
}

function fileText({ kind, name, entries, date }: FileStatus, now: number): string {
  const age =
    date === null
      ? 'not readable'
      : `of ${new Date(date).toISOString().slice(0, 10)}, ${ageInDays(date, now)} days old`;
  return `${kind} ${printable(name)}: ${entries} entries, ${age}\n`;
}

function unknownServer(server: string, all: readonly { server: string }[]): PgvigilError {
  return new PgvigilError(
    'NOT_FOUND',
    `nothing is stored of a server ${server}`,
    all.length === 0
      ? 'Nothing is stored at all yet.'
      : `Servers: ${all.map((one) => one.server).join(', ')}.`,
  );
}
