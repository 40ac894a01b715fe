/** `pgvigil backfill` of several sources, of what grows, and of what is stopped, as its user meets it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { Azurite, append, skipAzurite } from '../sources/blobs/azurite.ts';
import { CLI } from '../support/cli.ts';
import { pgvigil, RECORDING, workFolder } from './pgvigil.ts';
import { record } from './records.ts';

const azurite = new Azurite();
let cwd: string;
let remove: () => Promise<void>;

before(async () => {
  ({ path: cwd, remove } = await workFolder());
});
after(() => remove());

async function recordedLines(): Promise<string[]> {
  const events = gunzipSync(await readFile(RECORDING))
    .toString('utf8')
    .trimEnd()
    .split('\n');
  return events.flatMap((line) =>
    (JSON.parse(line) as { records: object[] }).records.map((one) => JSON.stringify(one)),
  );
}

/** A backfill on its way: its standard input stays open, `said` is what it has written on standard error. */
function start(args: readonly string[]) {
  const child = spawn(process.execPath, [CLI, 'backfill', ...args], {
    cwd,
    env: { PATH: process.env.PATH, HOME: cwd },
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (more) => {
    stderr += more;
  });
  return { child, ended: once(child, 'exit'), said: () => stderr };
}

const HOUR =
  'resourceId=/SUBSCRIPTIONS/S/RESOURCEGROUPS/R/PROVIDERS/MICROSOFT.DBFORPOSTGRESQL/FLEXIBLESERVERS/D/y=2026/m=11/d=24/h=17/m=00/PT1H.json';

test('an archive in Blob Storage gives what the files give, goes on where it ended, and shows no key', {
  skip: skipAzurite,
}, async () => {
  const container = await azurite.container();
  const lines = await recordedLines();
  await append(container, HOUR, `${lines.slice(0, 2_000).join('\n')}\n${lines[2_000]!.slice(0, 40)}`);
  await writeFile(join(cwd, 'pgvigil.yaml'), 'blobStorage: { connectionString: { env: STORAGE } }\n');
  const run = (name: string, ...options: string[]) =>
    pgvigil(cwd, ['backfill', container.url, '-d', name, ...options], { STORAGE: azurite.connectionString });

  const first = await run('blobs', '--since', '2026-11-24');
  assert.match(first.stderr, /^2,000 records stored, 0 rejects, \d+ new alerts in .*blobs\n/);
  assert.match(first.stderr, /\nLeft out: .*PT1H\.json/);
  await append(container, HOUR, `${lines[2_000]!.slice(40)}\n${lines.slice(2_001).join('\n')}\n`);
  const second = await run('blobs', '--since', '2026-11-24');
  assert.match(second.stderr, /^2,220 records stored, 0 rejects/);
  assert.doesNotMatch(second.stderr, /Left out/);

  const again = await pgvigil(cwd, ['backfill', RECORDING, '-d', 'blobs']);
  assert.match(again.stderr, /^0 records stored, 0 rejects, 4,220 copies left out, 0 new alerts/);

  const none = await run('later', '--since', '2026-11-26');
  assert.match(none.stderr, /^0 records stored/);
  const wrong = await pgvigil(cwd, ['backfill', `${azurite.url}/nothing-here`, '-d', 'wrong'], {
    STORAGE: azurite.connectionString,
  });
  assert.equal(wrong.exitCode, 6);
  assert.match(wrong.stderr, /nothing-here.*\[SOURCE_REFUSED\]/);
  const elsewhere = await pgvigil(
    cwd,
    ['backfill', 'https://other.blob.core.windows.net/logs', '-d', 'wrong'],
    {
      STORAGE: azurite.connectionString,
    },
  );
  assert.match(elsewhere.stderr, /blobStorage\.connectionString is of http.*\[CONFIG_INVALID\]/);
  for (const { stderr } of [first, second, wrong, elsewhere]) assert.ok(!stderr.includes(azurite.key));
});

test('with --follow what is added is stored and judged until it is stopped; the next run finds nothing new', async () => {
  const line = (second: number, text: string) =>
    `${JSON.stringify(record({ second, session: `6968baa0.${(second + 16).toString(16)}`, text }))}\n`;
  const attempt = (second: number) => line(second, 'connection received: host=203.0.113.9 port=1');
  await writeFile(join(cwd, 'grows.json'), attempt(0));
  const { child, ended, said } = start(['grows.json', '-d', 'grows', '--follow']);
  while (!said().includes('records stored')) await sleep(50);
  await appendFile(join(cwd, 'grows.json'), attempt(1) + attempt(2));
  while (!said().includes('\n3 records stored, 0 rejects, 0 new alerts\n')) await sleep(50);
  child.kill('SIGINT');
  assert.deepEqual(await ended, [0, null]);
  const counted = await pgvigil(cwd, ['query', 'SELECT count(*) FROM records', '-d', 'grows']);
  assert.match(counted.stdout, /\b3\b/, counted.stderr);
  const again = await pgvigil(cwd, ['backfill', 'grows.json', '-d', 'grows']);
  assert.match(again.stderr, /^0 records stored[\s\S]*Everything there was stored before/);
});

test('standard input that is stopped in the middle is gone on with when it comes again', async () => {
  const lines = await recordedLines();
  const days = [10, 11, 12, 13].map((day) =>
    lines.map((one) => one.replaceAll('2026-11-24', `2026-10-${day}`)),
  );
  const text = `${days.flat().join('\n')}\n`;
  const run = () => start(['-', '-d', 'piped']);
  const first = run();
  first.child.stdin.on('error', () => undefined).write(text.slice(0, -100));
  while (!existsSync(join(cwd, 'piped', 'pgvigil.duckdb'))) await sleep(50);
  await sleep(1_000);
  first.child.kill('SIGINT');
  assert.deepEqual(await first.ended, [0, null]);
  const stored = /^stopped: ([\d,]+) records stored, 0 rejects so far\. Run it again/.exec(first.said())?.[1];
  assert.ok(stored !== undefined, first.said());

  const second = run();
  second.child.stdin.end(text);
  assert.deepEqual(await second.ended, [0, null]);
  const left = days.flat().length - Number(stored.replace(',', ''));
  assert.match(second.said(), new RegExp(`^${left.toLocaleString('en')} records stored, 0 rejects`));
});
