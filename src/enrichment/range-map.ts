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
  /** The same as doubles: exact for IPv4, and several times as fast to search. Those of IPv6 may be alike. */
  readonly #rough: Float64Array;
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
    this.#rough = Float64Array.from(this.#starts, Number);
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
    const rough = Number(address);
    const isBefore = (index: number) => this.#rough[index]! < rough;
    const isUpTo = (index: number) => this.#rough[index]! <= rough;
    const low = partition(0, this.#rough.length, isBefore);
    const high = partition(low, this.#rough.length, isUpTo);
    return this.#pieces[partition(low, high, (index) => this.#starts[index]! <= address) - 1] ?? null;
  }
}

/** The first index from `low` to `high` for which `holds` is not true any more. */
function partition(low: number, high: number, holds: (index: number) => boolean): number {
  let [from, to] = [low, high];
  while (from < to) {
    const middle = (from + to) >>> 1;
    if (holds(middle)) from = middle + 1;
    else to = middle;
  }
  return from;
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
