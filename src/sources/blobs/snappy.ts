/** Snappy as Avro uses it: a raw block (google/snappy, format_description.txt), then CRC-32 of its content, big endian. */
import { crc32 } from 'node:zlib';

/**
 * @param limit bytes that the content may have at most
 * @throws Error when the block is damaged
 */
export function unpackSnappy(packed: Buffer, limit: number): Buffer {
  const end = packed.length - 4;
  let [at, size, shift] = [0, 0, 0];
  for (let byte = 128; byte >= 128; shift += 7) {
    if (at >= end || shift > 28) throw new Error('no length');
    byte = packed[at++]!;
    size += (byte & 127) * 2 ** shift;
  }
  if (size > limit) throw new Error('too long');
  const content = Buffer.alloc(size);
  let filled = 0;
  while (at < end) {
    const tag = packed[at++]!;
    if ((tag & 3) === 0) {
      let length = tag >> 2;
      if (length >= 60) {
        const bytes = length - 59;
        if (at + bytes > end) throw new Error('cut');
        length = packed.readUIntLE(at, bytes);
        at += bytes;
      }
      length++;
      if (at + length > end || filled + length > size) throw new Error('cut');
      packed.copy(content, filled, at, at + length);
      at += length;
      filled += length;
    } else {
      const bytes = [0, 1, 2, 4][tag & 3]!;
      if (at + bytes > end) throw new Error('cut');
      const offset = bytes === 1 ? ((tag >> 5) << 8) | packed[at]! : packed.readUIntLE(at, bytes);
      const length = bytes === 1 ? ((tag >> 2) & 7) + 4 : (tag >> 2) + 1;
      at += bytes;
      if (offset === 0 || offset > filled || filled + length > size) throw new Error('a copy from nowhere');
      // A copy may overlap what it writes: it repeats it.
      for (const stop = filled + length; filled < stop; filled++) content[filled] = content[filled - offset]!;
    }
  }
  if (filled !== size || crc32(content) !== packed.readUInt32BE(end)) throw new Error('damaged');
  return content;
}
