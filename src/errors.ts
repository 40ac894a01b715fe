/**
 * One error class for the whole product. A message says what happened; `hint` says what to do about it.
 * The list of codes is closed: tests, exit codes and documentation refer to it.
 */

/** Every code that an error of pgvigil can carry, with the exit code of a command that ends with it. */
export const ERROR_CODES = {
  /** The command line is wrong: unknown option, missing argument. */
  USAGE: 2,
  /** The configuration file, an environment variable or a flag has a wrong key or value. */
  CONFIG_INVALID: 2,
  /** A secret that the configuration names is missing or malformed. */
  SECRET_INVALID: 2,
  /** A detector file cannot be used; the others run. */
  DETECTOR_INVALID: 2,
  /** A file that addresses are looked up in cannot be used, or a line of it; the others are. */
  ENRICHMENT_INVALID: 2,
  /** Ad-hoc SQL was refused: it is not a single read-only query over the documented views. */
  QUERY_REFUSED: 3,
  /** Ad-hoc SQL failed while it ran. */
  QUERY_FAILED: 3,
  /** As many queries run and wait as may. */
  QUERY_BUSY: 3,
  /** Another process holds the data folder. */
  DATA_LOCKED: 4,
  /** The data folder does not exist or was not made by pgvigil. */
  DATA_MISSING: 4,
  /** The database file is damaged and could not be recovered. */
  DATA_DAMAGED: 4,
  /** The database file was written by a newer pgvigil. */
  DATA_TOO_NEW: 4,
  /** The store refused a write (disk full, permissions). */
  STORE_WRITE: 4,
  /** A file to read does not exist or cannot be read. */
  FILE_UNREADABLE: 5,
  /** A source refused for good: wrong name, key or role, or no way to it. */
  SOURCE_REFUSED: 6,
  /** The running worker did not answer. */
  WORKER_UNREACHABLE: 7,
  /** A receiver did not take a test alert. */
  DELIVERY_FAILED: 10,
  /** What was asked for does not exist. */
  NOT_FOUND: 8,
  /** The demo did not find or deliver every labelled attack. */
  DEMO_FAILED: 9,
  /** A defect of pgvigil itself. */
  INTERNAL: 70,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

export class PgvigilError extends Error {
  readonly code: ErrorCode;
  /** What the person at the keyboard can do about it. */
  readonly hint: string;

  constructor(code: ErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'PgvigilError';
    this.code = code;
    this.hint = hint;
  }

  /** Exit code of a command that ends with this error. */
  get exitCode(): number {
    return ERROR_CODES[this.code];
  }
}

/** The text of anything that was thrown, without a stack. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) {
    return [...new Set(error.errors.map(messageOf))].join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}
