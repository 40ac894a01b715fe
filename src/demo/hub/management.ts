/** The `$management` node: READ of the hub and of a partition. */
import type { EventHub } from './event-hub.ts';
import { type Properties, partitionProperties } from './partition-properties.ts';
import { entityNotFound, Refusal, unauthorized } from './refusal.ts';
import { covers, type SharedAccessKey, verifyToken } from './tokens.ts';
import { types } from './wire.ts';

/**
 * Answers one request.
 * @param request its application properties: operation, type, name, partition, security_token
 * @param now milliseconds since 1970-01-01 UTC
 */
export function readProperties(
  hub: EventHub,
  policy: SharedAccessKey,
  request: Properties,
  now: number,
): Properties {
  const { operation, type, name, partition, security_token: token } = request;
  const claim = verifyToken(String(token), policy, now);
  if (!hub.isNamed(String(name))) throw entityNotFound(String(name));
  if (!covers(claim.scope, hub.name)) throw unauthorized(`The token does not cover '${hub.name}'.`);
  if (operation === 'READ' && type === 'com.microsoft:eventhub') return { type, ...hubProperties(hub) };
  if (operation === 'READ' && type === 'com.microsoft:partition') {
    const found = hub.partition(String(partition));
    return {
      type,
      name: hub.name,
      partition: found.id,
      begin_sequence_number: types.wrap_long(found.firstSequenceNumber),
      is_partition_empty: found.isEmpty,
      ...partitionProperties(found),
    };
  }
  throw new Refusal('amqp:not-implemented', `The operation '${operation}' of '${type}' is not implemented.`);
}

function hubProperties(hub: EventHub): Properties {
  const partitionIds = hub.partitions.map((partition) => partition.id);
  return {
    name: hub.name,
    created_at: types.wrap_timestamp(hub.createdAt),
    partition_count: types.wrap_int(partitionIds.length),
    partition_ids: types.wrap_array(partitionIds, 0xb1, undefined),
    georeplication_factor: types.wrap_int(1),
  };
}
