/** What the doctor says of the files that addresses are looked up in. Pure. */
import type { FileStatus } from '../enrichment/enrichment-files.ts';
import { ageInDays, OLD_DAYS } from '../readiness/file-needs.ts';
import type { Finding } from './findings.ts';

export function judgeEnrichment(files: readonly FileStatus[], now: number): Finding[] {
  return files.flatMap(({ kind, name, entries, date, problems }): Finding[] => {
    const broken = problems.map(
      ({ message, hint }): Finding => ({ state: entries === 0 ? 'fail' : 'warn', what: message, hint }),
    );
    if (date === null) return broken;
    const age = ageInDays(date, now);
    const what = `${kind} ${name}: ${entries} entries, ${age} days old`;
    if (age <= OLD_DAYS) return [{ state: 'ok', what }, ...broken];
    return [
      { state: 'warn', what, hint: 'Addresses move on. Replace the file; it is read again when it changes.' },
      ...broken,
    ];
  });
}
