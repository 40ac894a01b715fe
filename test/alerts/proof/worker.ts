/**
 * The worker of the proof, from stored records to signed requests: `worker.ts <folder> <alerts>`, started with a channel to its
 * parent. Goes on from what is stored, and ends when everything was delivered.
 */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openChannel } from '../../../src/alerts/channels/open.ts';
import { Deliverer } from '../../../src/alerts/delivery.ts';
import { AlertDesk } from '../../../src/alerts/desk.ts';
import { Notifier } from '../../../src/alerts/notifier.ts';
import { depth } from '../../../src/alerts/outbox.ts';
import { loadConfig, resolveSecret } from '../../../src/config.ts';
import { bindParameters } from '../../../src/detect/parameters.ts';
import { Store } from '../../../src/store/store.ts';
import { StoreWriter } from '../../../src/store/writer.ts';
import { Detection } from '../../../src/worker/detection.ts';
import { detectorOf } from '../../detect/support.ts';
import { message, SOURCE } from '../../store/support.ts';
import { LIMITS, TIMEOUT_MS } from './limits.ts';
import { DETECTOR, numberOf, Plan } from './plan.ts';

const POLL_MS = 200;
const FLUSH_MS = 60_000;
/** Alerts are raised to the end of the run, so that kills meet every kind of work. */
const MAX_AHEAD = 2_000;
/** More than there are in any hour. */
const CAP = 1_000_000;
const PERSON = { name: 'dba_alice', via: 'cli' } as const;

const [folder = '', alerts = ''] = process.argv.slice(2);
const plan = new Plan(Number(alerts));
const trouble = (text: string) => {
  process.send?.({ trouble: text });
};
process.on('disconnect', () => process.exit());

const config = await loadConfig({ configPath: join(folder, 'pgvigil.yaml'), env: process.env, cwd: folder });
const channels = await Promise.all(
  config.channels.map((one) =>
    openChannel(one, (ref) => resolveSecret(ref, process.env, trouble), { timeoutMs: TIMEOUT_MS }),
  ),
);
const store = await Store.open(config.data, { walRecovered: (path) => trouble(`${path} was damaged`) });
const writer = await StoreWriter.create(store);
const notifier = new Notifier({ routes: channels.map(({ route }) => route) });
const detector = await detectorOf(DETECTOR);
const detection = new Detection({
  store,
  detectors: [{ detector, values: bindParameters(detector), mode: 'on' }],
  notifier,
  latenessMs: 0,
  timeoutMs: 30_000,
  caps: { server: CAP, detector: CAP },
  now: Date.now,
  onFailure: ({ id }, error) => trouble(`${id}: ${error}`),
});
const desk = new AlertDesk({ store, notifier, detectorFolders: [] });
const deliverer = new Deliverer({
  store,
  channels: channels.map(({ channel }) => channel),
  limits: LIMITS,
  log: {
    info: () => undefined,
    warn: (fields, text) => {
      if (text !== 'alert not delivered yet') trouble(`${text} ${JSON.stringify(fields)}`);
    },
  },
});
deliverer.start();
let isRaising = true;
// The loops look once a second, which is long for waits of 20 ms; this one looks ten times.
const delivered = (async () => {
  while (isRaising || (await pending()) > 0) {
    await deliverer.flush(FLUSH_MS);
    await sleep(POLL_MS);
  }
})();

for (;;) {
  // First what an earlier worker has stored and not got to.
  await detection.finish();
  await decide();
  const round = (writer.position(SOURCE, '0')?.sequenceNumber ?? 0) + 1;
  if (round > plan.rounds) break;
  while ((await pending()) > MAX_AHEAD) await sleep(POLL_MS);
  const lines = plan.lines(round);
  await writer.commit([
    message(round, {
      records: lines.map(({ record }, index) => ({ ...record, index })),
      features: lines.flatMap(({ features }, index) => (features === null ? [] : [[index, features]])),
    }),
  ]);
}
isRaising = false;
await delivered;
await deliverer.stop();
await store.close();
process.disconnect();

async function pending(): Promise<number> {
  return (await depth(store)).reduce((sum, channel) => sum + channel.pending, 0);
}

/** What people do with alerts that have grown. */
async function decide(): Promise<void> {
  const grown = await store.rows<{ alert_id: string; user_name: string; status: string }>(
    `SELECT alert_id, user_name, status FROM alerts WHERE evidence_count > 1 AND status IN ('open', 'acknowledged') ORDER BY first_seen`,
  );
  for (const { alert_id: id, user_name: user, status } of grown) {
    const number = numberOf(user);
    if (plan.isAcknowledged(number) && status === 'open')
      await desk.decide(id, { action: 'acknowledge', note: null }, PERSON);
    if (plan.isClosed(number))
      await desk.decide(id, { action: 'close', reason: 'expected', note: 'planned' }, PERSON);
  }
}
