/** Compares the two parsers over all statements, and that with the reviewed differences. */
import { readFileSync } from 'node:fs';
import type { StatementFeatures } from '../../src/model/statement-features.ts';
import { collectColumns } from '../../src/statements/columns/columns.ts';
import { newDraft } from '../../src/statements/draft.ts';
import { extractFeatures } from '../../src/statements/features.ts';
import { parseText } from '../../src/statements/parser/parser.ts';
import { type Reading, secondReading } from './differential-reading.ts';
import { statementSources } from './differential-sources.ts';

/** A reason for differences, shared by many. */
export interface Reason {
  /** Whose reading is wrong; `neither` where the two answer different questions. */
  error: 'second parser' | 'pgvigil' | 'neither';
  why: string;
}

/** One statement on which the two parsers differ. */
export interface Difference {
  /** Key in `reasons` of the reviewed list; absent in what was found. */
  reason?: string;
  /** Normalised text, so that a new recording with other literals keeps its key. */
  statement: string;
  /** How they differ, in one line. */
  difference: string;
}

/** fixtures/statements/differences.json. */
export interface Reviewed {
  reasons: Record<string, Reason>;
  differences: Required<Difference>[];
}

/** How the statements of one source went. */
export interface Tally {
  /** Distinct texts. */
  statements: number;
  /** Of these, read by both parsers. */
  compared: number;
  agreed: number;
}

/** The reviewed list as it stands in the repository. */
export function readReviewed(): Reviewed {
  const file = new URL('../../fixtures/statements/differences.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** Reads all statements with both parsers. `loadParser()` must be done. */
export function compareAll(): { tallies: Map<string, Tally>; differences: Difference[] } {
  const tallies = new Map<string, Tally>();
  const differences = new Map<string, Difference>();
  for (const [source, texts] of statementSources()) {
    const tally = { statements: texts.length, compared: 0, agreed: 0 };
    tallies.set(source, tally);
    for (const text of texts) {
      const features = extractFeatures(text);
      const second = secondReading(text);
      if (second === null || !features.parseOk) continue;
      tally.compared += 1;
      const difference = differenceOf(second, readingOf(features, text));
      if (difference === null) tally.agreed += 1;
      else {
        const statement = features.normalized ?? text;
        // Texts that differ in their literals only can hold other SQL in them.
        differences.set(`${statement}\n${difference}`, { statement, difference });
      }
    }
  }
  return { tallies, differences: [...differences.values()] };
}

/** Our features in the terms of the comparison. */
function readingOf(features: StatementFeatures, text: string): Reading {
  const { kinds, relationsRead, relationsWritten, catalogs, catalogsWritten } = features;
  const columns = newDraft();
  const parsed = parseText(text);
  for (const { stmt } of parsed.ok ? parsed.statements : [])
    if (stmt !== undefined) collectColumns(stmt, columns, false);
  return {
    kinds,
    read: [...relationsRead, ...catalogs.filter((name) => !catalogsWritten.includes(name))],
    written: [...relationsWritten, ...catalogsWritten],
    columnsRead: [...columns.columnsRead],
    columnsWritten: [...columns.columnsWritten],
  };
}

/** Names what only one of the two has, part by part; null where they agree. */
function differenceOf(second: Reading, ours: Reading): string | null {
  const parts = (['kinds', 'read', 'written', 'columnsRead', 'columnsWritten'] as const).flatMap((part) => {
    const onlySecond = second[part].filter((name) => !ours[part].includes(name));
    const onlyOurs = ours[part].filter((name) => !second[part].includes(name));
    return [
      ...(onlySecond.length > 0 ? [`${part}: only second ${onlySecond.join(', ')}`] : []),
      ...(onlyOurs.length > 0 ? [`${part}: only pgvigil ${onlyOurs.join(', ')}`] : []),
    ];
  });
  return parts.length === 0 ? null : parts.join('; ');
}

/** Differences that nobody reviewed, that look different now, or that are reviewed and none any more. */
export function unexplained(
  found: readonly Difference[],
  reviewed: Reviewed,
): { fresh: Difference[]; vanished: Difference[] } {
  const key = ({ statement, difference }: Difference) => `${statement}\n${difference}`;
  const known = new Set(reviewed.differences.map(key));
  const present = new Set(found.map(key));
  return {
    fresh: found.filter((difference) => !known.has(key(difference))),
    vanished: reviewed.differences.filter((difference) => !present.has(key(difference))),
  };
}
