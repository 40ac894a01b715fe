/**
 * The SDK's `CheckpointStore` over our own positions.
 *
 * Rows and positions commit together in the store, so there is nothing to write here: the SDK only asks where to
 * start, again after every reconnect. One process reads all partitions, so every claim is granted.
 */
import type { Checkpoint, CheckpointStore, PartitionOwnership } from '@azure/event-hubs';
import type { Position } from '../model/position.ts';

export class PositionsAsCheckpoints implements CheckpointStore {
  readonly #position: (partition: string) => Position | undefined;
  readonly #owned = new Map<string, PartitionOwnership>();
  #claims = 0;

  /** @param position stored position of a partition; undefined before its first message */
  constructor(position: (partition: string) => Position | undefined) {
    this.#position = position;
  }

  async listOwnership(): Promise<PartitionOwnership[]> {
    return [...this.#owned.values()];
  }

  async claimOwnership(claims: PartitionOwnership[]): Promise<PartitionOwnership[]> {
    const granted = claims.map((claim) => ({
      ...claim,
      etag: String(++this.#claims),
      lastModifiedTimeInMs: Date.now(),
    }));
    for (const ownership of granted) this.#owned.set(ownership.partitionId, ownership);
    return granted;
  }

  /** Gives a partition back, so that the SDK opens it in its next round and not only once the claim has expired. */
  release(partitionId: string): void {
    this.#owned.delete(partitionId);
  }

  async updateCheckpoint(): Promise<void> {}

  async listCheckpoints(
    fullyQualifiedNamespace: string,
    eventHubName: string,
    consumerGroup: string,
  ): Promise<Checkpoint[]> {
    const checkpoints: Checkpoint[] = [];
    for (const partitionId of this.#owned.keys()) {
      const position = this.#position(partitionId);
      if (position === undefined) continue;
      checkpoints.push({
        fullyQualifiedNamespace,
        eventHubName,
        consumerGroup,
        partitionId,
        offset: position.offset,
        sequenceNumber: position.sequenceNumber,
      });
    }
    return checkpoints;
  }
}
