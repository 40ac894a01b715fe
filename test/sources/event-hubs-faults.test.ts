import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EventHubConsumerClient } from '@azure/event-hubs';
import type { LoopbackHub } from '../../src/demo/hub/hub.ts';
import { sleep, until, within } from '../demo/hub/rig.ts';
import {
  AT_ONCE_MS,
  CLOSE_MS,
  Ledger,
  PATIENCE_MS,
  range,
  type SourceRig,
  untilStored,
  withSources,
} from './source-rig.ts';

/** Mostly a second; but an operation of the client that is under way in the instant of a fault may take a minute. */
const RECOVERY_MS = 80_000;
/**
 * The rounds of the client's load balancer ignore our retry options; with this interval the next one comes after an outage
 * of a few seconds.
 */
const AFTER_OUTAGE_MS = 15_000;
const SLOW = process.env.PGVIGIL_SLOW === '1' ? false : 'takes more than a minute; set PGVIGIL_SLOW=1';

// Each test has a hub of its own, and mostly waits.
describe('an Event Hubs source', { concurrency: true }, () => {
  describe('loses and doubles nothing', { concurrency: true }, () => {
    const links: Array<[string, (hub: LoopbackHub) => void]> = [
      ['when its connection is cut', (hub) => hub.disconnectAll()],
      ['when its links are detached', (hub) => hub.detachReaders()],
    ];
    for (const [when, inject] of links) {
      it(`${when} during traffic`, () =>
        withSources({ partitions: 2 }, async (rig) => {
          const ledger = new Ledger();
          rig.open(ledger);
          for (let from = 0; from < 600; from += 50) {
            for (const partition of ['0', '1']) rig.append(partition, from, from + 50);
            await until(() => ledger.stored.length > from, 'traffic', RECOVERY_MS);
            if (from === 200 || from === 450) inject(rig.hub);
          }
          await untilStored(ledger, 1_200, RECOVERY_MS);
          for (const partition of ['0', '1']) assert.deepEqual(ledger.of(partition), range(0, 600));
          assert.ok(rig.readers('0')[0]!.sent < 600, 'the reader came back on a new link');
        }));
    }

    it('when an outage outlasts the retries and the store is slow: it reads on from the stored positions', () =>
      withSources({ partitions: 2 }, async (rig) => {
        const ledger = new Ledger();
        let release = () => {};
        const gate = new Promise<void>((resolve) => {
          release = resolve;
        });
        for (const partition of ['0', '1']) rig.append(partition, 0, 400);
        const { events } = rig.open(ledger, {
          balanceIntervalMs: AFTER_OUTAGE_MS,
          ingest: async (messages) => {
            if (ledger.stored.length >= 200) await gate;
            await ledger.ingest(messages);
          },
        });
        await until(() => ledger.stored.length >= 200, 'half of it', PATIENCE_MS);
        await rig.hub.close();
        release();
        for (const partition of ['0', '1']) {
          await until(
            () => events.some((event) => 'partition' in event && event.partition === partition),
            'trouble',
            PATIENCE_MS,
          );
          rig.append(partition, 400, 500);
        }
        assert.ok(ledger.stored.length < 1_000);
        await rig.hub.listen();
        // Well before the minute after which the client's claim on a partition expires.
        await untilStored(ledger, 1_000, 45_000);
        for (const partition of ['0', '1']) assert.deepEqual(ledger.of(partition), range(0, 500));
        for (const event of events.slice(1)) {
          assert.ok(event.kind === 'trouble' && event.error.includes('ECONNREFUSED'), JSON.stringify(event));
        }
      }));

    it('when an outage comes before the first message of a partition that is read from its end', () =>
      withSources({ partitions: 1 }, async (rig) => {
        const ledger = new Ledger();
        rig.append('0', 0, 5);
        const { started, events } = rig.open(ledger, {
          startPosition: 'latest',
          balanceIntervalMs: AFTER_OUTAGE_MS,
        });
        await started;
        await rig.hub.close();
        rig.append('0', 5, 8);
        await until(() => events.some(({ kind }) => kind === 'trouble'), 'trouble', PATIENCE_MS);
        await rig.hub.listen();
        await untilStored(ledger, 3, 45_000);
        assert.deepEqual(ledger.of('0'), [5, 6, 7]);
      }));

    it('when it is killed with messages taken but not stored', () =>
      withSources({ partitions: 1 }, async (rig) => {
        rig.append('0', 0, 90);
        const reader = spawn(
          process.execPath,
          ['--import', 'tsx', fileURLToPath(new URL('crashing-reader.ts', import.meta.url))],
          {
            env: { ...process.env, PGVIGIL_TEST_HUB: rig.hub.connectionString },
            stdio: ['ignore', 'pipe', 'inherit'],
          },
        );
        const exited = once(reader, 'exit');
        try {
          await within(2 * PATIENCE_MS, once(reader.stdout!, 'data'));
          await until(() => rig.readers('0')[0]!.sent === 90, 'all are accepted on the wire', PATIENCE_MS);
        } finally {
          reader.kill('SIGKILL');
          await exited;
        }
        const ledger = new Ledger();
        rig.open(ledger);
        await untilStored(ledger, 90);
        assert.deepEqual(ledger.of('0'), range(0, 90));
      }));

    it(
      'when the service closes its connection the AMQP way during traffic',
      { skip: SLOW, timeout: 150_000 },
      () =>
        withSources({ partitions: 2 }, async (rig) => {
          const ledger = new Ledger();
          rig.open(ledger);
          for (let from = 0; from < 300; from += 50) {
            for (const partition of ['0', '1']) rig.append(partition, from, from + 50);
            await until(() => ledger.stored.length > from, 'traffic', RECOVERY_MS);
            if (from === 200) rig.hub.closeAll();
          }
          await untilStored(ledger, 600, RECOVERY_MS);
          for (const partition of ['0', '1']) assert.deepEqual(ledger.of(partition), range(0, 300));
        }),
    );
  });

  describe('in trouble', { concurrency: true }, () => {
    it('keeps trying while nobody listens, and connects once somebody does', () =>
      withSources({ partitions: 1 }, async (rig) => {
        const ledger = new Ledger();
        rig.append('0', 0, 3);
        await rig.hub.close();
        const { events, started } = rig.open(ledger);
        await until(() => events.length > 0, 'trouble', PATIENCE_MS);
        assert.ok(events[0]!.kind === 'trouble' && events[0]!.error.includes('ECONNREFUSED'));
        assert.equal(events[0]!.partition, null);
        await rig.hub.listen();
        await within(PATIENCE_MS, started);
        await untilStored(ledger, 3);
        assert.equal(events.at(-1)!.kind, 'connected');
      }));

    it('ends at once when it is closed while nobody listens', () =>
      withSources({ partitions: 1 }, async (rig) => {
        await rig.hub.close();
        for (const after of [0, 50, 700]) {
          const { source, started, events } = rig.open(new Ledger());
          await sleep(after);
          await within(AT_ONCE_MS, source.close());
          await within(AT_ONCE_MS, started);
          assert.deepEqual(events, []);
        }
        const { source, started, events } = rig.open(new Ledger());
        // The pause that follows is longer than what is allowed here.
        await until(() => events.length === 3, 'trouble', PATIENCE_MS);
        await within(AT_ONCE_MS, source.close());
        await within(AT_ONCE_MS, started);
      }));

    it('ends when it is closed while it connects', () =>
      withSources({ partitions: 1 }, async (rig) => {
        for (const after of [0, 10, 30, 60, 100, 150, 250]) {
          const ledger = new Ledger();
          const { source, started } = rig.open(ledger);
          await sleep(after);
          await within(CLOSE_MS, source.close());
          await within(AT_ONCE_MS, started);
        }
        await until(() => rig.readers('0').length === 0, 'no reader is left', PATIENCE_MS);
      }));

    const instants: Array<[string, (hub: LoopbackHub) => unknown]> = [
      ['its connection is cut', (hub) => hub.disconnectAll()],
      ['its links are detached', (hub) => hub.detachReaders()],
      ['the service closes its connection', (hub) => hub.closeAll()],
      ['the hub goes away', (hub) => hub.close()],
    ];
    for (const [what, inject] of instants) {
      it(`closes within its deadline in the instant in which ${what}`, () =>
        withSources({ partitions: 2 }, async (rig) => {
          const ledger = new Ledger();
          rig.append('0', 0, 10);
          const { source } = rig.open(ledger);
          await untilStored(ledger, 10);
          void inject(rig.hub);
          await within(CLOSE_MS, source.close());
          await rig.hub.listen();
          rig.append('0', 10, 12);
          await sleep(500);
          assert.equal(ledger.stored.length, 10);
        }));
    }

    it('tells that another process has taken a partition over, and reads the others', () =>
      withSources({ partitions: 2 }, async (rig) => {
        const ledger = new Ledger();
        const { events, started } = rig.open(ledger);
        await started;
        await until(
          () => rig.readers('0').length === 1 && rig.readers('1').length === 1,
          'readers',
          PATIENCE_MS,
        );
        const rival = new EventHubConsumerClient('$Default', rig.hub.connectionString);
        const subscription = rival.subscribe(
          '0',
          { processEvents: async () => {}, processError: async () => {} },
          { ownerLevel: 1, maxWaitTimeInSeconds: 0.2 },
        );
        try {
          await until(() => events.length > 1, 'the takeover', PATIENCE_MS);
          // Some rounds of the load balancer: it must not fight for the partition.
          await sleep(1_500);
          rig.append('0', 0, 5);
          rig.append('1', 0, 5);
          await untilStored(ledger, 5);
          assert.deepEqual(events.slice(1), [{ kind: 'taken_over', partition: '0' }]);
          assert.deepEqual(ledger.of('1'), range(0, 5));
        } finally {
          // The client of a rival that lost nothing may take its time on a busy machine.
          await within(3 * CLOSE_MS, subscription.close());
          await within(3 * CLOSE_MS, rival.close());
        }
      }));

    it('takes a partition back when the other process has left', { skip: SLOW, timeout: 120_000 }, () =>
      withSources({ partitions: 1 }, async (rig) => {
        const ledger = new Ledger();
        const { events, started } = rig.open(ledger);
        await started;
        const rival = rig.open(new Ledger());
        await until(() => events.length > 1, 'the takeover', PATIENCE_MS);
        await within(CLOSE_MS, rival.source.close());
        rig.append('0', 0, 5);
        await untilStored(ledger, 5, 80_000);
        assert.deepEqual(events.slice(1), [{ kind: 'taken_over', partition: '0' }]);
      }),
    );

    it('reads a hub that was deleted and made again from its beginning', () =>
      withSources({ partitions: 2 }, async (rig) => {
        const ledger = new Ledger();
        for (const partition of ['0', '1']) rig.append(partition, 0, 50);
        const first = rig.open(ledger);
        await untilStored(ledger, 100);
        await within(CLOSE_MS, first.source.close());
        await anotherHub(rig, async (again) => {
          // Sequence numbers begin at 0 again: taken for the old hub's they would be repeats.
          again.hub.append('0', Buffer.from('new'));
          const { source } = again.open(ledger);
          await untilStored(ledger, 101);
          assert.equal(ledger.texts.at(-1), 'new');
          assert.notEqual(source.source, first.source.source);
          await within(CLOSE_MS, source.close());
        });
      }));

    it('says so when the hub does not know the stored position', () =>
      withSources({ partitions: 1 }, async (rig) => {
        const ledger = new Ledger();
        rig.append('0', 0, 10);
        const first = rig.open(ledger);
        await untilStored(ledger, 10);
        await within(CLOSE_MS, first.source.close());
        for (const [key, position] of ledger.positions) {
          ledger.positions.set(key, { ...position, offset: '0-ffffffff', sequenceNumber: 5_000 });
        }
        const { events, started, source } = rig.open(ledger);
        await within(PATIENCE_MS, started);
        const event = await until(
          () => events.find(({ kind }) => kind === 'trouble'),
          'trouble',
          PATIENCE_MS,
        );
        assert.match(JSON.stringify(event), /does not know the stored position/);
        await within(CLOSE_MS, source.close());
      }));
  });
});

/** A hub of the same name at the same port as one that is gone. */
async function anotherHub(rig: SourceRig, run: (rig: SourceRig) => Promise<void>): Promise<void> {
  const [, port, key] = /:(\d+);.*SharedAccessKey=(.*?);EntityPath/.exec(rig.hub.connectionString)!;
  await rig.hub.close();
  await withSources({ port: Number(port), key: key!, partitions: 2 }, run);
}
