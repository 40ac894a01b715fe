import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import { Receiver } from 'rhea-promise';
import { installCreditGuard } from '../../src/sources/credit-guard.ts';
import { json, type Rig, sleep, until, withHub } from '../demo/hub/rig.ts';

const PREFETCH = 30;
/** Short cycles: an idle client grants credit once in each. */
const OPTIONS = { maxBatchSize: 10, prefetchCount: PREFETCH, maxWaitTimeInSeconds: 0.03 };

const credit = (rig: Rig) => rig.readersOf('0')[0]?.credit ?? 0;

// The guard stays in the process once it is installed, so the case without it comes first.
describe('without the credit guard', () => {
  it('an idle client asks for more and more', () =>
    withHub({ partitions: 1 }, async (rig) => {
      rig.read('0', OPTIONS);
      await until(() => credit(rig) >= 4 * PREFETCH, 'four times the prefetch count');
    }));
});

describe('with the credit guard', () => {
  before(installCreditGuard);

  it('installing it again changes nothing', () => {
    const guarded = Receiver.prototype.addCredit;
    installCreditGuard();
    assert.equal(Receiver.prototype.addCredit, guarded);
  });

  it('credit never exceeds the prefetch count: idle, trickling or busy', () =>
    withHub({ partitions: 1 }, async (rig) => {
      const { events } = rig.read('0', OPTIONS);
      let highest = 0;
      const watch = async (done: () => boolean, what: string) => {
        await until(() => {
          highest = Math.max(highest, credit(rig));
          return done();
        }, what);
      };
      await watch(() => credit(rig) > 0, 'the reader');
      const idleUntil = Date.now() + 400;
      await watch(() => Date.now() > idleUntil, 'a dozen idle cycles');
      for (let lone = 1; lone <= 15; lone += 1) {
        rig.hub.append('0', json(lone));
        await watch(() => events.length === lone, 'a lone event');
      }
      for (let index = 16; index <= 1000; index += 1) rig.hub.append('0', json(index));
      await watch(() => events.length === 1000, 'a burst');
      assert.equal(highest, PREFETCH);
      assert.deepEqual(
        events.map((event) => event.body),
        events.map((_, index) => index + 1),
      );
    }));

  it('a slow handler has no more than the prefetch count waiting behind it', () =>
    withHub({ partitions: 1 }, async (rig) => {
      let handled = 0;
      let release = () => {};
      const stuck = new Promise<void>((resolve) => {
        release = resolve;
      });
      rig.consumer().subscribe(
        '0',
        {
          processEvents: async (batch) => {
            if (batch.length > 0) await stuck;
            handled += batch.length;
          },
          processError: async () => {},
        },
        { ...OPTIONS, startPosition: { offset: '-1' } },
      );
      await until(() => credit(rig) > 0, 'the reader');
      await sleep(300);
      for (let index = 0; index < 500; index += 1) rig.hub.append('0', json(index));
      await until(() => credit(rig) === 0, 'all credit used');
      await sleep(50);
      assert.ok(rig.readersOf('0')[0]!.sent <= PREFETCH);
      release();
      await until(() => handled === 500, 'all events');
    }));
});
