/** Files as Event Hubs Capture writes them. */
import { once } from 'node:events';
import { crc32, deflateRaw } from 'node:zlib';
import avro from 'avsc';

/** Azure Event Hubs: Explore captured Avro files. */
export const CAPTURE_SCHEMA = {
  type: 'record',
  name: 'EventData',
  namespace: 'Microsoft.ServiceBus.Messaging',
  fields: [
    { name: 'SequenceNumber', type: 'long' },
    { name: 'Offset', type: 'string' },
    { name: 'EnqueuedTimeUtc', type: 'string' },
    { name: 'SystemProperties', type: { type: 'map', values: ['long', 'double', 'string', 'bytes'] } },
    { name: 'Properties', type: { type: 'map', values: ['long', 'double', 'string', 'bytes'] } },
    { name: 'Body', type: ['null', 'bytes'] },
  ],
};

export type Codec = 'null' | 'deflate' | 'snappy' | 'bzip2';

const literals = (data: Buffer, done: (error: Error | null, packed: Buffer) => void): void => {
  const head: number[] = [];
  for (let left = data.length; left >= 0; left = left >= 128 ? left >>> 7 : -1)
    head.push(left >= 128 ? (left & 127) | 128 : left);
  const parts: Buffer[] = [Buffer.from(head)];
  for (let at = 0; at < data.length; at += 65_536) {
    const part = data.subarray(at, at + 65_536);
    const tag = Buffer.from([61 << 2, 0, 0]);
    tag.writeUInt16LE(part.length - 1, 1);
    parts.push(tag, part);
  }
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(data));
  done(null, Buffer.concat([...parts, sum]));
};

/** An Avro file of values, with Microsoft's or another schema; a block of about `blockSize` bytes. */
export async function avroFile(
  values: readonly object[],
  { codec = 'null' as Codec, blockSize = 1000, schema = CAPTURE_SCHEMA as object } = {},
): Promise<Buffer> {
  const encoder = new avro.streams.BlockEncoder(schema as avro.Type, {
    codec,
    blockSize,
    writeHeader: 'always',
    codecs: {
      null: (data, done) => done(null, data),
      deflate: (data, done) => deflateRaw(data, (error, packed) => done(error, packed)),
      snappy: (data, done) => literals(data, done),
      bzip2: (data, done) => done(null, data),
    },
  });
  const parts: Buffer[] = [];
  encoder.on('data', (part: Buffer) => parts.push(part));
  for (const value of values) encoder.write(value);
  encoder.end();
  await once(encoder, 'end');
  return Buffer.concat(parts);
}

/** The schema of capture files, for values whose numbers are BigInt. */
export const wideSchema = (): avro.Type =>
  avro.Type.forSchema(CAPTURE_SCHEMA as object as avro.Type, {
    registry: {
      long: avro.types.LongType.__with({
        fromBuffer: (bytes: Buffer) => bytes.readBigInt64LE(),
        toBuffer: (value: bigint) => {
          const bytes = Buffer.alloc(8);
          bytes.writeBigInt64LE(value);
          return bytes;
        },
        fromJSON: BigInt,
        toJSON: Number,
        isValid: (value: unknown) => typeof value === 'bigint',
        compare: (one: bigint, other: bigint) => Number(one - other),
      }),
    },
  });

/** An event of a hub, with properties as Azure and other producers set them. */
export function event(sequenceNumber: number, body: Buffer | string | null): object {
  return {
    SequenceNumber: sequenceNumber,
    Offset: String(sequenceNumber * 1000),
    EnqueuedTimeUtc: '7/2/2026 3:04:05 AM',
    SystemProperties: { 'x-opt-enqueued-time': { long: 1_782_961_445_000 } },
    Properties: { note: { string: 'Azure' }, share: { double: 0.5 }, raw: { bytes: Buffer.from([1, 2]) } },
    Body: body === null ? null : Buffer.from(body as string),
  };
}
