/** A blob that was replaced is another under the same name: its positions begin again, in a partition of their own. */
import type { Position } from '../../model/position.ts';
import { type Mark, readMark } from './mark.ts';

/** How far a blob is stored. */
export interface Stored {
  /** Counts from 1. */
  generation: number;
  /** Of the last message; null where none is stored. */
  mark: Mark | null;
  /** Of the last message; -1 where none is stored. */
  sequenceNumber: number;
}

export function partitionOf(name: string, generation: number): string {
  return generation === 1 ? name : `${name}#${generation}`;
}

/** What is stored of the blob that has this name now, or had it last. */
export function storedOf(name: string, position: (partition: string) => Position | undefined): Stored {
  let stored: Stored = { generation: 1, mark: null, sequenceNumber: -1 };
  for (let generation = 1; ; generation++) {
    const found = position(partitionOf(name, generation));
    if (found === undefined) return stored;
    const { offset, sequenceNumber } = found;
    const mark = readMark(offset);
    stored =
      mark === null
        ? { generation: generation + 1, mark, sequenceNumber: -1 }
        : { generation, mark, sequenceNumber };
  }
}
