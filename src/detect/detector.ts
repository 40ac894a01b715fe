/**
 * A detector: one SQL file with YAML front matter and one SELECT over the public views.
 *
 * The SELECT returns evidence, one row per event. It is anchored in event time, never in the clock: for a given
 * set of rows it returns the same evidence whenever it runs, so late, shuffled and replayed data give the same
 * alerts. `$since` (exclusive) and `$until` (inclusive) bound the events to judge; a window may look further back.
 */
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { messageOf, PgvigilError } from '../errors.ts';
import type { Severity } from '../model/severity.ts';
import { packagePath } from '../paths.ts';
import { issuesIn } from '../schema-issues.ts';
import { lineOfKey, readSqlFile } from '../sql-file.ts';
import { frontMatter, type Mode, type ParameterDefinition, type Tactic } from './front-matter.ts';
import { type Window, windowParameters } from './window.ts';

export interface Detector {
  id: string;
  name: string;
  title: string;
  /** Why what it reports matters, in one sentence; null where the file does not say. */
  why: string | null;
  severity: Severity;
  /** How much one alert adds to the risk of its entity, 0 to 100. */
  risk: number;
  tactic: Tactic;
  /** It reads the alerts of others: it runs after them, and its own add nothing to the risk of an entity. */
  correlates: boolean;
  /** MITRE ATT&CK technique ids (v19). */
  attack: string[];
  /** Those that have another id in v18. */
  attackV18: string[];
  /** How it runs until the configuration says otherwise. */
  mode: Mode;
  /** It also tells of what the server refused. */
  deniedAttempts: boolean;
  /** Milliseconds without evidence after which new evidence opens a new alert. */
  quiet: number;
  /** How far back it looks before $since. */
  window: Window;
  requires: string[];
  parameters: Record<string, ParameterDefinition>;
  falsePositives: string[];
  runbook: string[];
  sql: string;
  file: string;
}

/** A detector file that cannot be used, and why. */
export interface RefusedDetector {
  file: string;
  error: PgvigilError;
}

/**
 * Reads one detector file.
 *
 * @throws PgvigilError DETECTOR_INVALID naming file, line and reason
 */
export function parseDetector(file: string, text: string): Detector {
  const read = readSqlFile(text);
  if ('reason' in read) throw invalid(file, read.line, read.reason);
  const parsed = frontMatter.safeParse(read.values);
  if (!parsed.success) {
    const [key] = parsed.error.issues[0]?.path ?? [];
    throw invalid(file, lineOfKey(read, String(key ?? '')), issuesIn(parsed.error));
  }
  const { window, parameters } = parsed.data;
  const unknown = windowParameters(window).find((name) => parameters[name]?.type !== 'duration');
  if (unknown !== undefined)
    throw invalid(
      file,
      lineOfKey(read, 'window'),
      `window: there is no duration $${unknown} among the parameters`,
    );
  const { sql } = read;
  if (window.length === 0 && /\$since\s*-/.test(sql)) {
    throw invalid(
      file,
      1,
      'the SELECT looks back before $since, and the front matter has no window that says how far',
    );
  }
  const { false_positives, attack_v18, denied_attempts, why, ...rest } = parsed.data;
  return {
    ...rest,
    why: why ?? null,
    attackV18: attack_v18,
    deniedAttempts: denied_attempts,
    falsePositives: false_positives,
    sql,
    file,
  };
}

function invalid(file: string, line: number, reason: string): PgvigilError {
  return new PgvigilError(
    'DETECTOR_INVALID',
    `${file}:${line}: ${reason}`,
    'Mend the file; a detector of pgvigil itself shows the form: queries/detectors/A01-brute-force-account.sql.',
  );
}

/** Reads all `*.sql` files of the folders, ours first. A file that cannot be used does not stop the others. */
export async function loadDetectors(
  folders: readonly string[] = [],
): Promise<{ detectors: Detector[]; refused: RefusedDetector[] }> {
  const detectors: Detector[] = [];
  const refused: RefusedDetector[] = [];
  const seen = new Map<string, string>();
  for (const folder of [packagePath('queries/detectors'), ...folders]) {
    for (const file of await sqlFiles(folder)) {
      try {
        const detector = parseDetector(file, await readFile(file, 'utf8'));
        const twin = seen.get(detector.id);
        if (twin !== undefined) throw invalid(file, 1, `id ${detector.id} is that of ${basename(twin)}`);
        seen.set(detector.id, file);
        detectors.push(detector);
      } catch (error) {
        refused.push({
          file,
          error: error instanceof PgvigilError ? error : invalid(file, 1, messageOf(error)),
        });
      }
    }
  }
  return { detectors, refused };
}

async function sqlFiles(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => name.endsWith('.sql'))
      .sort()
      .map((name) => join(folder, name));
  } catch (error) {
    throw new PgvigilError(
      'CONFIG_INVALID',
      `cannot read the detector folder ${folder}: ${messageOf(error)}`,
      'Correct detection.detectorFolders in the configuration.',
      error,
    );
  }
}
