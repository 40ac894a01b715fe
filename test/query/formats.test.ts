import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Format, formatRows, writeText } from '../../src/query/formats.ts';
import type { Rows } from '../../src/query/result.ts';
import type { Cell } from '../../src/query/values.ts';
import { HOSTILE } from './sample-store.ts';

function resultOf(columns: [name: string, type: string][], rows: Cell[][]): Rows {
  return {
    columns: columns.map(([name, type]) => ({ name, type })),
    rows: (async function* () {
      yield* rows;
    })(),
  };
}

async function textOf(result: Rows, format: Format, terminalWidth: number | null = null): Promise<string> {
  let text = '';
  for await (const piece of formatRows(result, format, { terminalWidth })) text += piece;
  return text;
}

const sample = () =>
  resultOf(
    [
      ['user_name', 'VARCHAR'],
      ['row_count', 'BIGINT'],
      ['kinds', 'VARCHAR[]'],
    ],
    [
      ['alice', 300, ['SelectStmt']],
      [null, 12345, []],
      ['say "hi", ', -1, null],
    ],
  );

test('table: numbers to the right, null empty, lists as JSON', async () => {
  assert.equal(
    await textOf(sample(), 'table'),
    [
      'user_name   row_count  kinds',
      '----------  ---------  --------------',
      'alice             300  ["SelectStmt"]',
      '                12345  []',
      'say "hi",          -1',
      '(3 rows)',
      '',
    ].join('\n'),
  );
});

test('json: one array, a row a line, that parses', async () => {
  const text = await textOf(sample(), 'json');
  assert.equal(
    text,
    '[\n{"user_name":"alice","row_count":300,"kinds":["SelectStmt"]},\n' +
      '{"user_name":null,"row_count":12345,"kinds":[]},\n' +
      '{"user_name":"say \\"hi\\", ","row_count":-1,"kinds":null}\n]\n',
  );
  assert.equal(JSON.parse(text).length, 3);
});

test('ndjson: an object a line', async () => {
  assert.equal(
    await textOf(sample(), 'ndjson'),
    '{"user_name":"alice","row_count":300,"kinds":["SelectStmt"]}\n' +
      '{"user_name":null,"row_count":12345,"kinds":[]}\n' +
      '{"user_name":"say \\"hi\\", ","row_count":-1,"kinds":null}\n',
  );
});

test('csv: RFC 4180; null is empty, the empty text is quoted', async () => {
  const result = resultOf(
    [
      ['a', 'VARCHAR'],
      ['b', 'VARCHAR[]'],
    ],
    [
      ['say "hi", ', ['x', 'y']],
      [null, null],
      ['', []],
      ['two\nlines', null],
      ['=1+1', null],
    ],
  );
  assert.equal(
    await textOf(result, 'csv'),
    'a,b\r\n"say ""hi"", ","[""x"",""y""]"\r\n,\r\n"",[]\r\n"two\nlines",\r\n=1+1,\r\n',
  );
});

test('an empty result is valid in every format', async () => {
  const empty = () => resultOf([['a', 'BIGINT']], []);
  assert.equal(await textOf(empty(), 'table'), 'a\n-\n(0 rows)\n');
  assert.equal(await textOf(empty(), 'json'), '[]\n');
  assert.equal(await textOf(empty(), 'ndjson'), '');
  assert.equal(await textOf(empty(), 'csv'), 'a\r\n');
});

test('columns of the same name both arrive in JSON', async () => {
  const result = resultOf(
    [
      ['n', 'BIGINT'],
      ['n', 'BIGINT'],
      ['n_2', 'BIGINT'],
    ],
    [[1, 2, 3]],
  );
  assert.equal(await textOf(result, 'ndjson'), '{"n":1,"n_2":2,"n_2_2":3}\n');
});

/** What moves a cursor, colours, turns writing round or breaks lines; the formats' own line ends apart. */
const DANGEROUS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

test('hostile text drives no terminal, in names of columns either', async () => {
  for (const format of ['table', 'json', 'ndjson', 'csv'] as const) {
    for (const width of [80, 20]) {
      const result = resultOf(
        [
          [HOSTILE, 'VARCHAR'],
          ['b', 'VARCHAR[]'],
        ],
        [[HOSTILE, [HOSTILE]]],
      );
      const text = await textOf(result, format, width);
      assert.doesNotMatch(text.replaceAll(/\r?\n/g, ''), DANGEROUS, format);
    }
  }
});

test('hostile text makes no further line in a table or in ndjson', async () => {
  const result = () => resultOf([['a', 'VARCHAR']], [[HOSTILE], [HOSTILE]]);
  assert.equal((await textOf(result(), 'table', 80)).split('\n').length, 6);
  assert.equal((await textOf(result(), 'ndjson')).split('\n').length, 3);
});

test('json, ndjson and csv lose nothing, whatever the text', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
      const result = () => resultOf([['a', 'VARCHAR']], [[text]]);
      assert.deepEqual(JSON.parse(await textOf(result(), 'json')), [{ a: text }]);
      assert.deepEqual(JSON.parse(await textOf(result(), 'ndjson')), { a: text });
      const csv = (await textOf(result(), 'csv')).slice('a\r\n'.length, -'\r\n'.length);
      const read = csv.startsWith('"') ? csv.slice(1, -1).replaceAll('""', '"') : csv;
      assert.equal(read, text);
    }),
    { numRuns: 300 },
  );
});

test('a table fits the terminal: wide columns are cut, with a mark', async () => {
  const result = resultOf(
    [
      ['server', 'VARCHAR'],
      ['sql_text', 'VARCHAR'],
    ],
    [['pg1', `SELECT ${'x, '.repeat(100)}`]],
  );
  assert.equal(
    await textOf(result, 'table', 40),
    [
      'server  sql_text',
      '------  --------------------------------',
      'pg1     SELECT x, x, x, x, x, x, x, x, …',
      '(1 row)',
      '',
    ].join('\n'),
  );
});

test('a time or a number is never cut: rather records stand one below the other', async () => {
  const columns: [string, string][] = [
    ['event_time', 'TIMESTAMP'],
    ['user_name', 'VARCHAR'],
    ['row_count', 'BIGINT'],
  ];
  const row = ['2026-01-01T10:00:00.000Z', 'a_service_of_the_shop', 1234567890123];
  const shown = (width: number) => textOf(resultOf(columns, [row]), 'table', width);
  assert.match(await shown(55), /^2026-01-01T10:00:00\.000Z {2}a_service_of_… {2}1234567890123$/m);
  assert.match(await shown(40), /^-- record 1\nevent_time {2}2026-01-01T10:00:00\.000Z\n/);
});

test('a table can show its records one below the other, also where it would fit', async () => {
  let text = '';
  for await (const piece of formatRows(sample(), 'table', { terminalWidth: 80, expanded: true }))
    text += piece;
  assert.match(
    text,
    /^-- record 1\nuser_name {2}alice\nrow_count {2}300\nkinds {6}\["SelectStmt"\]\n-- record 2\n/,
  );
});

test('a table with more columns than the terminal has room for shows records one below the other', async () => {
  const columns = Array.from({ length: 20 }, (_, index): [string, string] => [`column_${index}`, 'VARCHAR']);
  const row = columns.map((_, index) => (index === 3 ? null : `value of ${index}`));
  const text = await textOf(resultOf(columns, [row, row]), 'table', 80);
  const lines = text.split('\n');
  assert.equal(lines[0], '-- record 1');
  assert.equal(lines[1], 'column_0   value of 0');
  assert.ok(!text.includes('column_3'));
  assert.equal(lines[20], '-- record 2');
});

test('characters of two columns keep the table aligned', async () => {
  const result = resultOf(
    [
      ['a', 'VARCHAR'],
      ['b', 'VARCHAR'],
    ],
    [
      ['表', 'x'],
      ['e\u0301', 'y'],
      ['ab', 'z'],
    ],
  );
  assert.equal(await textOf(result, 'table'), 'a   b\n--  -\n表  x\ne\u0301   y\nab  z\n(3 rows)\n');
});

/** Counts what was asked of it. */
function endlessRows(): { result: Rows; taken: () => number; closed: () => boolean } {
  let taken = 0;
  let closed = false;
  const rows = (async function* () {
    try {
      for (;;) {
        taken++;
        yield ['x'.repeat(1000)] as Cell[];
      }
    } finally {
      closed = true;
    }
  })();
  return {
    result: { columns: [{ name: 'a', type: 'VARCHAR' }], rows },
    taken: () => taken,
    closed: () => closed,
  };
}

for (const format of ['table', 'json', 'ndjson', 'csv'] as const) {
  test(`${format}: an output that does not take more stops the reading, one that closes ends it`, async () => {
    const { result, taken, closed } = endlessRows();
    const output = new PassThrough({ highWaterMark: 16 * 1024 });
    const writing = writeText(formatRows(result, format, { terminalWidth: null }), output);
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = taken();
    assert.ok(before < 400, `${before} rows were read ahead`);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.equal(taken(), before);
    output.destroy();
    await writing;
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(closed(), true);
  });
}

test('an output that fails for another reason than being closed is an error', async () => {
  const output = new Writable({ write: (_chunk, _encoding, done) => done(new Error('disk full')) });
  await assert.rejects(writeText(formatRows(sample(), 'csv', { terminalWidth: null }), output), /disk full/);
});

test('an error between rows reaches the caller', async () => {
  const rows = (async function* (): AsyncGenerator<Cell[]> {
    yield [1];
    throw new Error('broken row');
  })();
  const result = { columns: [{ name: 'a', type: 'BIGINT' }], rows };
  await assert.rejects(
    writeText(formatRows(result, 'ndjson', { terminalWidth: null }), new PassThrough().resume()),
    /broken row/,
  );
});
