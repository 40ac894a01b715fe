import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PgvigilError } from '../../../src/errors.ts';
import { fileHistory } from '../../../src/sources/files/history.ts';
import { LogClock } from '../../../src/sources/files/log-time.ts';
import { historyOf, Shelf, TestFolder } from './shelf.ts';

const folder = new TestFolder();
const read = (text: string, zone: string | null = null): string | null => {
  const time = new LogClock(zone).read(text);
  return time === null ? null : new Date(time).toISOString();
};

describe('a time in a log', () => {
  const cases: [text: string, zone: string | null, expected: string | null][] = [
    ['2026-07-02 03:00:06.467 UTC', null, '2026-07-02T03:00:06.467Z'],
    ['2026-07-02 03:00:06 GMT', null, '2026-07-02T03:00:06.000Z'],
    ['2026-07-02 03:00:06.467 +03', null, '2026-07-02T00:00:06.467Z'],
    ['2026-07-02 03:00:06.467 -0330', null, '2026-07-02T06:30:06.467Z'],
    ['2026-07-02 03:00:06.467 CEST', null, '2026-07-02T01:00:06.467Z'],
    ['2026-12-02 03:00:06.467 EST', null, '2026-12-02T08:00:06.467Z'],
    ['1795423894.941', null, '2026-11-23T08:51:34.941Z'],
    // China, Cuba, North America; India, Ireland, Israel.
    ['2026-07-02 03:00:06.467 CST', null, null],
    ['2026-07-02 03:00:06.467 IST', null, null],
    ['2026-07-02 03:00:06.467 CST', 'Asia/Shanghai', '2026-07-01T19:00:06.467Z'],
    ['2026-12-02 03:00:06.467 CST', 'America/Chicago', '2026-12-02T09:00:06.467Z'],
    ['2026-07-02 03:00:06.467 IST', 'Asia/Kolkata', '2026-07-01T21:30:06.467Z'],
    // The hour that clocks show twice.
    ['2026-11-01 01:30:00.000 CDT', 'America/Chicago', '2026-11-01T06:30:00.000Z'],
    ['2026-11-01 01:30:00.000 CST', 'America/Chicago', '2026-11-01T07:30:00.000Z'],
    ['2026-10-25 02:30:00.000 CEST', 'Europe/Berlin', '2026-10-25T00:30:00.000Z'],
    ['2026-10-25 02:30:00.000 CET', 'Europe/Berlin', '2026-10-25T01:30:00.000Z'],
    // Of another zone than the one given, or of none.
    ['2026-07-02 03:00:06.467 EST', 'Europe/Berlin', null],
    ['2026-07-02 03:00:06.467 CET', 'Europe/Berlin', null],
    ['2026-07-02 03:00:06.467 XYZ', null, null],
    ['2026-02-30 03:00:06.467 CET', null, null],
    ['now', null, null],
  ];
  for (const [text, zone, expected] of cases)
    it(`${text} ${zone === null ? '' : `in ${zone} `}is ${expected ?? 'refused'}`, () =>
      assert.equal(read(text, zone), expected));

  it('is the same whatever was read before', () => {
    const clock = new LogClock('America/Chicago');
    const texts = cases.filter(([, zone]) => zone === 'America/Chicago').map(([text]) => text);
    for (const text of [...texts, ...texts.toReversed()])
      assert.equal(clock.read(text), new LogClock('America/Chicago').read(text));
  });
});

describe('a log whose zone is not certain', () => {
  const line = '2026-12-02 03:00:06.467 CST [17] LOG:  one\n';

  it('is refused before anything of it is stored, and read once the zone is given', async () => {
    const path = await folder.fileOf(line + line);
    const shelf = new Shelf();
    await assert.rejects(
      shelf.take(historyOf(path)),
      (error) =>
        error instanceof PgvigilError && error.code === 'FILE_UNREADABLE' && /CST/.test(error.message),
    );
    assert.equal(shelf.positions.size, 0);
    const [first] = await shelf.take(historyOf(path, { timezone: 'America/Chicago' }));
    assert.equal(JSON.parse(first!).time, '2026-12-02T09:00:06.467Z');
  });

  it('is given by a name that exists', () => {
    assert.throws(() => fileHistory(['x'], { timezone: 'Mars/Base' }), { code: 'USAGE' });
  });
});
