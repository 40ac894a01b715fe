import type { Reader } from './reader.ts';
import { Refusal } from './refusal.ts';

const MAX_READERS_WITHOUT_EPOCH = 5;

/** A view of the hub with its own readers. Who may read a partition depends on the epochs (owner levels). */
export class ConsumerGroup {
  readonly name: string;
  readonly #readers = new Map<string, Set<Reader>>();

  constructor(name: string) {
    this.name = name;
  }

  readersOf(partitionId: string): Reader[] {
    return [...(this.#readers.get(partitionId) ?? [])];
  }

  /**
   * Lets a reader in. One with an epoch disconnects all others of the partition, unless one of them has a higher
   * epoch; without epochs five may read at once. Throws a `Refusal` otherwise.
   */
  admit(reader: Reader): void {
    const present = this.readersOf(reader.partition.id);
    const highest = Math.max(...present.map((other) => other.epoch ?? -1), -1);
    if (highest > (reader.epoch ?? -1)) throw stolen(`a receiver with epoch '${highest}' is connected`);
    if (reader.epoch === null && present.length >= MAX_READERS_WITHOUT_EPOCH) throw tooManyReaders();
    if (reader.epoch !== null)
      for (const other of present)
        other.detach(stolen(`a receiver with epoch '${reader.epoch}' was created`));
    const readers = this.#readers.get(reader.partition.id) ?? new Set();
    this.#readers.set(reader.partition.id, readers.add(reader));
  }

  leave(reader: Reader): void {
    this.#readers.get(reader.partition.id)?.delete(reader);
  }
}

function stolen(why: string): Refusal {
  return new Refusal(
    'amqp:link:stolen',
    `The receiver is disconnected: ${why}. Use a higher epoch to take over.`,
  );
}

function tooManyReaders(): Refusal {
  return new Refusal(
    'amqp:resource-limit-exceeded',
    `Exceeded the maximum number of allowed receivers per partition in a consumer group which is ${MAX_READERS_WITHOUT_EPOCH}.`,
  );
}
