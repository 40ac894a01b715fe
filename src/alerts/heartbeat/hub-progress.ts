/**
 * How far the hub went while a partition stood still: messages that each of the other partitions brought meanwhile, on
 * average. On a hub with little traffic a partition is without messages for an hour by chance. Pure, with a memory.
 */
export class HubProgress {
  readonly #last = new Map<string, number>();
  /** Messages since the beginning, of all partitions and of each. */
  #total = 0;
  readonly #own = new Map<string, number>();
  /** What the others had brought when a partition last moved. */
  readonly #marks = new Map<string, number>();

  /** @param sequenceNumbers last message of each partition that ever had one, now */
  note(sequenceNumbers: ReadonlyMap<string, number>): ReadonlyMap<string, number> {
    const moved = new Set<string>();
    for (const [partition, sequenceNumber] of sequenceNumbers) {
      const last = this.#last.get(partition);
      if (last === sequenceNumber) continue;
      moved.add(partition);
      this.#last.set(partition, sequenceNumber);
      // The first number is where the hub is, not what it brought.
      const messages = last === undefined ? 0 : Math.max(0, sequenceNumber - last);
      this.#total += messages;
      this.#own.set(partition, (this.#own.get(partition) ?? 0) + messages);
    }
    const others = Math.max(1, sequenceNumbers.size - 1);
    return new Map(
      [...sequenceNumbers.keys()].map((partition) => {
        const elsewhere = this.#total - (this.#own.get(partition) ?? 0);
        if (moved.has(partition)) this.#marks.set(partition, elsewhere);
        return [partition, (elsewhere - (this.#marks.get(partition) ?? elsewhere)) / others];
      }),
    );
  }
}
