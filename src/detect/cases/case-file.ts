/**
 * Cases of a detector: log lines, and the alerts that they have to raise. They stand in a YAML file beside the SQL:
 * `X99-my-rule.sql` has its cases in `X99-my-rule.cases.yaml`.
 *
 * The lines are written down as steps, so that nobody has to count statement ids or double quotes. `log-lines.ts` makes of
 * them what Azure sends.
 */
import { readFile } from 'node:fs/promises';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { messageOf, PgvigilError } from '../../errors.ts';
import { SEVERITIES } from '../../model/severity.ts';
import { issuesIn } from '../../schema-issues.ts';
import { duration } from '../front-matter.ts';

const signIn = z.strictObject({
  user: z.string(),
  client: z.string(),
  database: z.string().default('shop'),
  application: z.string().nullable().default(null),
  /** Null for a connection without TLS. */
  tls: z.string().nullable().default('TLSv1.3'),
  /** Certificate sign-in has this identity. */
  identity: z.string().nullable().default(null),
});

const refused = z.strictObject({
  user: z.string(),
  client: z.string(),
  database: z.string().default('shop'),
  reason: z.enum(['bad_password', 'no_such_role', 'no_such_db', 'no_hba', 'not_permitted', 'too_many']),
});

const audit = z.strictObject({
  /** READ, WRITE, FUNCTION, ROLE, DDL or MISC. */
  class: z.string(),
  /** Command tag: SELECT, GRANT ROLE, … */
  command: z.string(),
  object_type: z.string().default(''),
  object_name: z.string().default(''),
  text: z.string(),
  parameters: z.string().default('<not logged>'),
  /** With pgaudit.log_rows. */
  rows: z.int().nullable().default(null),
});

const error = z.strictObject({
  sqlstate: z.string().length(5),
  message: z.string(),
  detail: z.string().nullable().default(null),
  /** Null where the server does not ship the statement. */
  text: z.string().nullable(),
});

const step = z
  .strictObject({
    /** Time since the beginning of the case. */
    at: duration.default(0),
    /** Any name; the lines of one session have one. */
    session: z.string().default('s'),
    /** Any name; a case may tell of several servers. */
    server: z.string().default('a'),
    sign_in: signIn.optional(),
    sign_out: z.literal(true).optional(),
    refused: refused.optional(),
    audit: audit.optional(),
    error: error.optional(),
    /** Level and text as PostgreSQL writes them: `LOG:  parameter "x" changed to "y"`. */
    line: z.string().optional(),
    /** Process that writes the line; changed settings are told by the `postmaster`. */
    backend_type: z.string().default('client backend'),
    /** The step happens so often, each time in a session of its own; `{n}` in its texts counts from 1. */
    repeat: z.int().min(1).max(100_000).default(1),
    every: duration.default(1_000),
    /** Repetitions stay in the session. */
    same_session: z.boolean().default(false),
  })
  .refine(
    ({ sign_in, sign_out, refused, audit, error, line }) =>
      [sign_in, sign_out, refused, audit, error, line].filter((what) => what !== undefined).length === 1,
    'a step has one of sign_in, sign_out, refused, audit, error and line',
  );

const alert = z.strictObject({
  server: z.string().default('a'),
  entity: z.string().optional(),
  severity: z.enum(SEVERITIES).optional(),
  /** A part of the summary. */
  summary: z.string().optional(),
  count: z.int().optional(),
});

/** What is known of a client's address, in place of files that know it. */
const address = z.strictObject({
  country: z.string().nullable().default(null),
  latitude: z.number().nullable().default(null),
  longitude: z.number().nullable().default(null),
  accuracy_km: z.number().nullable().default(null),
  asn: z.int().nullable().default(null),
  as_org: z.string().nullable().default(null),
  provider: z.string().nullable().default(null),
  region: z.string().nullable().default(null),
  lists: z.array(z.string()).default([]),
  lists_as_of: z.iso.datetime().nullable().default(null),
  labels: z.array(z.string()).default([]),
  is_trusted: z.boolean().nullable().default(null),
});

const detectorCase = z.strictObject({
  case: z.string().min(1),
  /** Begins on Monday, 2 November 2026, 10:00 UTC unless it says otherwise. */
  start: z.iso.datetime().default('2026-11-02T10:00:00Z'),
  parameters: z.record(z.string(), z.unknown()).default({}),
  /** What happened on each of the days before, at the same time of day: baselines learn it. */
  history: z.array(step).default([]),
  history_days: z.int().min(1).max(60).default(14),
  /** By client. Of others it is known whether they are private. */
  addresses: z.record(z.string(), address).default({}),
  /** Detectors of pgvigil that run before it, with their defaults: for one that reads the alerts of others. */
  with: z.array(z.string()).default([]),
  steps: z.array(step).min(1),
  /** All alerts that are raised; `[]` for a case that looks alike and is harmless. */
  alerts: z.array(alert),
});

export type Step = z.infer<typeof step>;
export type CaseAddress = z.infer<typeof address>;
export type ExpectedAlert = z.infer<typeof alert>;
export type DetectorCase = z.infer<typeof detectorCase>;

/** Where the cases of a detector file stand. */
export function casesPathOf(detectorFile: string): string {
  return detectorFile.replace(/\.sql$/, '.cases.yaml');
}

/**
 * Reads the cases of a detector file; null when there are none.
 *
 * @throws PgvigilError DETECTOR_INVALID naming file, line and reason
 */
export async function readCases(detectorFile: string): Promise<DetectorCase[] | null> {
  const file = casesPathOf(detectorFile);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw invalid(file, 1, messageOf(error));
  }
  return parseCases(file, text);
}

/** @throws PgvigilError DETECTOR_INVALID */
export function parseCases(file: string, text: string): DetectorCase[] {
  const document = parseDocument(text);
  const syntax = document.errors[0];
  if (syntax !== undefined)
    throw invalid(file, syntax.linePos?.[0].line ?? 1, syntax.message.split('\n')[0] ?? 'broken YAML');
  const parsed = z.array(detectorCase).min(1).safeParse(document.toJS());
  if (parsed.success) return parsed.data;
  const path = parsed.error.issues[0]?.path ?? [];
  const node = [...path.keys(), path.length]
    .reverse()
    .map((length) => document.getIn(path.slice(0, length), true) as { range?: [number] } | undefined)
    .find((found) => found?.range !== undefined);
  const line = text.slice(0, node?.range?.[0] ?? 0).split('\n').length;
  throw invalid(file, line, issuesIn(parsed.error));
}

function invalid(file: string, line: number, reason: string): PgvigilError {
  return new PgvigilError(
    'DETECTOR_INVALID',
    `${file}:${line}: ${reason}`,
    'Mend the file; queries/detectors/A01-brute-force-account.cases.yaml of pgvigil shows the form.',
  );
}
