/** `pgvigil baselines`: what is known can be seen, taken away as lines of JSON, and forgotten, but never by mistake. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Learner } from '../../src/baselines/learner.ts';
import { Store } from '../../src/store/store.ts';
import { DAY, FIRST_DAY, FOREVER, HOUR, SETTINGS, sessionAt } from '../baselines/support.ts';
import { audited, signIn, write } from '../detect/support.ts';
import { pgvigil, workFolder } from './pgvigil.ts';

let cwd: string;
let remove: () => Promise<void>;

before(async () => {
  ({ path: cwd, remove } = await workFolder());
  const store = await Store.open(join(cwd, 'data'));
  for (const [n, server] of ['pg-1', 'pg-2'].entries())
    for (const [m, user] of ['anna', 'tom\u001b[31m'].entries()) {
      const who = { server, session: sessionAt(FIRST_DAY, 10 * n + m), user, client: '10.1.2.3' };
      await write(store, [
        ...signIn(FIRST_DAY + HOUR, who),
        audited(FIRST_DAY + 2 * HOUR, who, 'SELECT * FROM hr.salaries', { rows: 7 }),
      ]);
    }
  await (await Learner.open(store, SETTINGS, FOREVER)).learn(FIRST_DAY + 2 * DAY);
  await store.close();
});
after(() => remove());

const baselines = (...args: string[]) => pgvigil(cwd, ['baselines', ...args, '-d', 'data']);

test('list, export and reset belong together', async () => {
  const list = await baselines('list', '-f', 'csv', '--server', 'pg-2');
  assert.equal(list.exitCode, 0, list.stderr);
  assert.match(list.stdout, /^pg-2,user_client,anna,1,2026-03-02,2026-03-02,1,"learning, 12 days left"$/m);
  assert.doesNotMatch(list.stdout, /pg-1/);

  const lines = async () => {
    const { exitCode, stdout, stderr } = await baselines('export');
    assert.equal(exitCode, 0, stderr);
    assert.ok(!stdout.includes('\u001b'), 'a name drives the terminal');
    return stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  };
  const all = await lines();
  assert.ok(
    all.some(
      ({ kind, server, dimension, value }) =>
        [kind, server, dimension, value].join() === 'value,pg-1,user_relation,hr.salaries',
    ),
  );
  assert.ok(
    all.some(({ kind, metric, amount }) => kind === 'volume' && metric === 'rows_read' && amount === 7),
  );

  const asked = await baselines('reset', '--server', 'pg-1', '--entity', 'anna');
  assert.equal(asked.exitCode, 2);
  assert.match(asked.stderr, /would be forgotten; nothing was changed.*\n.*--yes/);
  assert.deepEqual(await lines(), all);

  const done = await baselines('reset', '--server', 'pg-1', '--entity', 'anna', '--yes');
  assert.equal(done.exitCode, 0, done.stderr);
  const ofAnna = ({ server, entity, dimension, value }: Record<string, unknown>) =>
    server === 'pg-1' && (entity === 'anna' || (dimension === 'user' && value === 'anna'));
  assert.ok(all.some(ofAnna));
  assert.deepEqual(
    await lines(),
    all.filter((row) => !ofAnna(row)),
  );

  assert.equal((await baselines('reset', '--dimension', 'rows_read', '--yes')).exitCode, 0);
  assert.ok((await lines()).every(({ metric }) => metric !== 'rows_read'));
  const nothing = await baselines('reset', '--entity', 'nobody', '--yes');
  assert.equal(nothing.exitCode, 8);
});

test('while a worker holds the data, reset says that it must stop', async () => {
  const holder = spawn(process.execPath, ['--import', 'tsx', 'test/commands/holder.ts', join(cwd, 'data')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  try {
    await once(holder.stdout, 'data');
    const { exitCode, stderr } = await baselines('reset', '--yes');
    assert.equal(exitCode, 4, stderr);
    assert.match(stderr, /DATA_LOCKED\]\n {2}Stop the worker/);
  } finally {
    holder.stdin.end();
    await once(holder, 'close');
  }
});
