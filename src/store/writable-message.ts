/** A decoded message, ready to be stored. */
import type { DecodedMessage } from '../model/message.ts';
import type { Position } from '../model/position.ts';
import type { Statement } from '../model/statement.ts';

/** A decoded message with its place, and the statements of its records. */
export interface WritableMessage {
  position: Position;
  decoded: DecodedMessage;
  /** By record index. */
  statements: ReadonlyMap<number, Statement>;
  /** Sequence numbers of this source have no holes, so a hole is a loss: a hub rather than a file. */
  contiguous: boolean;
}
