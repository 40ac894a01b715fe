/** A detector in shadow mode: what it finds is kept, and nobody hears of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHANNEL_EVENTS } from '../../src/alerts/channels/channel.ts';
import { Notifier } from '../../src/alerts/notifier.ts';
import { bindParameters } from '../../src/detect/parameters.ts';
import { Detection } from '../../src/worker/detection.ts';
import { count, temporaryStore } from '../store/support.ts';
import { detectorOf, HOUR, refusals, storedAlerts, T0, write } from './support.ts';

const who = { user: 'app_rw', client: '203.0.113.7' };

test('a shadow is stored and not sent; switched on, the same attack going on is an alert of its own', async (t) => {
  const store = await temporaryStore(t);
  const detector = await detectorOf('A01');
  const run = (mode: 'on' | 'shadow') =>
    new Detection({
      store,
      detectors: [{ detector, values: bindParameters(detector), mode }],
      notifier: new Notifier({ routes: [{ name: 'soc', minSeverity: 'info', events: CHANNEL_EVENTS }] }),
      latenessMs: 0,
      timeoutMs: 30_000,
      now: Date.now,
    }).finish();
  await write(store, refusals(T0, 12, 5_000, who));
  await run('shadow');
  assert.deepEqual(
    (await storedAlerts(store)).map(({ status }) => status),
    ['shadow'],
  );
  assert.equal(await count(store, 'outbox'), 0);
  await write(store, refusals(T0 + HOUR, 12, 5_000, who));
  await run('on');
  assert.deepEqual(
    (await storedAlerts(store)).map(({ status }) => status),
    ['shadow', 'open'],
  );
  assert.equal(await count(store, 'outbox'), 1);
});
