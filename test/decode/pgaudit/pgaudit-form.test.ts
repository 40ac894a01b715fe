import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isWellFormedAudit, readAudit } from '../../../src/decode/pgaudit/pgaudit.ts';

const HEAD = 'SESSION,1,1,READ,SELECT,,,';

/** A field as append_valid_csv of pgaudit writes it. */
const csv = (field: string): string => (/[,"\n\r]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field);

/** Text of pieces that mean something to CSV or to pgaudit, and of any others. */
const field = fc.string({
  unit: fc.oneof(
    fc.constantFrom(',', '"', '\n', '\n\t', '\r', '\r\n', "'", '<', ',<not logged>', ' ', '1'),
    fc.string({ unit: 'grapheme', maxLength: 3 }),
  ),
});
const isMarker = (text: string): boolean => /^<(?:none|not logged|previously logged)>$/.test(text);
const hasNoMarker = (text: string): boolean => !isMarker(text);

test('whatever pgaudit writes is read back, and is well-formed', () => {
  const count = fc.oneof(fc.integer({ min: 1, max: 99 }), fc.constant(Number.MAX_SAFE_INTEGER));
  const line = fc.record({
    auditType: fc.constantFrom('SESSION', 'OBJECT'),
    statementId: count,
    substatementId: count,
    class: fc.constantFrom('READ', 'WRITE', 'FUNCTION', 'ROLE', 'DDL', 'MISC'),
    command: fc.constantFrom('SELECT', 'CREATE TABLE AS', '???', 'UNKNOWN'),
    objectType: fc.constantFrom('', 'TABLE', 'TABLE CONSTRAINT'),
    objectName: field,
    statement: field.filter(hasNoMarker),
    values: fc.array(field, { minLength: 1, maxLength: 3 }).filter((values) => hasNoMarker(values.join(','))),
    rows: fc.option(fc.oneof(fc.nat(), fc.constant(Number.MAX_SAFE_INTEGER)), { nil: null }),
  });
  fc.assert(
    fc.property(line, ({ values, rows, ...given }) => {
      fc.pre(!/password|passwd|pwd|key|token|secret/i.test(given.statement));
      const parameters = values.map(csv).join(',');
      const fields = [...Object.values(given).map(String), parameters].map(csv);
      const body = [...fields, ...(rows === null ? [] : [rows])].join(',');
      assert.deepEqual(readAudit(body), {
        kind: 'audit',
        ...given,
        objectType: given.objectType || null,
        objectName: given.objectName || null,
        ...{ previouslyLogged: false, parameters, rows, truncated: false },
      });
      assert.ok(isWellFormedAudit(body));
    }),
    { numRuns: 1_000 },
  );
});

test('well-formed are exactly the texts that pgaudit can write', () => {
  const plain = '[^,"\\n\\r]*';
  const quoted = '"(?:[^"]|"")*"';
  const shape = new RegExp(
    `^(?:SESSION|OBJECT),[1-9]\\d*,[1-9]\\d*,(?:READ|DDL),[A-Z]+((?:,(?:${quoted}|${plain})){4})(?:,(?:0|[1-9]\\d*))?$`,
  );
  const piece = fc.constantFrom(
    ...[
      '"',
      '""',
      ',',
      '\n',
      'a',
      '1',
      '0',
      '<none>',
      ',"',
      '",',
      '"a,b"',
      '"ab"',
      'SESSION,1,1,READ,SELECT,,,',
    ],
  );
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  const fewFields = fc.array(piece, { minLength: 2, maxLength: 3 }).map((pieces) => pieces.join(','));
  const tail = fc.oneof(text, fewFields);
  const start = fc.constantFrom(
    HEAD,
    'OBJECT,12,3,DDL,X,,',
    'SESSION,01,1,READ,SELECT,,,',
    'SESSION,1,0,DDL,X,,,',
  );
  let wellFormed = 0;
  fc.assert(
    fc.property(start, tail, (head, rest) => {
      const body = head + rest;
      // Greedy and lazy readings are the same: a field in quotes ends at a quote that no quote follows.
      const fields = shape.exec(body)?.[1]?.match(new RegExp(`,(?:${quoted}|${plain})`, 'g')) ?? null;
      const expected =
        fields?.every((text) => text[1] !== '"' || /[,"\n\r]/.test(text.slice(2, -1))) ?? false;
      assert.equal(isWellFormedAudit(body), expected, JSON.stringify(body));
      if (expected) wellFormed++;
    }),
    {
      numRuns: 5_000,
      examples: [
        [HEAD, 'select 1,<none>'],
        [HEAD, '"a,b",<none>,5'],
      ],
    },
  );
  assert.ok(wellFormed >= 50, `${wellFormed}`);
});

test('nothing that follows the mark breaks the reader, and no text appears that was not there', () => {
  const texts = fc.array(fc.oneof(field, fc.constantFrom(...HEAD.split(','), 'OBJECT', ',')), {
    maxLength: 16,
  });
  fc.assert(
    fc.property(fc.boolean(), texts, (begins, parts) => {
      const body = (begins ? HEAD : '') + parts.join(',');
      const entry = readAudit(body);
      isWellFormedAudit(body);
      for (const text of [entry?.statement, entry?.parameters, entry?.objectName])
        assert.ok(
          text == null ||
            text === '<REDACTED>' ||
            body.replaceAll('""', '"').includes(text.replaceAll('""', '"')),
        );
    }),
    { numRuns: 2_000 },
  );
});

test('a statement of a megabyte is read within two seconds, whatever it is made of', () => {
  for (const unit of ['a,', '"', '""', ',"', '",', 'select 1;\n', "password '", '<not logged>,']) {
    const text = unit.repeat(1_000_000 / unit.length);
    for (const statement of [text, `"${text}`, csv(text)]) {
      // Of the processor, not of the clock: other tests run beside this one.
      const start = process.cpuUsage();
      for (const tail of ['<not logged>', '"1,2",5', '', '5']) readAudit(`${HEAD}${statement},${tail}`);
      isWellFormedAudit(`${HEAD}${statement},<not logged>`);
      const ms = process.cpuUsage(start).user / 1_000;
      assert.ok(ms < 2_000, `${unit}: ${ms} ms`);
    }
  }
});
