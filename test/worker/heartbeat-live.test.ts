/** The heartbeat in the worker as it runs: a hub, the client of Event Hubs, the store and a receiver, with limits of seconds. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CHANNEL_EVENTS } from '../../src/alerts/channels/channel.ts';
import { parseSecret } from '../../src/alerts/signature.ts';
import { loadConfig } from '../../src/config.ts';
import { LoopbackHub } from '../../src/demo/hub/hub.ts';
import { WebhookReceiver } from '../../src/demo/receiver.ts';
import { createLog } from '../../src/log.ts';
import { Worker } from '../../src/worker/worker.ts';
import { undo, webhookTo } from '../alerts/support.ts';
import { until } from '../demo/hub/rig.ts';

const SECONDS = 1 / 60;
const PATIENCE_MS = 30_000;

function line(server: string): Buffer {
  const now = new Date();
  const record = {
    category: 'PostgreSQLLogs',
    time: now.toISOString(),
    LogicalServerName: server,
    properties: {
      timestamp: now.toISOString().replace('T', ' ').replace('Z', ' UTC'),
      processId: 100,
      errorLevel: 'LOG',
      sqlerrcode: '00000',
      message: `2026-11-24 12:00:00 UTC-69245f40.64-LOG:  checkpoint complete: ${randomBytes(4).toString('hex')}`,
    },
  };
  return Buffer.from(JSON.stringify({ records: [record] }));
}

test('a server goes silent while another goes on, and comes back: both arrive', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-heartbeat-'));
  undo(t, () => rm(folder, { recursive: true, force: true }));
  const secret = `whsec_${randomBytes(32).toString('base64')}`;
  const receiver = new WebhookReceiver({ secrets: [parseSecret(secret)] });
  const url = await receiver.start();
  undo(t, () => receiver.stop());
  const hub = await LoopbackHub.start({ partitions: 1 });
  undo(t, () => hub.close());
  hub.append('0', line('pg-1'));
  const config = await loadConfig({ flags: { data: folder }, env: {}, cwd: folder });
  const worker = await Worker.start({
    // Whole minutes are for people.
    config: { ...config, heartbeat: { ...config.heartbeat, serverMinutes: 2 * SECONDS } },
    hub: { address: { connectionString: hub.connectionString, hub: undefined } },
    channels: [
      {
        channel: await webhookTo('soc', url, secret),
        route: { name: 'soc', minSeverity: 'low', events: CHANNEL_EVENTS },
        hasLinks: false,
      },
    ],
    log: createLog({ level: 'silent', output: process.stderr }),
  });
  undo(t, () => worker.stop());
  const other = setInterval(() => hub.append('0', line('pg-2')), 200);
  undo(t, () => clearInterval(other));

  const silent = await until(() => receiver.alerts[0], 'the alert', PATIENCE_MS);
  assert.equal(silent.type, 'alert.opened');
  assert.equal(silent.data.entity, 'server pg-1');
  hub.append('0', line('pg-1'));
  const { type, data } = await until(() => receiver.alerts[1], 'the return', PATIENCE_MS);
  assert.equal(type, 'alert.closed');
  assert.equal(data.id, silent.data.id);
  assert.match(JSON.stringify(data.change), /"is back after \d+ s".*"returned"/);
});
