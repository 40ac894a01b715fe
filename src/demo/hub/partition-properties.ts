/** What the service tells of a partition's end. */
import type { Partition } from './partition.ts';
import { types } from './wire.ts';

/** Properties by name; values typed where the wire type matters. */
export type Properties = Record<string, unknown>;

/** How far a partition is; also sent with events as runtime metrics. */
export function partitionProperties(partition: Partition): Properties {
  return {
    last_enqueued_sequence_number: types.wrap_long(partition.nextSequenceNumber - 1),
    last_enqueued_offset: types.wrap_string(partition.lastOffset),
    last_enqueued_time_utc: types.wrap_timestamp(partition.lastEnqueuedAt),
  };
}
