import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { SourceMessage } from '../../src/model/message.ts';
import { sleep, until, within } from '../demo/hub/rig.ts';
import {
  AT_ONCE_MS,
  CLOSE_MS,
  Ledger,
  MAX_BATCH,
  PATIENCE_MS,
  PREFETCH,
  range,
  untilStored,
  withSources,
} from './source-rig.ts';

// Each test has a hub of its own, and mostly waits.
describe('an Event Hubs source and', { concurrency: true }, () => {
  describe('a store that is slow', { concurrency: true }, () => {
    it('holds the hub back, and the credit with it', () =>
      withSources({ partitions: 1 }, async (rig) => {
        const ledger = new Ledger();
        let release = () => {};
        const gate = new Promise<void>((resolve) => {
          release = resolve;
        });
        let calls = 0;
        rig.append('0', 0, 2_000, (index) => `${index} ${'x'.repeat(1000)}`);
        rig.open(ledger, {
          ingest: async (messages) => {
            calls++;
            assert.ok(messages.length <= MAX_BATCH);
            await gate;
            await ledger.ingest(messages);
          },
        });
        await until(() => calls === 1, 'the first batch');
        await sleep(1_500);
        assert.equal(calls, 1);
        const [reader] = rig.readers('0');
        assert.ok(reader!.sent <= MAX_BATCH + PREFETCH, `${reader!.sent} messages were sent`);
        assert.ok(reader!.credit <= PREFETCH);
        release();
        await untilStored(ledger, 2_000);
        assert.deepEqual(ledger.of('0'), range(0, 2_000));
      }));

    it('never has two batches of a partition at once; partitions do not wait for each other', () =>
      withSources({ partitions: 2 }, async (rig) => {
        const ledger = new Ledger();
        const running = new Map<string, number>();
        let together = 0;
        for (const partition of ['0', '1']) rig.append(partition, 0, 500);
        rig.open(ledger, {
          ingest: async (messages) => {
            const { partition } = messages[0]!;
            assert.ok(messages.every((message) => message.partition === partition));
            running.set(partition, (running.get(partition) ?? 0) + 1);
            assert.equal(running.get(partition), 1);
            if (running.get('0') && running.get('1')) together++;
            await sleep(30);
            await ledger.ingest(messages);
            running.set(partition, 0);
          },
        });
        await untilStored(ledger, 1_000);
        assert.ok(together > 0);
      }));

    it('is waited for by close', () =>
      withSources({ partitions: 1 }, async (rig) => {
        const ledger = new Ledger();
        let taken = false;
        rig.append('0', 0, 10);
        const { source } = rig.open(ledger, {
          ingest: async (messages) => {
            taken = true;
            await sleep(600);
            await ledger.ingest(messages);
          },
        });
        await until(() => taken, 'a batch');
        await within(CLOSE_MS, source.close());
        assert.equal(ledger.stored.length, 10);
      }));

    it('does not keep close waiting for ever', () =>
      withSources({ partitions: 1 }, async (rig) => {
        let taken = false;
        rig.append('0', 0, 10);
        const { source } = rig.open(new Ledger(), {
          ingest: () => {
            taken = true;
            return new Promise(() => {});
          },
        });
        await until(() => taken, 'a batch');
        await within(CLOSE_MS, source.close());
      }));
  });

  describe('a store that rejects', { concurrency: true }, () => {
    const ways: Array<[string, (error: Error) => Promise<void>]> = [
      ['with a rejection', (error) => Promise.reject(error)],
      [
        'by throwing',
        (error) => {
          throw error;
        },
      ],
    ];
    for (const [how, fail] of ways) {
      it(`${how} gets the same messages again before any other`, () =>
        withSources({ partitions: 1 }, async (rig) => {
          const ledger = new Ledger();
          const batches: SourceMessage[][] = [];
          rig.append('0', 0, 300);
          const { events } = rig.open(ledger, {
            ingest: async (messages) => {
              batches.push(messages);
              // An error that the client takes for its own kind must not make it skip the batch.
              if (batches.length === 1)
                return fail(Object.assign(new Error('disk full'), { retryable: true }));
              await ledger.ingest(messages);
            },
          });
          await untilStored(ledger, 300);
          assert.deepEqual(ledger.of('0'), range(0, 300));
          assert.equal(batches[1], batches[0]);
          assert.deepEqual(events.slice(1), [{ kind: 'trouble', partition: '0', error: 'disk full' }]);
        }));
    }

    it('for good does not keep close waiting', () =>
      withSources({ partitions: 1 }, async (rig) => {
        rig.append('0', 0, 10);
        const { source, events } = rig.open(new Ledger(), {
          ingest: () => Promise.reject(new Error('disk full')),
        });
        // The pause that follows is longer than what is allowed here.
        await until(
          () => events.filter(({ kind }) => kind === 'trouble').length === 3,
          'trouble',
          PATIENCE_MS,
        );
        await within(AT_ONCE_MS, source.close());
      }));
  });

  describe('what a hub may send unasked', { concurrency: true }, () => {
    it('is bounded while nothing comes and after lone messages', () =>
      withSources({ partitions: 1 }, async (rig) => {
        const ledger = new Ledger();
        let highest = 0;
        const watch = (done: () => boolean) =>
          until(() => {
            highest = Math.max(highest, rig.readers('0')[0]?.credit ?? 0);
            return done();
          }, 'credit');
        rig.open(ledger);
        const idle = Date.now() + 3_500;
        await watch(() => Date.now() > idle);
        assert.equal(highest, PREFETCH);
        for (let lone = 0; lone < 15; lone++) {
          rig.append('0', lone, lone + 1);
          await watch(() => ledger.stored.length > lone);
        }
        await sleep(100);
        await watch(() => true);
        assert.equal(highest, PREFETCH);
      }));
  });
});
