import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Document, Documents } from '../../../src/sources/blobs/documents.ts';
import type { Layout } from '../../../src/sources/blobs/mark.ts';

interface Cut {
  bodies: string[];
  documents: Document[];
  unfinished: number;
}

/** Cuts a text that comes in chunks of some size, from a place on. */
function cut(content: string | Buffer, chunk = 1 << 20, at = 0, layout: Layout | null = null): Cut {
  const bytes = Buffer.from(content as string).subarray(at);
  const cutter = new Documents(at, layout);
  const documents: Document[] = [];
  for (let from = 0; from < bytes.length; from += chunk)
    documents.push(...cutter.push(bytes.subarray(from, from + chunk)));
  documents.push(...cutter.end());
  const bodies = documents.filter(({ body }) => body.length > 0).map(({ body }) => body.toString());
  return { bodies, documents, unfinished: cutter.unfinished.bytes };
}

const records = [{ a: 1 }, { b: 'x]},{"\\', c: { d: [1, [2]] } }, { 'records"': '☃ } ]' }, {}];
const json = records.map((record) => JSON.stringify(record));
const long = Array.from({ length: 30_000 }, (_, number) => ({ number, text: 'a "quoted", }{][ text' }));

describe('an envelope as archives had it before November 2018', () => {
  const shapes: [string, string, string[]][] = [
    ['pretty printed', JSON.stringify({ records }, null, 2), json],
    ['with carriage returns', JSON.stringify({ records }, null, 2).replaceAll('\n', '\r\n'), json],
    ['after a byte order mark', `\ufeff${JSON.stringify({ records }, null, '\t')}\n`, json],
    ['with a record a line', `{"records":[\n${json.join(',\n')}\n]}\n`, json],
    [
      'on one line of more than 1 MiB',
      JSON.stringify({ records: long }),
      long.map((one) => JSON.stringify(one)),
    ],
    ['without records', '{"records": [\n]\n}\n', []],
    [
      'with lines behind it',
      `${JSON.stringify({ records }, null, 1)}\n{"last":1}\n`,
      [...json, '{"last":1}'],
    ],
    [
      'with what is no record',
      '{"records": [\n1, "two", null,[3],\n{"a":4}\n]}',
      ['1', '"two"', 'null', '[3]', '{"a":4}'],
    ],
    ['with a number at its end', '{"records": [\n{"a":4}, 5 \n]}', ['{"a":4}', '5']],
  ];
  for (const [what, content, wanted] of shapes) {
    it(`is cut into its records, ${what}`, () => {
      const chunks = content.length > 1e5 ? [1 << 20, 70_001] : [1 << 20, 1, 2, 3, 7];
      for (const chunk of chunks) {
        const { bodies, unfinished } = cut(content, chunk);
        const compact = bodies.map((body) =>
          body.startsWith('{') ? JSON.stringify(JSON.parse(body)) : body,
        );
        assert.deepEqual(compact, wanted, `chunks of ${chunk} bytes`);
        assert.equal(unfinished, 0);
      }
    });
  }

  it('is one document where it is short and on one line: the decoder opens it', () => {
    const line = JSON.stringify({ records });
    assert.deepEqual(cut(line).bodies, [line]);
    assert.deepEqual(cut(`${line}\n${line}\n`).bodies, [line, line]);
  });

  it('that is not whole keeps the record it ends in', () => {
    const content = JSON.stringify({ records }, null, 2);
    const { bodies, unfinished } = cut(content.slice(0, content.indexOf('"x]}')));
    assert.equal(bodies.length, 1);
    assert.ok(unfinished > 0);
    const half = JSON.stringify({ records }).slice(0, -5);
    assert.deepEqual(cut(half), { bodies: [], documents: [], unfinished: Buffer.byteLength(half) });
  });

  it('whose record is cut by the end of a line goes on with lines: nothing is lost', () => {
    const broken = `{"records":[\n{"a":1},\n{"b":"cut here\n${json.join('\n')}\n`;
    const { bodies, unfinished } = cut(broken);
    assert.deepEqual(bodies, ['{"a":1}', '{"b":"cut here', ...json]);
    assert.equal(unfinished, 0);
  });
});

describe('documents', () => {
  const line = fc.oneof(
    fc.json().filter((text) => !text.includes('\n')),
    fc.constantFrom('', ' ', '{"records":[', '{"records":[{"a":"', '{"a":1}', '\ufeff{"records"', ']}', '☃'),
  );
  const content = fc.oneof(
    fc
      .tuple(fc.array(line, { maxLength: 8 }), fc.constantFrom('\n', '\r\n'))
      .map(([all, end]) => all.join(end)),
    fc
      .tuple(fc.array(fc.jsonValue(), { maxLength: 6 }), fc.integer({ min: 0, max: 3 }))
      .map(([values, indent]) => JSON.stringify({ records: values }, null, indent)),
    fc
      .string({ unit: fc.constantFrom('{', '}', '[', ']', '"', ',', '\\', '\n', ' ', 'a'), maxLength: 40 })
      .map((rest) => `{"records":[\n${rest}`),
  );

  it('hold every byte of the text, in order, in chunks of any size', () => {
    fc.assert(
      fc.property(content, fc.integer({ min: 3, max: 50 }), (text, chunk) => {
        const bytes = Buffer.from(text);
        const { documents } = cut(text, chunk);
        let at = 0;
        for (const { start, raw, body } of documents) {
          assert.equal(start, at);
          assert.deepEqual(raw, bytes.subarray(at, at + raw.length));
          assert.ok(raw.includes(body));
          at += raw.length;
        }
        const rest = bytes.subarray(at).toString('latin1').trim();
        const whole = cut(text, 1 << 20);
        assert.equal(rest.length > 0, whole.unfinished > 0);
        assert.deepEqual(cut(text, chunk).unfinished, whole.unfinished);
      }),
      { numRuns: 2000 },
    );
  });

  it('are the same when reading goes on behind any of them', () => {
    fc.assert(
      fc.property(content, fc.integer({ min: 3, max: 50 }), (text, chunk) => {
        const { documents, bodies } = cut(text, 1 << 20);
        let seen = 0;
        for (const { start, raw, body, layout } of documents) {
          if (body.length === 0) continue;
          seen++;
          assert.deepEqual(cut(text, chunk, start + raw.length, layout).bodies, bodies.slice(seen));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('are those of their lines', () => {
    fc.assert(
      fc.property(fc.array(fc.json(), { maxLength: 8 }), fc.constantFrom('\n', '\r\n'), (all, end) => {
        const lines = all.filter((text) => !text.includes('\n'));
        assert.deepEqual(cut(lines.map((one) => one + end).join('')).bodies, lines);
      }),
    );
  });
});
