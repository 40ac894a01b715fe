/** Packed streams: which packing, and what is in them. */

import type { Transform } from 'node:stream';
import zlib from 'node:zlib';
import { PgvigilError } from '../errors.ts';

export type Packing = 'none' | 'gzip' | 'zstd';

/** Told by the first bytes (RFC 1952, RFC 8878). */
export function packingOf(head: Uint8Array): Packing {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  const isZstd = head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd;
  return isZstd ? 'zstd' : 'none';
}

/**
 * Packed bytes given to the unpacker at once: what they unpack to is held in memory. gzip makes at most 1,032 bytes of one,
 * zstd up to 128 KB of four.
 */
const PIECE: Readonly<Record<Exclude<Packing, 'none'>, number>> = { gzip: 64 * 1024, zstd: 1024 };

/** zlib of Node 22.15 and later. */
interface Zstd {
  createZstdDecompress?(): Transform;
}

/**
 * Everything that can be unpacked, then the error if there is one; a piped stream would drop what it holds by then.
 *
 * @param title what is read, for people
 * @throws PgvigilError FILE_UNREADABLE for zstd where Node cannot unpack it
 */
export async function* unpacked(
  packed: AsyncIterable<Buffer>,
  packing: Packing,
  title: string,
): AsyncGenerator<Buffer> {
  if (packing === 'none') {
    yield* packed;
    return;
  }
  const unpacker = packing === 'gzip' ? zlib.createGunzip() : zstdUnpacker(title);
  let ready: Buffer[] = [];
  unpacker.on('data', (chunk: Buffer) => ready.push(chunk));
  let failure: Error | undefined;
  const ended = new Promise<void>((resolve) => {
    unpacker.on('end', resolve);
    unpacker.on('error', (error) => {
      failure = error;
      resolve();
    });
  });
  try {
    for await (const chunk of packed) {
      for (let at = 0; at < chunk.length; at += PIECE[packing]) {
        const piece = chunk.subarray(at, at + PIECE[packing]);
        // A write that fails is never called back.
        await Promise.race([new Promise((resolve) => unpacker.write(piece, resolve)), ended]);
        yield* ready;
        ready = [];
        if (failure !== undefined) throw failure;
      }
    }
    unpacker.end();
    await ended;
    yield* ready;
    if (failure !== undefined) throw failure;
  } finally {
    unpacker.destroy();
  }
}

function zstdUnpacker(title: string): Transform {
  const unpacker = (zlib as Zstd).createZstdDecompress?.();
  if (unpacker !== undefined) return unpacker;
  throw new PgvigilError(
    'FILE_UNREADABLE',
    `cannot read ${title}: it is packed with zstd, which Node.js ${process.versions.node} cannot unpack`,
    'Unpack it on the way in: zstd -dc x | pgvigil backfill -, or use Node.js 22.15 or later.',
  );
}
