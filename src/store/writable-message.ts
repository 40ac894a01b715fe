/** A decoded message, ready to be stored. */
import type { DecodedMessage, Position, StatementFeatures } from '../model.ts';

/** A decoded message with its place and, for each record that has a statement, what the parser says of it. */
export interface WritableMessage {
  position: Position;
  decoded: DecodedMessage;
  /** By record index. */
  features: ReadonlyMap<number, StatementFeatures>;
  /** Sequence numbers of this source have no holes, so a hole is a loss: a hub rather than a file. */
  contiguous: boolean;
}
