/** What arrives on a producer's link, on its way into a partition. */
import type { EventHub } from './event-hub.ts';
import type { Partition } from './partition.ts';
import { Refusal } from './refusal.ts';
import { type Annotations, splitBatch, splitMessage } from './sections.ts';

/** Message format of a batch of events; format 0 is a single message. */
export const BATCH_FORMAT = 0x80013700;
/** Bytes of one transfer, a batch included. */
export const MAX_MESSAGE_SIZE = 1024 * 1024;

const PARTITION_KEY = 'x-opt-partition-key';

/**
 * Stores the events of one transfer, all in one partition, or none of them: throws a `Refusal`.
 * @param target partition of the link; null for a link to the hub
 * @param now milliseconds since 1970-01-01 UTC
 */
export function storeTransfer(
  hub: EventHub,
  target: Partition | null,
  encoded: Buffer,
  format: number,
  now: number,
): void {
  if (encoded.length > MAX_MESSAGE_SIZE)
    throw new Refusal(
      'amqp:link:message-size-exceeded',
      `The received message (size:${encoded.length}) exceeds the limit (size:${MAX_MESSAGE_SIZE}) currently allowed on the link.`,
    );
  if (format !== 0 && format !== BATCH_FORMAT)
    throw new Refusal('amqp:not-implemented', `The message format ${format} is not supported.`);
  const { annotations, messages } =
    format === BATCH_FORMAT ? splitBatch(encoded) : { annotations: {}, messages: [encoded] };
  // All are decoded before the first is stored, so that a broken one refuses the whole batch.
  const events = messages.map(splitMessage);
  const key = partitionKeyOf(annotations) ?? partitionKeyOf(events[0]?.annotations ?? {});
  const partition = target ?? hub.place(key);
  for (const event of events) {
    if (key !== null) event.annotations[PARTITION_KEY] ??= key;
    partition.append(event, now);
  }
}

function partitionKeyOf(annotations: Annotations): string | null {
  const key = annotations[PARTITION_KEY];
  return key === undefined || key === null ? null : String(key);
}
