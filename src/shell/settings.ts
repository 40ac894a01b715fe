/** What a person may change of a shell while it runs. */
import type { Format } from '../query/formats.ts';

export interface Settings {
  format: Format;
  /** Records one below the other, also where a table would fit. */
  expanded: boolean;
  /** Say after each answer how long it took. */
  timing: boolean;
  /** Rows at most; 0: all; null: all into a file, else the usual limit. */
  limitRows: number | null;
  timeoutMs: number;
  /** Show what is taller than the terminal with a pager. */
  pager: boolean;
  /** File for the next answer; null: it is shown. */
  output: string | null;
  /** Values for `$name`. */
  parameters: Readonly<Record<string, string>>;
}
