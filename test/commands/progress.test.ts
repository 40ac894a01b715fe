import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressLine } from '../../src/commands/progress.ts';

/** Takes what is written; a terminal or a pipe. */
class Output {
  readonly isTTY: boolean;
  text = '';

  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }

  write(text: string): boolean {
    this.text += text;
    return true;
  }
}

/** A line on such an output, with a clock that the test turns. */
function progress(isTTY: boolean) {
  const out = new Output(isTTY);
  const clock = { now: 1_000_000 };
  const line = new ProgressLine(out as unknown as NodeJS.WriteStream, () => clock.now);
  return { out, clock, line };
}

const bytes = (records: number, done: number, total: number | null = 10_000_000) => ({
  records,
  done,
  total,
  unit: 'bytes' as const,
});

test('the line tells records, megabytes, rate and time left', () => {
  const { clock, line } = progress(true);
  clock.now += 2_000;
  assert.equal(
    line.line(bytes(12_000, 2_500_000)),
    '12,000 records  2.5 MB of 10.0 MB  6,000 records/s  6 s left',
  );
  assert.equal(line.line(bytes(48_000, 10_000_000)), '48,000 records  10.0 MB of 10.0 MB  24,000 records/s');
});

test('before the first byte, and for empty files, there is no time left to tell', () => {
  const { line } = progress(true);
  assert.equal(line.line(bytes(0, 0)), '0 records  0.0 MB of 10.0 MB  0 records/s');
  assert.equal(line.line(bytes(0, 0, 0)), '0 records  0.0 MB of 0.0 MB  0 records/s');
});

test('a source that has no size yet tells what it has read; one that goes by time, hours', () => {
  const { clock, line } = progress(true);
  clock.now += 10_000;
  assert.equal(line.line(bytes(12_000, 2_500_000, null)), '12,000 records  2.5 MB  1,200 records/s');
  assert.equal(
    line.line({ records: 12_000, done: 3_600_000, total: 360_000_000, unit: 'milliseconds' }),
    '12,000 records  1.0 h of 100.0 h  1,200 records/s  17 m left',
  );
});

test('a terminal is drawn on five times a second at most, over the line before', () => {
  const { out, clock, line } = progress(true);
  for (let step = 0; step < 10; step++) {
    line.update(bytes(step, step));
    clock.now += 50;
  }
  const drawn = out.text.split('\r\x1b[K').slice(1);
  assert.deepEqual(
    drawn.map((text) => text.slice(0, 9)),
    ['0 records', '4 records', '8 records'],
  );
  out.text = '';
  line.end();
  assert.equal(out.text, '\r\x1b[K');
});

test('nothing is written to a pipe', () => {
  const { out, clock, line } = progress(false);
  line.update(bytes(1, 1));
  clock.now += 1_000;
  line.update(bytes(2, 2));
  line.end();
  assert.equal(out.text, '');
});
