/**
 * Values by blocks of addresses. Blocks are nested or apart, never crossed, so all of them flatten into sorted pieces, each
 * with the smallest block around it. A look-up is one binary search. Pure.
 */
import type { Block } from './address.ts';

export interface Entry<T> {
  block: Block;
  value: T;
}

interface Node<T> extends Entry<T> {
  /** The block around it. */
  parent: Node<T> | null;
}

export class RangeMap<T> {
  /** Distinct pairs of block and value. */
  readonly size: number;
  readonly #starts: bigint[] = [];
  readonly #pieces: (Node<T> | null)[] = [];

  constructor(entries: Iterable<Entry<T>>) {
    const sorted = [...entries].sort((a, b) => order(a.block, b.block));
    let size = 0;
    let around: Node<T> | null = null;
    for (const { block, value } of sorted) {
      while (around !== null && around.block.last < block.first) {
        this.#begin(around.block.last + 1n, around.parent);
        around = around.parent;
      }
      if (holds(around, block, value)) continue;
      around = { block, value, parent: around };
      this.#begin(block.first, around);
      size++;
    }
    for (; around !== null; around = around.parent) this.#begin(around.block.last + 1n, around.parent);
    this.size = size;
  }

  /** Values of all blocks around an address, that of the smallest first. */
  all(address: bigint): T[] {
    const values: T[] = [];
    for (let node = this.#pieceAt(address); node !== null; node = node.parent) values.push(node.value);
    return values;
  }

  #begin(start: bigint, node: Node<T> | null): void {
    if (this.#starts.at(-1) === start) this.#pieces[this.#pieces.length - 1] = node;
    else {
      this.#starts.push(start);
      this.#pieces.push(node);
    }
  }

  #pieceAt(address: bigint): Node<T> | null {
    let low = 0;
    let high = this.#starts.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#starts[middle]! <= address) low = middle + 1;
      else high = middle;
    }
    return this.#pieces[low - 1] ?? null;
  }
}

/** By first address, the larger block first. */
function order(a: Block, b: Block): number {
  if (a.first !== b.first) return a.first < b.first ? -1 : 1;
  if (a.last !== b.last) return a.last > b.last ? -1 : 1;
  return 0;
}

function holds<T>(around: Node<T> | null, block: Block, value: T): boolean {
  for (let node = around; node !== null && order(node.block, block) === 0; node = node.parent) {
    if (node.value === value) return true;
  }
  return false;
}
