/** What a text does to the parser stays in the parser's thread. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { ParserHost, type ParserOptions } from '../../src/statements/parser-host.ts';
import { statementText } from '../../src/statements/statement-text.ts';
import { HOSTILE } from './hostile-texts.ts';

const { postMessage } = Worker.prototype;
/** No limit that a busy machine could meet. */
const PATIENT = 60_000;
/** A fraction of what `SLOW` takes on a fast machine, and a hundred times what an ordinary statement does. */
const IMPATIENT = 100;
/** Within every limit on size and nesting. */
const SLOW = 'SELECT 1;'.repeat(7_000);

async function host(t: TestContext, options: ParserOptions = {}) {
  const failures: string[] = [];
  const started = await ParserHost.start({ ...options, onFailure: (reason) => failures.push(reason) });
  t.after(() => started.close());
  const read = async (...texts: string[]) =>
    (await started.read(texts.map(statementText))).map(({ features }) => features);
  return { read, failures };
}

test('a text that takes too long is stopped, judged by its tokens and flagged; the others are parsed', async (t) => {
  const { read, failures } = await host(t, { timeLimitMs: IMPATIENT });
  const started = performance.now();
  const [before, hostile, after] = await read('SELECT a FROM t', SLOW, 'SELECT b FROM u');
  assert.ok(performance.now() - started < 30_000);
  assert.deepEqual([before?.parseOk, before?.relationsRead], [true, ['t']]);
  assert.deepEqual([after?.parseOk, after?.relationsRead], [true, ['u']]);
  assert.equal(hostile?.parseOk, false);
  assert.deepEqual(hostile?.kinds, ['SelectStmt']);
  assert.ok(hostile?.flags.includes('parser_failed'));
  assert.equal(failures.length, 1, failures.join());
});

test('several hostile texts in a row cost themselves only', async (t) => {
  const { read, failures } = await host(t, { timeLimitMs: IMPATIENT });
  const texts = [SLOW, 'SELECT 1', `${SLOW} `, 'SELECT 2', 'not sql', SLOW];
  assert.deepEqual(
    (await read(...texts)).map(({ parseOk }) => parseOk),
    [false, true, false, true, false, false],
  );
  assert.equal(failures.length, 3, failures.join());
  assert.equal((await read('SELECT 3'))[0]?.parseOk, true);
});

test('no hostile text ends the process, and after each of them the parser works', async (t) => {
  const { read } = await host(t, { timeLimitMs: PATIENT });
  for (const [name, text] of Object.entries(HOSTILE)) {
    const [features, next] = await read(text, 'SELECT a FROM t WHERE b = 1');
    assert.equal(features?.flags.includes('text_cut'), text.length > 65_536, name);
    assert.deepEqual([next?.parseOk, next?.relationsRead], [true, ['t']], name);
  }
});

test('answers come in the order of the texts, however many are asked for at once', async (t) => {
  const { read } = await host(t, { timeLimitMs: PATIENT });
  const many = Array.from({ length: 150 }, (_, i) => `SELECT a FROM t${i}`);
  const [all, few] = await Promise.all([read(...many), read('SELECT a FROM x', 'SELECT a FROM y')]);
  assert.deepEqual(
    all.map(({ relationsRead }) => relationsRead[0]),
    many.map((_, i) => `t${i}`),
  );
  assert.deepEqual(
    few.map(({ relationsRead }) => relationsRead),
    [['x'], ['y']],
  );
});

test('a thread that ended while it was idle is replaced', async (t) => {
  const { read, failures } = await host(t, { timeLimitMs: PATIENT });
  // The only other thread of this process.
  const threads: Worker[] = [];
  t.mock.method(Worker.prototype, 'postMessage', function (this: Worker, ...parameters: [unknown]) {
    threads.push(this);
    return postMessage.apply(this, parameters);
  });
  assert.equal((await read('SELECT 1'))[0]?.parseOk, true);
  await threads[0]!.terminate();
  assert.equal((await read('SELECT a FROM t'))[0]?.parseOk, true);
  assert.deepEqual(failures, []);
  assert.equal(new Set(threads).size, 2);
});
