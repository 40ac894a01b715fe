/** A server line that no known `log_line_prefix` explains: what a prefix can be found from. Not redacted, never stored. */
export interface UnexplainedLine {
  server: string;
  /** The message as sent. */
  message: string;
  eventTime: number;
  level: string | null;
  sqlstate: string | null;
  pid: number | null;
  backendType: string | null;
}
