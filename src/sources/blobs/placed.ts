/** Messages whose positions say whether anything follows them. */
import type { SourceMessage } from '../../model/message.ts';

export interface Placed extends Omit<SourceMessage, 'offset'> {
  /** @param settled the blob holds nothing behind it */
  offset(settled: boolean): string;
}

/** Holds each message back until it is known whether it is the last, so that a blob that is read is not asked for again. */
export async function* settling(messages: AsyncIterable<Placed>): AsyncGenerator<SourceMessage> {
  let held: Placed | undefined;
  try {
    for await (const message of messages) {
      if (held !== undefined) yield finished(held, false);
      held = message;
    }
  } catch (error) {
    if (held !== undefined) yield finished(held, false);
    throw error;
  }
  if (held !== undefined) yield finished(held, true);
}

function finished(
  { source, partition, sequenceNumber, body, offset }: Placed,
  settled: boolean,
): SourceMessage {
  return { source, partition, sequenceNumber, offset: offset(settled), body };
}
