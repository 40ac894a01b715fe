/** What comes of one raw record: a LogRecord, filled in by its category, or a refusal. */
import type { LogRecord } from '../model/record.ts';
import type { RejectCode } from '../model/reject.ts';
import type { UnexplainedLine } from '../model/unexplained-line.ts';

/** A record that cannot be decoded, without its bytes. */
export interface Refused {
  code: RejectCode;
  reason: string;
  /** The line whose prefix nothing explains. */
  unexplained?: UnexplainedLine;
}

/** A record with what every category has; all else is null. One literal, so that all records have one hidden class. */
export function emptyRecord(
  index: number,
  eventTime: number,
  azureTime: number,
  server: string,
  category: string,
): LogRecord {
  return {
    index,
    eventTime,
    azureTime,
    server,
    category,
    sessionId: null,
    pid: null,
    backendType: null,
    level: null,
    sqlstate: null,
    prefix: null,
    message: null,
    detail: null,
    context: null,
    properties: null,
    prefixUser: null,
    prefixDatabase: null,
    prefixClient: null,
    prefixApplication: null,
    fact: null,
  };
}
