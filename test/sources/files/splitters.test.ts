import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { CsvSplitter, csvFields } from '../../../src/sources/files/csv-splitter.ts';
import { type Entry, LineSplitter, type Splitter } from '../../../src/sources/files/splitter.ts';
import { StderrSplitter } from '../../../src/sources/files/stderr-splitter.ts';

type Make = (start: number) => Splitter;
const MAKERS: Readonly<Record<string, Make>> = {
  csvlog: (start) => new CsvSplitter(start),
  stderr: (start) => new StderrSplitter(start),
  lines: (start) => new LineSplitter(start),
};

interface Split {
  entries: Entry[];
  rest: Entry[];
}

function split(make: Make, bytes: Buffer, cuts: readonly number[] = [], start = 0): Split {
  const splitter = make(start);
  const entries: Entry[] = [];
  const ends = [...new Set(cuts.map((cut) => cut % (bytes.length + 1))), bytes.length].sort((a, b) => a - b);
  let from = 0;
  for (const to of ends) {
    // A copy, as streams give them: a splitter may not count on what lies around a chunk.
    entries.push(...splitter.push(Buffer.from(bytes.subarray(from, to))));
    from = to;
  }
  return { entries, rest: splitter.rest().map(({ entry }) => entry) };
}

const plain = ({ entries, rest }: Split): unknown => ({
  entries: entries.map(({ bytes, end, broken }) => [bytes.toString('latin1'), end, broken]),
  rest: rest.map(({ bytes, end, broken }) => [bytes.toString('latin1'), end, broken]),
});

const TIME = '2026-11-28 07:00:49.042 UTC';

/** Pieces of which logs are made, whole and broken. */
const csvPiece = fc.constantFrom(
  `${TIME},"u","d",1,"127.0.0.1:1",6b0a7c21.8e5,1,"SELECT",${TIME},3/1,0,LOG,00000,"a ""b"",\nc",,,,,,,,,"psql","client backend",,0\n`,
  `${TIME},,,1,,6b0a7c21.8e5,1,,${TIME},,0,LOG,00000,"x",,,,,,,,,"","postmaster",,0\r\n`,
  `${TIME},"half of a row`,
  ...[`${TIME},1,2\n`, '"', '""', ',', '\n', '\r\n', 'x', `${TIME},`, '\ud83d\ude00', '\0'],
);
const stderrPiece = fc.constantFrom(
  `${TIME} [1] LOG:  text\n`,
  `${TIME} [1] ERROR:  text\n\tmore\n${TIME} [1] DETAIL:  d\n\td\n${TIME} [1] STATEMENT:  select 1\n`,
  `${TIME} [2] STATEMENT:  of nobody\n`,
  ...[
    '\t',
    '\tmore\n',
    'cp: cannot stat\n',
    '\n',
    '\r\n',
    'x',
    `${TIME} [1] `,
    'LOG:  ',
    'CONTEXT:  ',
    '\0',
    'é',
  ],
);
const anyBytes = fc.oneof(
  fc.array(csvPiece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join(''))),
  fc.array(stderrPiece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join(''))),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);
const cuts = fc.array(fc.nat(2000), { maxLength: 10 });

for (const [name, make] of Object.entries(MAKERS))
  describe(`entries (${name})`, () => {
    it('are the same whatever the chunks', () =>
      fc.assert(
        fc.property(anyBytes, cuts, (bytes, at) =>
          assert.deepEqual(plain(split(make, bytes, at)), plain(split(make, bytes))),
        ),
        { numRuns: 500 },
      ));

    it('hold every byte once, but for line ends between them', () =>
      fc.assert(
        fc.property(anyBytes, (bytes) => {
          const { entries, rest } = split(make, bytes);
          let from = 0;
          for (const entry of [...entries, ...rest]) {
            const whole = bytes.subarray(from, entry.end).toString('latin1');
            const inside = entry.bytes.toString('latin1');
            assert.ok(
              ['', '\n', '\r', '\r\n'].includes(whole.slice(inside.length)) && whole.startsWith(inside),
            );
            from = entry.end;
          }
          assert.equal(from, bytes.length);
        }),
        { numRuns: 500 },
      ));

    it('are the same for a splitter that begins behind any of them', () =>
      fc.assert(
        fc.property(anyBytes, fc.nat(20), (bytes, at) => {
          const all = split(make, bytes);
          if (all.entries.length === 0) return;
          const index = at % all.entries.length;
          const { end } = all.entries[index]!;
          const later = split(make, bytes.subarray(end), [], end);
          assert.deepEqual(plain(later), plain({ ...all, entries: all.entries.slice(index + 1) }));
        }),
        { numRuns: 500 },
      ));
  });

/** A row as csvlog.c writes one: texts quoted, the rest not. */
function row(texts: { user: string; message: string; statement: string; application: string }): string {
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  const { user, message, statement, application } = texts;
  return `${TIME},${quoted(user)},"d",17,"[local]",6b0a7c21.8e5,4,"SELECT",${TIME},3/1,0,ERROR,42501,${quoted(message)},,,,,,${quoted(statement)},15,,${quoted(application)},"client backend",,0\n`;
}

const hostile = fc.string({
  unit: fc.constantFrom('"', ',', '\n', '\r', 'a', `\n${TIME},`, 'LOG,00000,', '","', '\n"', '☃'),
  maxLength: 12,
});

describe('a csvlog', () => {
  it('has one entry a row and its fields as they were, whatever clients put into them', () =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ user: hostile, message: hostile, statement: hostile, application: hostile }), {
          maxLength: 4,
        }),
        cuts,
        (texts, at) => {
          const { entries, rest } = split(MAKERS.csvlog!, Buffer.from(texts.map(row).join('')), at);
          assert.deepEqual(rest, []);
          assert.deepEqual(
            entries.map(({ bytes, broken }) => {
              const fields = csvFields(bytes);
              assert.equal(broken, null);
              assert.equal(fields.length, 26);
              return [fields[1] ?? '', fields[13] ?? '', fields[19] ?? '', fields[22] ?? ''];
            }),
            texts.map(({ user, message, statement, application }) => [user, message, statement, application]),
          );
        },
      ),
      { numRuns: 500 },
    ));

  it('of a server that died in the middle of a row goes on with the next that is whole; none is made up', () =>
    fc.assert(
      fc.property(
        fc.record({ user: hostile, message: hostile, statement: hostile, application: hostile }),
        fc.nat(2000),
        (texts, at) => {
          const whole = row(texts);
          const half = Buffer.from(whole).subarray(0, at % Buffer.byteLength(whole));
          const good = row({ user: 'bob', message: 'one', statement: 'two', application: 'psql' });
          const bytes = Buffer.concat([half, Buffer.from(good + good + good)]);
          const sound = split(MAKERS.csvlog!, bytes).entries.filter(
            ({ bytes, broken }) => broken === null && bytes.length > 0,
          );
          const users = sound.map((entry) => csvFields(entry.bytes)[1] ?? '');
          // The row at which the half one ends is lost with it, to the rejects.
          assert.ok(users.length >= 2, JSON.stringify(users));
          assert.ok(users.slice(-2).every((user) => user === 'bob'));
          for (const user of users.slice(0, -3)) assert.equal(user, texts.user);
        },
      ),
      { numRuns: 500 },
    ));
});

it('a row of a csvlog begins with its whole time, or it is none', () => {
  const good = row({ user: 'bob', message: 'one', statement: 'two', application: 'psql' });
  // What is left of a row may have no comma: the glued row has as many columns as one should.
  for (const half of ['2026-11-28 07:00:49.042 UT', '2026', ' ', 'x']) {
    const { entries } = split(MAKERS.csvlog!, Buffer.from(half + good + good));
    assert.deepEqual(
      entries.map(({ broken }) => broken === null),
      [false, true],
      half,
    );
  }
});

describe('a stderr log', () => {
  it('keeps a section with the entry that has its prefix, also where seconds and lines count on', () => {
    const lines = [
      '2026-11-28 07:00:49 UTC [17]: [4-1] user=u ERROR:  division by zero',
      '2026-11-28 07:00:50 UTC [17]: [5-1] user=u CONTEXT:  somewhere',
      '2026-11-28 07:00:50 UTC [17]: [6-1] user=u STATEMENT:  select 1/0',
      '2026-11-28 07:00:50 UTC [18]: [9-1] user=v STATEMENT:  of another session',
    ];
    const { entries, rest } = split(MAKERS.stderr!, Buffer.from(`${lines.join('\n')}\n`));
    assert.deepEqual(
      entries.map(({ bytes }) => bytes.toString()),
      [lines.slice(0, 3).join('\n')],
    );
    assert.match(rest[0]?.broken ?? '', /no level/);
  });

  it('takes a section of another moment for another entry where the prefix tells milliseconds', () => {
    const text = `2026-11-28 07:00:49.000 UTC [17] ERROR:  one\n2026-11-28 07:00:49.001 UTC [17] DETAIL:  two\n`;
    assert.equal(split(MAKERS.stderr!, Buffer.from(text)).entries.length, 1);
  });
});
