/** What the heartbeat is judged by. Times are milliseconds since 1970-01-01 UTC. */

export interface HeartbeatFacts {
  now: number;
  /** Nothing counts as silent for what it did before: nobody listened. */
  startedAt: number;
  /** Since when the hub is known to be going on: the later of the start and the end of its last silence. */
  hubSince: number;
  hub: HubFacts;
  /** When a log line of each server last came, of those that are still remembered. */
  servers: ReadonlyMap<string, number>;
  channels: readonly ChannelFacts[];
}

export interface HubFacts {
  /** Without the time of its creation: a hub that was made again takes the place of the one before. */
  name: string;
  /** When its last message came, by any partition, also before it was made again; null: never. */
  lastMessage: number | null;
  partitions: readonly PartitionFacts[];
}

export interface PartitionFacts {
  partition: string;
  /** When its last message came; null: never. */
  lastMessage: number | null;
  /** Messages that the hub has behind the last one stored. */
  waiting: number;
  /** See `HubProgress`. */
  elsewhere: number;
}

export interface ChannelFacts {
  channel: string;
  /** Messages that wait for it. */
  waiting: number;
  /** Since when the oldest of them does; null where none waits. */
  waitingSince: number | null;
  lastDelivered: number | null;
  /** Its receiver wants no more. */
  disabled: { at: number; reason: string } | null;
}

/** After how many milliseconds something counts as silent; 0: never, and what is known of it is not told. */
export interface HeartbeatLimits {
  /** Also of the hub as a whole. */
  server: number;
  partition: number;
  channel: number;
}
