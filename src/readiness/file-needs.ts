/** Whether the configuration has what a need asks for. Pure. */
import type { FileStatus } from '../enrichment/enrichment-files.ts';
import { configure } from './actions.ts';
import { MET, missing, partly, type Verdict } from './verdict.ts';

const DAY_MS = 86_400_000;
/** Addresses move on: an older file is a warning. */
export const OLD_DAYS = 90;

export const FILE_NEEDS = {
  'enrichment.country': { kind: 'country', line: 'enrichment: { country: <file.mmdb> }' },
  'enrichment.asn': { kind: 'asn', line: 'enrichment: { asn: <file.mmdb> }' },
  'enrichment.providers': {
    kind: 'provider',
    line: 'enrichment: { providers: [<ServiceTags_Public.json>] }',
  },
  'enrichment.threatLists': {
    kind: 'threat list',
    line: 'enrichment: { threatLists: [{ name: tor, path: <file> }] }',
  },
} as const satisfies Record<string, { kind: FileStatus['kind']; line: string }>;

/** Whole days since the data was made. */
export function ageInDays(date: number, now: number): number {
  return Math.max(0, Math.floor((now - date) / DAY_MS));
}

export function judgeFiles(
  need: keyof typeof FILE_NEEDS,
  files: readonly FileStatus[],
  now: number,
): Verdict {
  const { kind, line } = FILE_NEEDS[need];
  const ours = files.filter((file) => file.kind === kind);
  if (ours.length === 0) return missing(`no ${kind} file is configured`, configure(line));
  const empty = ours.filter(({ entries }) => entries === 0);
  if (empty.length === ours.length)
    return missing(
      ours.flatMap(({ problems }) => problems[0]?.message ?? `${kind}: no entry`).join('; '),
      configure(line),
    );
  const old = ours.filter(({ date }) => date !== null && ageInDays(date, now) > OLD_DAYS);
  const complaints = [
    ...ours.flatMap(({ problems }) => problems[0]?.message ?? []),
    ...old.map(({ name, date }) => `${name} is ${ageInDays(date ?? now, now)} days old`),
  ];
  return complaints.length === 0
    ? MET
    : partly(complaints.join('; '), 'replace the file; it is read again when it changes');
}

export function judgeNetworks(hasTrusted: boolean): Verdict {
  if (hasTrusted) return MET;
  return missing(
    'no trusted network is configured',
    configure('networks: [{ name: office, cidrs: [<cidr>] }]'),
  );
}
