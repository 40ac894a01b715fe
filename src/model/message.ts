import type { Position } from './position.ts';
import type { LogRecord } from './record.ts';
import type { Reject } from './reject.ts';
import type { UnexplainedLine } from './unexplained-line.ts';

/** One message of a source, with its place. */
export interface SourceMessage extends Position {
  body: Uint8Array;
}

/** What one message held. */
export interface DecodedMessage {
  records: LogRecord[];
  rejects: Reject[];
  /** Beside its reject, each line that was rejected for its prefix. */
  unexplained: UnexplainedLine[];
}
