/**
 * A copy of the database file that is brought up to date by copying the blocks that changed.
 *
 * DuckDB lets no second process read a file that one writes, so readers need a copy, and copying all of a large file for each
 * question takes seconds. Each block begins with a checksum of its content (DuckDB, `SingleFileBlockManager`), so comparing
 * eight bytes a block tells which ones differ.
 */
import { fstatSync, read as readCallback, readSync } from 'node:fs';
import { type FileHandle, open, rm, stat } from 'node:fs/promises';
import { promisify } from 'node:util';

const read = promisify(readCallback);

/** The main header and the two database headers, before the first block. They have no checksum: always copied. */
const HEADER_BYTES = 3 * 4096;
/** DuckDB's default; pgvigil creates its files with no other. */
export const BLOCK_BYTES = 262_144;
/** Blocks that are read at once. */
const RUN_BLOCKS = 16;
/** Of a block that was never copied. One whose checksum this is would be copied each time. */
const UNKNOWN = 0n;

/** In what the database file differs from its copy. */
export interface Difference {
  header: boolean;
  /** Numbers of the blocks. */
  blocks: readonly number[];
}

export class Mirror {
  readonly path: string;
  readonly #file: FileHandle;
  #header = Buffer.alloc(0);
  #checksums = new BigUint64Array(0);

  private constructor(path: string, file: FileHandle) {
    this.path = path;
    this.#file = file;
  }

  /** An empty copy in a new file, for the owner only. */
  static async create(path: string): Promise<Mirror> {
    return new Mirror(path, await open(path, 'wx+', 0o600));
  }

  /** Whether the file has no name but its own: nobody else reads it. */
  async isAlone(): Promise<boolean> {
    return (await stat(this.path)).nlink === 1;
  }

  /**
   * What differs. While it runs, and until that is copied, nothing may write the database. Synchronous: four thousand blocks
   * (1 GB) take some ten milliseconds, and waiting for each would take more.
   *
   * @param source descriptor of the database file
   */
  difference(source: number): Difference {
    const count = Math.max(0, Math.ceil((fstatSync(source).size - HEADER_BYTES) / BLOCK_BYTES));
    if (count !== this.#checksums.length) {
      const known = this.#checksums.subarray(0, count);
      this.#checksums = new BigUint64Array(count).fill(UNKNOWN);
      this.#checksums.set(known);
    }
    const checksum = Buffer.alloc(8);
    const blocks: number[] = [];
    for (let block = 0; block < count; block++) {
      readSync(source, checksum, 0, 8, HEADER_BYTES + block * BLOCK_BYTES);
      const known = this.#checksums[block];
      if (known === UNKNOWN || checksum.readBigUInt64LE() !== known) blocks.push(block);
    }
    return { header: !readHeader(source).equals(this.#header), blocks };
  }

  /** Copies blocks. The copy is whole once no block differs and the header was copied. */
  async copyBlocks(source: number, blocks: readonly number[]): Promise<void> {
    const buffer = Buffer.allocUnsafe(RUN_BLOCKS * BLOCK_BYTES);
    for (const { first, count } of runs(blocks)) {
      const position = HEADER_BYTES + first * BLOCK_BYTES;
      const { bytesRead } = await read(source, buffer, 0, count * BLOCK_BYTES, position);
      await this.#file.write(buffer, 0, bytesRead, position);
      for (let index = 0; index < count && index * BLOCK_BYTES < bytesRead; index++)
        this.#checksums[first + index] = buffer.readBigUInt64LE(index * BLOCK_BYTES);
    }
  }

  /** Copies the header and cuts what the database no longer has. */
  async copyHeader(source: number): Promise<void> {
    const header = readHeader(source);
    await this.#file.write(header, 0, header.length, 0);
    await this.#file.truncate(fstatSync(source).size);
    this.#header = header;
  }

  /** Closes the file and removes its name; readers that have it under another one keep it. */
  async remove(): Promise<void> {
    await this.#file.close();
    await rm(this.path, { force: true });
  }
}

function readHeader(source: number): Buffer<ArrayBuffer> {
  const header = Buffer.alloc(HEADER_BYTES);
  return header.subarray(0, readSync(source, header, 0, HEADER_BYTES, 0));
}

/** Neighbouring blocks, to be read at once. */
function runs(blocks: readonly number[]): { first: number; count: number }[] {
  const found: { first: number; count: number }[] = [];
  for (const block of blocks) {
    const last = found.at(-1);
    if (last !== undefined && last.first + last.count === block && last.count < RUN_BLOCKS) last.count++;
    else found.push({ first: block, count: 1 });
  }
  return found;
}
