import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import rhea from 'rhea';
import { connectRaw, next, putToken } from './raw-client.ts';
import { json, sleep, until, withHub, within } from './rig.ts';

const codes = (errors: Error[]) => errors.map((error) => (error as Error & { code?: string }).code);

describe('consumer groups', () => {
  it('a higher owner level takes over, a lower one and none are refused', () =>
    withHub({ partitions: 1 }, async (rig) => {
      const epochs = () => rig.readersOf('0').map((reader) => reader.epoch);
      const plain = rig.read('0');
      await until(() => epochs().length === 1, 'the plain reader');
      const one = rig.read('0', { ownerLevel: 1 });
      await until(() => epochs()[0] === 1, 'owner level 1');
      const five = rig.read('0', { ownerLevel: 5 });
      await until(() => epochs()[0] === 5, 'owner level 5');
      const two = rig.read('0', { ownerLevel: 2 });
      const late = rig.read('0');
      await until(() => two.errors.length > 0 && late.errors.length > 0, 'two refusals');
      assert.deepEqual(epochs(), [5]);
      for (const loser of [plain, one, two, late])
        assert.deepEqual(codes(loser.errors), ['ReceiverDisconnectedError']);
      assert.deepEqual(five.errors, []);
      assert.deepEqual(plain.closes, ['OwnershipLost']);
      rig.hub.append('0', json('for the owner'));
      await until(() => five.events.length === 1, 'the event');
      await sleep(30);
      for (const loser of [plain, one, two, late]) assert.deepEqual(loser.events, []);
    }));

  it('the same owner level takes over too, also level 0, which a checkpoint store implies', () =>
    withHub({ partitions: 1 }, async ({ hub, readersOf }) => {
      const connection = await connectRaw(hub);
      await putToken(connection, hub);
      const owner = (name: string) =>
        connection.open_receiver({
          name,
          source: 'logs/ConsumerGroups/$Default/Partitions/0',
          properties: { 'com.microsoft:epoch': rhea.types.wrap_long(0) },
        });
      const first = owner('first');
      await within(2000, next(first, 'receiver_open'));
      const second = owner('second');
      await within(2000, next(first, 'receiver_error'));
      assert.equal((first.error as { condition?: string }).condition, 'amqp:link:stolen');
      assert.deepEqual(
        readersOf('0').map((reader) => reader.epoch),
        [0],
      );
      hub.append('0', json('for the owner'));
      await within(2000, next(second, 'message'));
      connection.close();
    }));

  it('owner levels of another group or partition do not matter', () =>
    withHub({ partitions: 2, consumerGroups: ['other'] }, async (rig) => {
      const owner = rig.read('0', { ownerLevel: 9 });
      const others = [rig.read('0', { group: 'other' }), rig.read('1')];
      await until(() => rig.readersOf('0').length === 2 && rig.readersOf('1').length === 1, 'all three');
      for (const reading of [owner, ...others]) assert.deepEqual(reading.errors, []);
    }));

  it('five readers without owner level may share a partition, a sixth may not', () =>
    withHub({ partitions: 1 }, async (rig) => {
      rig.hub.append('0', json('shared'));
      const five = [1, 2, 3, 4, 5].map(() => rig.read('0'));
      await until(() => five.every((reading) => reading.events.length === 1), 'the event five times');
      const sixth = rig.read('0');
      await until(() => sixth.errors.length > 0, 'a refusal');
      assert.deepEqual(codes(sixth.errors), ['QuotaExceededError']);
      assert.equal(rig.readersOf('0').length, 5);
      await five[0]!.subscription.close();
      await until(() => rig.readersOf('0').length === 4, 'a free place');
      const next = rig.read('0');
      await until(() => next.events.length === 1, 'the event');
    }));
});
