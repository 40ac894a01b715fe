/**
 * What goes between a process and its sandbox: one JSON text a line, one answer for each request, in their order.
 *
 * The parent checks what it reads: a child that somebody has broken out of can write what he likes.
 */
import { z } from 'zod';
import { ERROR_CODES, type ErrorCode } from '../../errors.ts';
import type { Scalar } from '../query-runner.ts';
import type { Cell } from '../values.ts';

/** Longest line of an answer, in bytes: what one row may take at most, and the rows of one answer besides. */
export const MAX_LINE_BYTES = 24 * 1024 * 1024;
/** Largest row, as JSON. */
export const MAX_ROW_BYTES = 16 * 1024 * 1024;

export type Request =
  /** Opens a database read-only, in place of the one before. */
  | { do: 'open'; dataDir: string; path: string }
  | { do: 'describe'; sql: string }
  | {
      do: 'run';
      sql: string;
      parameters?: readonly Scalar[] | Readonly<Record<string, Scalar>> | undefined;
      limitRows: number;
      limitBytes: number;
      timeoutMs: number;
    }
  /** The next rows of the query that runs. */
  | { do: 'next' }
  /** Ends the query that runs; may be sent while another request is under way. */
  | { do: 'end' }
  /** Closes the database. */
  | { do: 'leave' };

const column = z.object({ name: z.string(), type: z.string() });

export const failureShape = z.object({
  /** The process ends with it. */
  last: z.boolean().optional(),
  error: z.object({
    code: z.string().refine((code): code is ErrorCode => Object.hasOwn(ERROR_CODES, code)),
    message: z.string(),
    hint: z.string(),
  }),
});
export const doneShape = z.object({ done: z.literal(true) });
export const runningShape = z.object({ columns: z.array(column) });
export const descriptionShape = z.object({
  columns: z.array(column),
  parameters: z.array(z.object({ name: z.string(), type: z.string().nullable() })),
});
export const rowsShape = z.object({
  /** Cells are whatever JSON holds. */
  rows: z.custom<Cell[][]>((value) => Array.isArray(value) && value.every(Array.isArray)),
  /** Set with the last rows: why others are missing, or that none are. */
  end: z.enum(['whole', 'rows', 'bytes']).optional(),
});
