import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { ElapsedLine, endedBy } from '../../src/shell/elapsed.ts';
import { pagerCommand, Screen } from '../../src/shell/screen.ts';
import { explained } from '../../src/shell/view-text.ts';
import { temporaryFolder } from './support.ts';

function terminal() {
  const output = Object.assign(new PassThrough(), { isTTY: true, columns: 20, rows: 5 });
  return { output, shown: () => String(output.read() ?? '') };
}

async function* lines(count: number): AsyncGenerator<string> {
  for (let line = 1; line <= count; line++) yield `line ${line}\n`;
}

test('what is taller than the terminal goes to the pager, whole, while the keyboard is handed over', async (t) => {
  const file = join(await temporaryFolder(t), 'read');
  const { output, shown } = terminal();
  let handed = 0;
  const screen = new Screen({
    output,
    env: { PGVIGIL_PAGER: `cat > ${file}`, PAGER: 'false' },
    handOver: async (work) => {
      handed++;
      await work();
    },
  });
  await screen.show(lines(4), true);
  assert.deepEqual([handed, shown()], [0, 'line 1\nline 2\nline 3\nline 4\n']);
  await screen.show(lines(100), true);
  assert.deepEqual([handed, shown()], [1, '']);
  assert.equal((await readFile(file, 'utf8')).split('\n').length, 101);
  await screen.show(lines(100), false);
  assert.deepEqual([handed, shown().split('\n').length], [1, 101]);
});

test('a line that is wider than the terminal counts as several', async () => {
  const { output } = terminal();
  let handed = 0;
  const screen = new Screen({
    output,
    env: { PAGER: 'cat' },
    handOver: async () => {
      handed++;
    },
  });
  const wide = async function* () {
    yield `${'x'.repeat(100)}\n`;
  };
  await screen.show(wide(), true);
  assert.equal(handed, 1);
});

test('a pager that is left early ends the reading', async () => {
  const { output } = terminal();
  const screen = new Screen({ output, env: { PAGER: 'head -n 1 > /dev/null' }, handOver: (work) => work() });
  let ended = false;
  const endless = async function* () {
    try {
      for (;;) yield `${'x'.repeat(1_000)}\n`;
    } finally {
      ended = true;
    }
  };
  await screen.show(endless(), true);
  assert.equal(ended, true);
});

test('a pager that is not there is none', () => {
  assert.equal(pagerCommand({ PAGER: 'no-such-program -x' }), null);
  assert.equal(pagerCommand({ PAGER: '' }), null);
  assert.equal(pagerCommand({ PGVIGIL_PAGER: '', PAGER: 'cat' }), null);
  assert.equal(pagerCommand({ PAGER: 'cat -u' }), 'cat -u');
});

test('a line tells of time at a terminal alone, after a second, and goes with the first piece', async () => {
  const { output, shown } = terminal();
  let now = 0;
  const elapsed = new ElapsedLine(output, () => now);
  elapsed.start();
  now = 900;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(shown(), '');
  now = 3_100;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.match(shown(), /^\r\x1b\[K3 s … Ctrl-C cancels/);
  for await (const piece of endedBy(elapsed, lines(1))) output.write(piece);
  assert.equal(shown(), '\r\x1b[Kline 1\n');

  const pipe = new PassThrough();
  const silent = new ElapsedLine(pipe, () => now);
  silent.start();
  now = 9_000;
  await new Promise((resolve) => setTimeout(resolve, 300));
  silent.end();
  assert.equal(pipe.read(), null);
});

test('explanations stand in a column of their own, and hostile ones stay on their line', () => {
  assert.equal(
    explained(
      [
        ['a', 'one two three four'],
        ['bcd', 'five\x1b[2J\nsix'],
      ],
      26,
    ),
    'a    one two three four\nbcd  five\\u001b[2J\\nsix\n',
  );
  assert.equal(explained([['a', 'one two three four five six']], 23), 'a  one two three four\n   five six\n');
  const long = 'STRUCT("name" VARCHAR)[]'.repeat(2);
  assert.equal(
    explained(
      [
        ['a', 'BIGINT', 'one'],
        ['b', long, 'two'],
      ],
      40,
    ),
    `a  BIGINT  one\nb  ${long}\n           two\n`,
  );
  assert.equal(explained([], 80), '');
});
