/** A flood as the receivers of messages see it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CHANNEL_EVENTS } from '../../src/alerts/channels/channel.ts';
import { Notifier } from '../../src/alerts/notifier.ts';
import { bindParameters } from '../../src/detect/parameters.ts';
import { Detection } from '../../src/worker/detection.ts';
import { temporaryStore } from '../store/support.ts';
import { audited, detectorOf, signIn, T0, write } from './support.ts';

interface Body {
  type: string;
  data: { detector: string; severity: string; entity: string; attack: string[]; runbook: string[] };
}

test('beyond the cap nobody is sent a message, but one about the flood, and everything that is critical', async (t) => {
  const store = await temporaryStore(t);
  const attacks = Array.from({ length: 20 }, (_, n) => {
    const who = { session: `s.${n}`, user: `user${n}`, client: '203.0.113.7' };
    return [
      ...signIn(T0 + n * 100, who),
      audited(T0 + n * 100 + 50, who, 'GRANT pg_read_all_data TO bob', {
        class: 'ROLE',
        command: 'GRANT ROLE',
      }),
      ...(n === 10
        ? [audited(T0 + n * 100 + 60, who, "COPY t FROM PROGRAM 'id'", { class: 'WRITE', command: 'COPY' })]
        : []),
    ];
  });
  await write(store, attacks.flat());
  const changes: string[] = [];
  await new Detection({
    store,
    detectors: await Promise.all(
      ['P01', 'E01'].map(async (id) => {
        const detector = await detectorOf(id);
        return { detector, values: bindParameters(detector), mode: 'on' as const };
      }),
    ),
    notifier: new Notifier({ routes: [{ name: 'soc', minSeverity: 'info', events: CHANNEL_EVENTS }] }),
    latenessMs: 0,
    timeoutMs: 30_000,
    caps: { server: 100, detector: 2 },
    now: Date.now,
    onAlert: ({ alert }) => changes.push(alert.detector),
  }).finish();
  const rows = await store.rows<{ body: string }>('SELECT body FROM store.outbox ORDER BY rowid');
  const messages = rows.map(({ body }) => JSON.parse(body) as Body);
  assert.deepEqual(messages.map(({ type, data }) => `${type} ${data.detector}`).sort(), [
    'alert.opened E01',
    'alert.opened G01',
    'alert.opened P01',
    'alert.opened P01',
  ]);
  assert.deepEqual(changes.sort(), ['E01', 'G01', 'P01', 'P01'], 'what is held is told to nobody');
  const told = messages.find(({ data }) => data.detector === 'G01')?.data;
  assert.match(told?.runbook[0] ?? '', /pgvigil query ".*status = 'held'/);
  assert.deepEqual(told?.attack, [], 'not the technique of the detector that floods');
});
