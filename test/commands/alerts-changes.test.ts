/** The commands by which people answer alerts, and see and mend how they were delivered. */
import assert from 'node:assert/strict';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { parsePublicKey, parseSecret } from '../../src/alerts/signature.ts';
import { WebhookReceiver } from '../../src/demo/receiver.ts';
import { Store } from '../../src/store/store.ts';
import { startControl } from '../../src/worker/control.ts';
import { enqueueMany, newSecret } from '../alerts/support.ts';
import { partsOf } from '../worker/control-parts.ts';
import { type Outcome, pgvigil, workFolder } from './pgvigil.ts';
import { refusedPasswords } from './records.ts';

let cwd: string;
let remove: () => Promise<void>;
let id: string;
const secret = newSecret();
let receiver: WebhookReceiver;

before(async () => {
  ({ path: cwd, remove } = await workFolder());
  receiver = new WebhookReceiver({ secrets: [parseSecret(secret)] });
  const url = await receiver.start();
  await writeFile(
    join(cwd, 'pgvigil.yaml'),
    [
      'data: data',
      'channels:',
      `  - { name: soc, type: webhook, url: '${url}', secret: { env: KEY }, allowPrivate: [127.0.0.1] }`,
      `  - { name: away, type: webhook, url: '${url.replace(/:\d+/, ':9')}', secret: { env: KEY }, allowPrivate: [127.0.0.1] }`,
      `  - { name: closed, type: webhook, url: '${url}', secret: { env: KEY } }`,
      `  - { name: lines, type: file, path: alerts.ndjson }`,
    ].join('\n'),
  );
  await writeFile(
    join(cwd, 'records.json'),
    `${JSON.stringify({ records: refusedPasswords('app_rw', '203.0.113.52', 12) })}\n`,
  );
  await run('backfill', 'records.json');
  [{ id }] = JSON.parse((await run('alerts', 'list', '-f', 'json')).stdout) as [{ id: string }];
});
after(async () => {
  await receiver.stop();
  await remove();
});

const run = (...args: string[]): Promise<Outcome> => pgvigil(cwd, args, { KEY: secret });

async function ok(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await run(...args);
  assert.equal(exitCode, 0, stderr);
  return stdout;
}

test('an alert is acknowledged, closed and reopened; show tells who did it', async () => {
  assert.equal(
    await ok('alerts', 'ack', id.slice(0, 9), '--by', 'ann', '--note', 'calling the owner'),
    `${id} acknowledged\n`,
  );
  const closed = await run(
    'alerts',
    'close',
    id,
    '--by',
    'bob',
    '--reason',
    'expected',
    '--note',
    'a\u001b[2Jjob',
  );
  assert.equal(closed.stdout, `${id} closed\n`);
  assert.match(closed.stderr, /It opens again if it goes on\. To keep it quiet: pgvigil allow add/);
  const shown = await ok('alerts', 'show', id);
  assert.match(shown, /^status: +closed$/m);
  assert.match(
    shown,
    /^History\n {2}\S+ \S+ {2}closed by bob \(cli\): expected; a\\u001b\[2Jjob\n {2}.*acknowledged by ann \(cli\): calling the owner\n/m,
  );
  assert.equal(await ok('alerts', 'reopen', id, '--by', 'ann'), `${id} open\n`);
  const again = await run('alerts', 'reopen', id, '--by', 'ann');
  assert.deepEqual([again.exitCode, /is open, not closed \[USAGE\]/.test(again.stderr)], [2, true]);
});

test('closing asks why', async () => {
  const { exitCode, stderr } = await run('alerts', 'close', id);
  assert.equal(exitCode, 2);
  assert.match(stderr, /--reason/);
  assert.match(
    (await run('alerts', 'close', id, '--reason', 'boring')).stderr,
    /resolved, false-positive, expected, duplicate/,
  );
});

test('while a worker holds the folder, it makes the change', async () => {
  const dataDir = join(cwd, 'data');
  const store = await Store.open(dataDir);
  const control = await startControl({ dataDir, port: 0, store, status: () => null, ...partsOf(store) });
  try {
    assert.equal(await ok('alerts', 'acknowledge', id, '--by', 'ann'), `${id} acknowledged\n`);
    assert.match(
      (await run('alerts', 'close', 'al_none', '--reason', 'resolved')).stderr,
      /there is no alert al_none \[NOT_FOUND\]/,
    );
    const [row] = await store.rows(
      "SELECT actor, via FROM alert_history WHERE action = 'acknowledged' ORDER BY sequence DESC",
    );
    assert.deepEqual({ ...row }, { actor: 'ann', via: 'cli' });
  } finally {
    await control.close();
    await store.close();
  }
});

test('deliveries shows every attempt; dead letters are replayed by one command, a disabled channel enabled', async () => {
  const store = await Store.open(join(cwd, 'data'));
  await enqueueMany(store, ['old'], 3, Date.now());
  await store.transaction(async (transaction) => {
    await transaction.run(
      "UPDATE store.outbox SET state = 'dead', attempts = 1 WHERE channel = 'old' AND alert_id <> 'al_2'",
    );
    await transaction.run(
      `INSERT INTO store.delivery_attempts
       SELECT delivery_id, 1, now()::TIMESTAMP, 12, 500, 'hooks.example.com: answered 500', 'retry', repeat('ab', 32)
       FROM store.outbox WHERE state = 'dead'`,
    );
    await transaction.run(
      "INSERT INTO store.disabled_channels VALUES ('soc', now()::TIMESTAMP, 'answered 410')",
    );
  });
  await store.close();
  const table = await ok('alerts', 'deliveries', '--channel', 'old', '--state', 'dead');
  assert.match(
    table,
    /old +alert\.opened +dead +1 +500 +12 +abababababab +al_\d +hooks\.example\.com: answered 500/,
  );
  const rows = JSON.parse(await ok('alerts', 'deliveries', '--channel', 'old', '-f', 'json')) as Record<
    string,
    unknown
  >[];
  assert.deepEqual(rows.map(({ state }) => state).sort(), ['dead', 'dead', 'pending']);
  assert.equal(rows.filter(({ body_sha256: hash }) => hash === 'ab'.repeat(32)).length, 2);
  const channels = await ok('alerts', 'channels');
  assert.match(channels, /^soc +disabled .*answered 410/m);
  assert.match(channels, /^old +not configured +1 +0 +2 /m);
  for (const nothing of [[], [''], ['--channel', '']]) {
    assert.match((await run('alerts', 'replay', ...nothing)).stderr, /which dead letters\? \[USAGE\]/);
  }
  assert.equal(await ok('alerts', 'replay', '--channel', 'old'), '2 messages are in the queue again\n');
  const none = await run('alerts', 'replay', '--all');
  assert.deepEqual([none.exitCode, /there is no dead letter/.test(none.stderr)], [8, true]);
  assert.equal(await ok('alerts', 'channels', 'enable', 'soc'), 'soc is enabled; what waited is sent\n');
  assert.match(await ok('alerts', 'channels'), /^soc +enabled /m);
});

test('a test alert is sent for real, and what came back is said', async () => {
  const sent = await ok('alerts', 'test', 'soc');
  assert.match(
    sent,
    /^Sending a test alert through soc \(webhook\) to 127\.0\.0\.1:\d+ …\nTaken with 204 after \d+ ms\. id msg_test_[0-9a-f]{24}, body sha256 [0-9a-f]{64}\n$/,
  );
  const [alert] = receiver.alerts;
  assert.deepEqual([alert?.type, alert?.data.title], ['alert.test', 'This is a test of pgvigil']);
  await ok('alerts', 'test', 'lines');
  assert.match(await readFile(join(cwd, 'alerts.ndjson'), 'utf8'), /"type":"alert\.test"/);
  assert.equal((await stat(join(cwd, 'alerts.ndjson'))).mode & 0o777, 0o600);
  assert.deepEqual(
    (await run('alerts', 'deliveries', '--alert', 'al_test', '-f', 'json')).stdout.trim(),
    '[]',
  );
});

test('a test alert that is not taken is an error that says what to do', async () => {
  const away = await run('alerts', 'test', 'away');
  assert.equal(away.exitCode, 10);
  assert.match(
    away.stderr,
    /channel away did not take the test alert \(\d+ ms\): 127\.0\.0\.1:9: ECONNREFUSED \[DELIVERY_FAILED\]\n {2}Alerts would be tried again/,
  );
  receiver.failNext(1, { status: 410 });
  assert.match(
    (await run('alerts', 'test', 'soc')).stderr,
    /answered 410 \[DELIVERY_FAILED\]\n {2}The receiver is gone for good/,
  );
  assert.match(
    (await run('alerts', 'test', 'closed')).stderr,
    /127\.0\.0\.1 is a loopback address.*\[CONFIG_INVALID\]\n.*allowPrivate/,
  );
  assert.match(
    (await run('alerts', 'test', 'scc')).stderr,
    /has no channel scc \[NOT_FOUND\]\n {2}Did you mean soc\?/,
  );
});

test('keys makes keys that can be used', async () => {
  const text = await ok('alerts', 'keys');
  const [hmac, pair] = [...text.matchAll(/^ +secret +(\S+)/gm)].map(([, key]) => key ?? '');
  assert.equal(parseSecret(hmac ?? '').type, 'secret');
  assert.equal(parseSecret(pair ?? '').asymmetricKeyType, 'ed25519');
  assert.equal(parsePublicKey(/for receivers +(\S+)/.exec(text)?.[1] ?? '').type, 'public');
});
