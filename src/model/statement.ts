import type { StatementFeatures } from './statement-features.ts';

/** One distinct statement text. */
export interface Statement {
  /** First 32 hex digits of SHA-256 over the redacted text (`msg:` + message where there is no text). */
  statementHash: string;
  /** Redacted text, cut at 64 KiB; null where only the error message is known. */
  sqlText: string | null;
  /** Length of the whole text in characters. */
  textLength: number;
  template: Template;
}

/** What statement texts that differ in nothing but data have in common. */
export interface Template {
  /** 32 hex digits. The same for the same texts in every run of one version. */
  templateId: string;
  features: StatementFeatures;
  /** Numbers of the open literals of its shape that the features depend on, ascending; see `statements/shape.ts`. */
  literalsRead: readonly number[];
}
