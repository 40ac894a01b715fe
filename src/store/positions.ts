/** Positions: how far each partition of each source is stored. */
import type { Position } from '../model/position.ts';
import { timestamp } from './rows.ts';
import type { Store, Transaction } from './store.ts';

type PositionRow = { source: string; partition: string; sequence_number: bigint; offset: string };

/** All stored positions, or those of one source. */
export async function readPositions(store: Store, source?: string): Promise<Position[]> {
  const rows = await store.rows<PositionRow>(
    `SELECT source, partition, sequence_number, "offset" FROM store.positions WHERE source = coalesce($source, source)`,
    { source: source ?? null },
  );
  return rows.map((row) => ({
    source: row.source,
    partition: row.partition,
    sequenceNumber: Number(row.sequence_number),
    offset: row.offset,
  }));
}

/**
 * Moves one position forward, in the transaction of the rows it stands for.
 *
 * @param newestEvent newest event time of those rows, milliseconds; null when they have none
 */
export async function writePosition(
  transaction: Transaction,
  position: Position,
  newestEvent: number | null,
  now: number,
): Promise<void> {
  const key = { source: position.source, partition: position.partition };
  const place = {
    sequence: BigInt(position.sequenceNumber),
    offset: position.offset,
    newest: newestEvent === null ? null : timestamp(newestEvent),
    now: timestamp(now),
  };
  const updated = await transaction.rows(
    `UPDATE store.positions SET sequence_number = $sequence, "offset" = $offset, updated_at = $now,
       newest_event = greatest(newest_event, $newest::TIMESTAMP)
     WHERE source = $source AND partition = $partition RETURNING source`,
    { ...key, ...place },
  );
  if (updated.length > 0) return;
  await transaction.run(
    `INSERT INTO store.positions (source, partition, sequence_number, "offset", newest_event, updated_at)
     VALUES ($source, $partition, $sequence, $offset, $newest, $now)`,
    {
      ...key,
      ...place,
    },
  );
}

/**
 * Event time that the slowest of some partitions of a source has reached, milliseconds: -Infinity before its first record,
 * +Infinity when all of them stand still. One that stands still is waited for no longer.
 *
 * @param standsStill when a partition that has not moved since counts as standing still, milliseconds
 */
export async function slowestFront(
  store: Store,
  source: string,
  partitions: readonly string[],
  standsStill: { before: number; began: number },
): Promise<number> {
  const rows = await store.rows<{ partition: string; newest_event: Date | null; updated_at: Date }>(
    'SELECT partition, newest_event, updated_at FROM store.positions WHERE source = $source',
    { source },
  );
  const known = new Map(rows.map((row) => [row.partition, row]));
  const fronts = partitions.flatMap((partition) => {
    const row = known.get(partition);
    const moved = Math.max(row?.updated_at.getTime() ?? 0, standsStill.began);
    if (moved < standsStill.before) return [];
    return row?.newest_event?.getTime() ?? Number.NEGATIVE_INFINITY;
  });
  return Math.min(...fronts);
}
