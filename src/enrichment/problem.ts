/** What is wrong with a mounted file, or a line of it. */
export interface Problem {
  /** From 1; null where it is about the whole file. */
  line: number | null;
  reason: string;
}
