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

/** Moves one position forward, in the transaction of the rows it stands for. */
export async function writePosition(
  transaction: Transaction,
  position: Position,
  now: number,
): Promise<void> {
  const key = { source: position.source, partition: position.partition };
  const place = {
    sequence: BigInt(position.sequenceNumber),
    offset: position.offset,
    now: timestamp(now),
  };
  const updated = await transaction.rows(
    `UPDATE store.positions SET sequence_number = $sequence, "offset" = $offset, updated_at = $now
     WHERE source = $source AND partition = $partition RETURNING source`,
    { ...key, ...place },
  );
  if (updated.length > 0) return;
  await transaction.run(
    'INSERT INTO store.positions VALUES ($source, $partition, $sequence, $offset, $now)',
    {
      ...key,
      ...place,
    },
  );
}
