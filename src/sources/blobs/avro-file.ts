/**
 * Avro object container files, block by block (Apache Avro 1.11.1 Specification, Object Container Files): the header names schema
 * and codec, a block is count, length, data and the sync marker of the file. Memory: a block, packed and unpacked.
 */
import { promisify } from 'node:util';
import { inflateRaw } from 'node:zlib';
import { unpackSnappy } from './snappy.ts';

/** Event Hubs Capture writes blocks of a few hundred kB; an event has 1 MB at most. */
const MAX_BLOCK_BYTES = 64 * 1024 * 1024;
const MAX_HEADER_BYTES = 1024 * 1024;
const SYNC_BYTES = 16;

const inflate = promisify<Buffer, { maxOutputLength: number }, Buffer>(inflateRaw);

/** What is wrong with a file; what came before is sound. */
export class AvroDamage extends Error {}

export interface AvroHeader {
  /** Avro schema as JSON text. */
  schema: string;
  codec: string;
}

export interface AvroBlock {
  /** How many values there are in `data`. */
  count: number;
  /** Unpacked. */
  data: Buffer;
}

export class AvroFile {
  readonly header: AvroHeader;
  readonly #bytes: Bytes;
  readonly #sync: Buffer;

  private constructor(header: AvroHeader, sync: Buffer, bytes: Bytes) {
    this.header = header;
    this.#sync = sync;
    this.#bytes = bytes;
  }

  /** @throws AvroDamage when it is no such file */
  static async open(chunks: AsyncIterable<Buffer>): Promise<AvroFile> {
    const bytes = new Bytes(chunks);
    const magic = await bytes.take(4, 'header');
    if (magic.toString('latin1') !== 'Obj\u0001') throw new AvroDamage('it is no Avro file');
    const meta = new Map<string, Buffer>();
    for (let count = await bytes.long('header'); count !== 0; count = await bytes.long('header')) {
      // A negative count is followed by the length of the entries, for those who pass over them.
      if (count < 0) await bytes.long('header');
      for (let index = 0; index < Math.abs(count); index++) {
        const key = await bytes.sized(MAX_HEADER_BYTES, 'header');
        meta.set(key.toString(), await bytes.sized(MAX_HEADER_BYTES, 'header'));
        if (meta.size > 1000) throw new AvroDamage('its header has no end');
      }
    }
    const sync = await bytes.take(SYNC_BYTES, 'header');
    const schema = meta.get('avro.schema')?.toString() ?? '';
    const codec = meta.get('avro.codec')?.toString() ?? 'null';
    return new AvroFile({ schema, codec }, sync, bytes);
  }

  /** @throws AvroDamage after the last sound block, when the file is cut or damaged */
  async *blocks(): AsyncGenerator<AvroBlock> {
    while (await this.#bytes.any()) {
      const count = await this.#bytes.long('block');
      const packed = await this.#bytes.sized(MAX_BLOCK_BYTES, 'block');
      const sync = await this.#bytes.take(SYNC_BYTES, 'block');
      if (!sync.equals(this.#sync)) throw new AvroDamage('a block does not end where it should');
      yield { count, data: await unpacked(packed, this.header.codec) };
    }
  }
}

async function unpacked(packed: Buffer, codec: string): Promise<Buffer> {
  if (codec === 'null') return packed;
  if (codec !== 'deflate' && codec !== 'snappy')
    throw new AvroDamage(
      `its codec is ${JSON.stringify(codec.slice(0, 40))}; null, deflate and snappy are known`,
    );
  try {
    return codec === 'snappy'
      ? unpackSnappy(packed, MAX_BLOCK_BYTES)
      : await inflate(packed, { maxOutputLength: MAX_BLOCK_BYTES });
  } catch {
    throw new AvroDamage('a block cannot be unpacked');
  }
}

/** Chunks as one stream of bytes. */
class Bytes {
  readonly #chunks: AsyncIterator<Buffer>;
  #held: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  async any(): Promise<boolean> {
    return (await this.#atLeast(1)) > 0;
  }

  async take(length: number, part: string): Promise<Buffer> {
    if ((await this.#atLeast(length)) < length) throw new AvroDamage(`it is cut in a ${part}`);
    const taken = this.#held.subarray(0, length);
    this.#held = this.#held.subarray(length);
    return taken;
  }

  async sized(limit: number, part: string): Promise<Buffer> {
    const length = await this.long(part);
    if (length < 0 || length > limit) throw new AvroDamage(`a ${part} says that it has ${length} bytes`);
    return this.take(length, part);
  }

  /** Variable-length zig-zag number. */
  async long(part: string): Promise<number> {
    let value = 0;
    let scale = 1;
    for (let length = 0; length < 8; length++, scale *= 128) {
      const byte = (await this.take(1, part))[0]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    throw new AvroDamage(`a ${part} has no length`);
  }

  async #atLeast(length: number): Promise<number> {
    if (this.#held.length >= length) return this.#held.length;
    const parts = [this.#held];
    let size = this.#held.length;
    while (size < length) {
      const { value, done } = await this.#chunks.next();
      if (done) break;
      parts.push(value);
      size += value.length;
    }
    this.#held = Buffer.concat(parts);
    return size;
  }
}
