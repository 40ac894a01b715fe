/** The promise: alerts, what they hold, the hits of the allow-list and how far detection is, are all there or none of it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Store } from '../../src/store/store.ts';
import { allow } from './allow-list/support.ts';

/** Rounds of each life; every second one is an alert, of which one is sent and the others are held. */
const ROUNDS = 4;

const CONSISTENT = `
  SELECT
    (SELECT hits FROM allow_list)
      = (SELECT count(*) FROM evidence JOIN alerts USING (alert_id) WHERE status = 'allowed') AS hits,
    (SELECT bool_and(evidence_count = n) FROM alerts
      JOIN (SELECT alert_id, count(*) AS n FROM evidence GROUP BY alert_id) USING (alert_id)) AS counts,
    (SELECT count(*) FROM alerts WHERE detector = 'P01' AND status = 'open')
      = (SELECT count(*) FROM store.outbox JOIN alerts USING (alert_id) WHERE detector = 'P01') AS outbox,
    coalesce((SELECT evidence_count FROM alerts WHERE detector = 'G01'), 0)
      = (SELECT count(*) FROM alerts WHERE status = 'held') AS flood,
    -- Everything up to the detector's last record is evidence: each grant is.
    (SELECT count(*) FROM evidence)
      = (SELECT count(*) FROM store.activities
         WHERE record_id <= coalesce((SELECT last_record_id FROM store.detector_state), 0)) AS progress`;

test('kill -9 at any moment leaves alerts, hits, outbox and progress of one moment', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-raiser-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const first = await Store.open(folder);
  await allow(first, { detector: 'P01', user: 'terraform', startsAt: 0, expiresAt: Date.UTC(2100, 0) });
  await first.close();
  let rounds = 0;
  for (const lifeMs of [20, 70, 130]) {
    const script = fileURLToPath(new URL('raiser.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', 'tsx', script, folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    let output = '';
    const working = new Promise<void>((enough) => {
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (output.split('\n').length > ROUNDS) enough();
      });
    });
    await Promise.race([working, ended]);
    await sleep(lifeMs);
    assert.ok(child.kill('SIGKILL'), 'the child ended by itself');
    await ended;
    const store = await Store.open(folder);
    const [row] = await store.rows(CONSISTENT);
    const [done] = await store.rows<{ n: bigint }>('SELECT count(*) AS n FROM store.activities');
    await store.close();
    assert.deepEqual({ ...row }, { hits: true, counts: true, outbox: true, flood: true, progress: true });
    assert.ok(Number(done?.n) > rounds, 'it went on after the last kill');
    rounds = Number(done?.n);
  }
  assert.ok(rounds >= 3 * ROUNDS);
});
