/** The events of a capture file (Azure Event Hubs: Explore captured Avro files). */
import avro from 'avsc';
import { AvroDamage, AvroFile } from './avro-file.ts';

export interface CaptureEvent {
  sequenceNumber: number;
  body: Uint8Array;
}

/** What is read of an event; its properties are passed over, as numbers in them may be larger than JavaScript has. */
const EVENT = avro.Type.forSchema({
  type: 'record',
  name: 'EventData',
  namespace: 'Microsoft.ServiceBus.Messaging',
  fields: [
    { name: 'SequenceNumber', type: 'long' },
    { name: 'Body', type: ['null', 'bytes'] },
  ],
});

/**
 * Events in the order of the file. An event without a body has an empty one.
 *
 * @param chunks the file, in pieces of any size
 * @throws AvroDamage after the last event that could be read
 */
export async function* captureEvents(chunks: AsyncIterable<Buffer>): AsyncGenerator<CaptureEvent> {
  const file = await AvroFile.open(chunks);
  const decode = decoderOf(file.header.schema);
  for await (const { count, data } of file.blocks()) {
    let at = 0;
    for (let index = 0; index < count; index++) {
      const { event, end } = decode(data, at);
      at = end;
      yield event;
    }
    if (at !== data.length) throw new AvroDamage('a block holds more than its events');
  }
}

type Decode = (data: Buffer, at: number) => { event: CaptureEvent; end: number };

/** Of the last schema: all files of a hub have the same, and making it takes as long as reading a small file. */
let known: { schema: string; decode: Decode } | undefined;

function decoderOf(schema: string): Decode {
  if (known?.schema !== schema) known = { schema, decode: createDecoder(schema) };
  return known.decode;
}

/** @throws AvroDamage when it is not the schema of a capture file */
function createDecoder(schema: string): Decode {
  let resolver: ReturnType<typeof EVENT.createResolver>;
  try {
    const written = avro.Type.forSchema(JSON.parse(schema) as avro.Type, { wrapUnions: 'always' });
    resolver = EVENT.createResolver(written, { ignoreNamespaces: true });
  } catch {
    throw new AvroDamage('its schema is not that of Event Hubs Capture');
  }
  return (data, at) => {
    try {
      const { value, offset } = EVENT.decode(data, at, resolver) as {
        value: { SequenceNumber: number; Body: Uint8Array | null };
        offset: number;
      };
      if (offset < 0) throw new Error('cut');
      return {
        event: { sequenceNumber: value.SequenceNumber, body: value.Body ?? new Uint8Array() },
        end: offset,
      };
    } catch {
      throw new AvroDamage('an event cannot be read');
    }
  };
}
