import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import fc from 'fast-check';
import rhea from 'rhea';
import { Refusal } from '../../../src/demo/hub/refusal.ts';
import {
  dataSection,
  deliveryAnnotations,
  messageAnnotations,
  splitBatch,
  splitMessage,
} from '../../../src/demo/hub/sections.ts';

const dictionary = fc.dictionary(
  fc.stringMatching(/^[a-z-]{1,12}$/),
  fc.oneof(fc.string(), fc.nat(), fc.boolean()),
  {
    maxKeys: 5,
  },
);
const anyMessage = fc.record(
  {
    durable: fc.boolean(),
    message_annotations: dictionary,
    message_id: fc.string({ minLength: 1 }),
    application_properties: dictionary,
    body: fc.oneof(
      fc.string(),
      fc.uint8Array({ maxLength: 700 }).map((bytes) => rhea.message.data_section(Buffer.from(bytes))),
    ),
  },
  { requiredKeys: ['body'] },
);

describe('message sections', () => {
  it('a message is the sum of its parts', () => {
    fc.assert(
      fc.property(anyMessage, (message) => {
        const encoded = rhea.message.encode(message);
        const { header, annotations, bare } = splitMessage(encoded);
        assert.deepEqual({ ...annotations }, { ...message.message_annotations });
        const delivery = deliveryAnnotations({ extra: 'd' });
        const joined = rhea.message.decode(
          Buffer.concat([header, delivery, messageAnnotations({ own: 1 }), bare]),
        );
        const original = rhea.message.decode(encoded);
        assert.deepEqual({ ...joined.message_annotations }, { own: 1 });
        assert.deepEqual({ ...joined.delivery_annotations }, { extra: 'd' });
        for (const field of ['durable', 'message_id', 'application_properties', 'body'])
          assert.deepEqual(joined[field], original[field]);
      }),
    );
  });

  it('a batch gives back the messages that went in', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 600 }), { minLength: 1, maxLength: 5 }), (bodies) => {
        const messages = bodies.map((body) => dataSection(body));
        const envelope = rhea.message.encode({
          message_annotations: { key: 'k' },
          body: rhea.message.data_sections(messages),
        });
        const split = splitBatch(envelope);
        assert.deepEqual({ ...split.annotations }, { key: 'k' });
        assert.deepEqual(
          split.messages.map((message) => [...message]),
          messages.map((message) => [...message]),
        );
      }),
    );
  });

  it('a message that is cut short or no message is refused', () => {
    for (const hex of [
      '00',
      '005375',
      '005375a0',
      '005375a00501',
      '005375b000000005ff',
      '005372c1',
      '537540',
      '00a301784040',
      '00537500',
    ])
      assert.throws(() => splitBatch(Buffer.from(hex, 'hex')), Refusal, hex);
    for (const hex of ['005370c00301', '00537241', '0053725005', '0053'])
      assert.throws(() => splitMessage(Buffer.from(hex, 'hex')), Refusal, hex);
    assert.throws(() => splitBatch(Buffer.from('0053755001', 'hex')), /binary/);
  });

  it('bytes that are no message are refused, never anything worse', () => {
    // rhea warns on the console of sections that it does not know.
    const warn = mock.method(console, 'warn', () => {});
    const split = (bytes: Buffer) => {
      for (const parse of [splitMessage, splitBatch]) {
        try {
          parse(bytes);
        } catch (error) {
          assert.ok(error instanceof Refusal, String(error));
        }
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => split(Buffer.from(bytes))));
    fc.assert(
      fc.property(
        anyMessage,
        fc.nat(),
        fc.nat(),
        fc.integer({ min: 0, max: 255 }),
        (message, cut, at, value) => {
          const encoded = rhea.message.encode(message);
          split(encoded.subarray(0, cut % encoded.length));
          encoded[at % encoded.length] = value;
          split(encoded);
        },
      ),
      { numRuns: 500 },
    );
    warn.mock.restore();
  });
});
