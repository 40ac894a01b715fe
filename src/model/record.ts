import type { Fact } from './fact.ts';

/** One log record as far as envelope and log_line_prefix say. Text fields are already redacted. */
export interface LogRecord {
  /** Place inside the message, from 0. */
  index: number;
  /** `properties.timestamp`, else `time`. */
  eventTime: number;
  /**
   * `time`, in Log Analytics `TimeGenerated`: when Azure took the record over, 0 to 7 ms after the event on current
   * builds. What all copies of one record have in common. `eventTime` where the record has none.
   */
  azureTime: number;
  /** LogicalServerName, else last segment of resourceId; lower case. */
  server: string;
  /** `PostgreSQLLogs`, `PostgreSQLFlexPGBouncer`, …; `metrics` for metric records. */
  category: string;
  /** `%c` of the prefix, lower-case hex `start.pid`; null for categories without one. */
  sessionId: string | null;
  pid: number | null;
  backendType: string | null;
  /** LOG, ERROR, FATAL, …; null for categories without one. */
  level: string | null;
  sqlstate: string | null;
  /** The `log_line_prefix` that explained the message; null for categories without one. */
  prefix: string | null;
  /** Message text after prefix and level; null where `properties` holds the record. */
  message: string | null;
  detail: string | null;
  context: string | null;
  /** The `properties` (or the whole record where there are none) of categories that are kept as they came; JSON. */
  properties: string | null;
  /** What the log_line_prefix said of the session, if it says more than `%t-%c-`. */
  prefixUser: string | null;
  prefixDatabase: string | null;
  prefixClient: string | null;
  prefixApplication: string | null;
  fact: Fact | null;
}
