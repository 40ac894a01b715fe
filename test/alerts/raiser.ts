/**
 * Stores one grant after the other and runs P01 over them, until it is killed: `raiser.ts <folder>`. Every second grant is
 * made by a user that the allow-list knows. Prints the number of each round that is done.
 */
import { CHANNEL_EVENTS } from '../../src/alerts/channels/channel.ts';
import { Notifier } from '../../src/alerts/notifier.ts';
import { bindParameters } from '../../src/detect/parameters.ts';
import { Store } from '../../src/store/store.ts';
import { Detection } from '../../src/worker/detection.ts';
import { audited, detectorOf, signIn, T0, write } from '../detect/support.ts';

const store = await Store.open(process.argv[2] ?? '');
const detector = await detectorOf('P01');
const detection = new Detection({
  store,
  detectors: [{ detector, values: bindParameters(detector), mode: 'on' }],
  notifier: new Notifier({ routes: [{ name: 'soc', minSeverity: 'info', events: CHANNEL_EVENTS }] }),
  latenessMs: 0,
  timeoutMs: 30_000,
  caps: { server: 100, detector: 1 },
  now: Date.now,
});
const [known] = await store.rows<{ n: bigint }>('SELECT count(*) AS n FROM store.activities');
for (let round = Number(known?.n ?? 0n); ; round++) {
  const user = round % 2 === 0 ? 'terraform' : `user${round}`;
  const who = { session: `s.${round}`, user, client: '10.1.2.3' };
  const at = T0 + round * 100;
  const grant = audited(at + 50, who, 'GRANT pg_read_all_data TO bob', {
    class: 'ROLE',
    command: 'GRANT ROLE',
  });
  await write(store, [...signIn(at, who), grant]);
  await detection.finish();
  process.stdout.write(`${round}\n`);
}
