import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Store } from '../../src/store/store.ts';
import { startControl } from '../../src/worker/control.ts';
import { partsOf } from '../worker/control-parts.ts';
import { pgvigil, workFolder } from './pgvigil.ts';

let cwd: string;
let remove: () => Promise<void>;

before(async () => {
  const folder = await workFolder();
  cwd = folder.path;
  remove = folder.remove;
  const store = await Store.open(`${cwd}/data`);
  await store.close();
});
after(() => remove());

const tokens = (...args: string[]) => pgvigil(cwd, ['tokens', ...args, '-d', 'data']);

test('a token is shown once, alone on standard output; the list has names and no secrets', async () => {
  const made = await tokens('create', 'grafana', '--role', 'analyst', '--expires', '90d', '--author', 'anna');
  assert.equal(made.exitCode, 0, made.stderr);
  assert.match(made.stdout, /^pgv_[a-z0-9]{12}_[A-Za-z0-9-]{43}\n$/);
  assert.match(made.stderr, /^grafana, analyst: asks queries .*\. Until \d{4}-\d\d-\d\d \d\d:\d\d UTC\.\n/);
  const list = await tokens('list');
  assert.match(list.stdout, /^grafana +analyst +\S+ +anna/m);
  assert.ok(!list.stdout.includes(made.stdout.trim().slice(17)));

  const again = await tokens('create', 'grafana');
  assert.equal(again.exitCode, 2);
  assert.match(again.stderr, /already \[USAGE\]\n.*pgvigil tokens revoke grafana/);
  assert.equal((await tokens('revoke', 'grafana')).stdout, 'revoked grafana\n');
  assert.equal((await tokens('revoke', 'grafana')).exitCode, 8);
  assert.match((await tokens('list')).stdout, /^\(0 rows\)$/m);
  assert.match((await tokens('list', '--all')).stdout, /grafana/);
});

test('beside a running worker the worker makes it', async () => {
  const store = await Store.open(`${cwd}/data`);
  const control = await startControl({
    ...{ dataDir: `${cwd}/data`, port: 0, store, status: () => null },
    ...partsOf(store),
  });
  try {
    const made = await tokens('create', 'bi', '--role', 'viewer');
    assert.equal(made.exitCode, 0, made.stderr);
    const access = await partsOf(store).tokens.bearer(made.stdout.trim());
    assert.deepEqual(access, { name: 'bi', role: 'viewer' });
    assert.equal((await tokens('create', 'bi')).exitCode, 2);
    assert.equal((await tokens('revoke', 'bi')).exitCode, 0);
    assert.equal(await partsOf(store).tokens.bearer(made.stdout.trim()), null);
  } finally {
    await control.close();
    await store.close();
  }
});

test('a slip is told, with what to do', async () => {
  for (const [args, told] of [
    [['create', '1x'], /is no name for a token \[USAGE\]\n {2}It must be a letter/],
    [['create', 'x', '--expires', 'soon'], /--expires soon is no time/],
    [['create', 'x', '--expires', '5000d'], /within two years/],
    [['create', 'x', '--role', 'root'], /viewer, analyst, admin/],
    [['create'], /name/],
  ] as const) {
    const { exitCode, stderr, stdout } = await tokens(...args);
    assert.equal(exitCode, 2, stderr);
    assert.match(stderr, told);
    assert.equal(stdout, '');
  }
});
