import { ConsumerGroup } from './consumer-group.ts';
import { Partition } from './partition.ts';
import { partitionOfKey } from './partition-key.ts';
import { entityNotFound, Refusal } from './refusal.ts';

export interface EventHubOptions {
  name: string;
  partitions: number;
  /** `$Default` exists besides these. */
  consumerGroups: string[];
  /** Bytes kept in each partition. */
  retentionBytes: number;
  /** Milliseconds since 1970-01-01 UTC. */
  createdAt: number;
}

/** The hub as an entity: its partitions, its consumer groups, and their addresses. Names ignore case. */
export class EventHub {
  readonly name: string;
  readonly createdAt: number;
  readonly partitions: readonly Partition[];
  readonly #groups: Map<string, ConsumerGroup>;
  /** Whose turn it is among the partitions for events without a key. */
  #turn = 0;

  constructor(options: EventHubOptions) {
    this.name = options.name;
    this.createdAt = options.createdAt;
    this.partitions = Array.from(
      { length: options.partitions },
      (_, index) => new Partition(String(index), options.retentionBytes),
    );
    const names = ['$Default', ...options.consumerGroups];
    this.#groups = new Map(names.map((name) => [name.toLowerCase(), new ConsumerGroup(name)]));
  }

  get consumerGroups(): ConsumerGroup[] {
    return [...this.#groups.values()];
  }

  isNamed(name: string): boolean {
    return name.toLowerCase() === this.name.toLowerCase();
  }

  /** Throws a `Refusal` when there is no such partition. */
  partition(id: string): Partition {
    const found = this.partitions.find((partition) => partition.id === id);
    if (found !== undefined) return found;
    throw new Refusal(
      'com.microsoft:argument-out-of-range',
      `The specified partition is invalid for an EventHub partition sender or receiver. It should be between 0 and ${this.partitions.length - 1}.`,
    );
  }

  /**
   * What a producer may send to: `<hub>` (null: the hub places the events) or `<hub>/Partitions/<n>`.
   * Throws a `Refusal` for any other address.
   */
  sendTarget(address: string): Partition | null {
    const [name = '', kind, id = '', ...more] = address.split('/');
    if (!this.isNamed(name)) throw entityNotFound(address);
    if (kind === undefined) return null;
    if (kind.toLowerCase() !== 'partitions' || more.length > 0) throw entityNotFound(address);
    return this.partition(id);
  }

  /** What a consumer reads: `<hub>/ConsumerGroups/<group>/Partitions/<n>`. Throws a `Refusal` for any other address. */
  readTarget(address: string): { group: ConsumerGroup; partition: Partition } {
    const [name = '', groups, groupName = '', partitions, id = '', ...more] = address.split('/');
    const group = this.#groups.get(groupName.toLowerCase());
    const wellFormed =
      groups?.toLowerCase() === 'consumergroups' && partitions?.toLowerCase() === 'partitions';
    if (!this.isNamed(name) || group === undefined || !wellFormed || more.length > 0)
      throw entityNotFound(address);
    return { group, partition: this.partition(id) };
  }

  /** The partition for events sent to the hub as a whole: by their key, else each in turn. */
  place(partitionKey: string | null): Partition {
    const count = this.partitions.length;
    const index = partitionKey === null ? this.#turn++ % count : partitionOfKey(partitionKey, count);
    return this.partitions[index]!;
  }
}
