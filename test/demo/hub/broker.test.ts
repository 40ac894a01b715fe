import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { connectRaw, next, putToken, refusalOf, request } from './raw-client.ts';
import { json, until, withHub, within } from './rig.ts';

describe('who may connect', () => {
  it('a wrong key or key name is refused', () =>
    withHub({}, async (rig) => {
      const right = rig.hub.connectionString;
      for (const wrong of [
        right.replace(/SharedAccessKey=[^;]*/, 'SharedAccessKey=d3Jvbmc='),
        right.replace('KeyName=Root', 'KeyName=Other'),
      ]) {
        await assert.rejects(rig.producer(wrong).getPartitionIds(), { code: 'UnauthorizedError' });
        await assert.rejects(rig.producer(wrong).sendBatch([{ body: 1 }]), { code: 'UnauthorizedError' });
        const errors: unknown[] = [];
        rig.consumer('$Default', wrong).subscribe('0', {
          processEvents: async () => {},
          processError: async (error) => void errors.push(error),
        });
        await until(() => errors[0], 'an error');
        assert.equal((errors[0] as { code: string }).code, 'UnauthorizedError');
      }
      assert.ok(rig.hub.stats().partitions.every((partition) => partition.nextSequenceNumber === 0));
    }));

  it('no link without a token, none with an old one, any of the hub with a good one', () =>
    withHub({}, async ({ hub }) => {
      hub.append('0', json(1));
      const reader = 'logs/ConsumerGroups/$Default/Partitions/0';
      const denied = await connectRaw(hub);
      const refused = async (link: Parameters<typeof refusalOf>[0]) =>
        (await within(2000, refusalOf(link)))?.condition;
      assert.equal(await refused(denied.open_sender('logs')), 'amqp:unauthorized-access');
      assert.equal(await refused(denied.open_receiver(reader)), 'amqp:unauthorized-access');
      assert.equal(await putToken(denied, hub, Date.now() - 60_000), 401);
      assert.equal(await refused(denied.open_sender('logs')), 'amqp:unauthorized-access');
      const read = { operation: 'READ', type: 'com.microsoft:eventhub', name: 'logs' };
      assert.equal(await within(2000, request(denied, '$management', read)), 401);
      denied.close();

      const allowed = await connectRaw(hub);
      assert.equal(await putToken(allowed, hub), 202);
      assert.equal(await refused(allowed.open_sender('logs/Partitions/1')), undefined);
      assert.equal(await refused(allowed.open_receiver(reader)), undefined);
      allowed.close();
    }));

  it('a sender gets its credit in the same write as the attach', () =>
    withHub({}, async ({ hub }) => {
      const connection = await connectRaw(hub);
      await putToken(connection, hub);
      const link = connection.open_sender('logs');
      let opened = false;
      link.on('sender_open', () => setImmediate(() => (opened = true)));
      await within(2000, next(link, 'sendable'));
      assert.equal(opened, false);
      connection.close();
    }));
});

describe('names that do not exist', () => {
  const nameless = (connectionString: string) =>
    connectionString.replace('EntityPath=logs', 'EntityPath=nohub');

  it('a hub, on every kind of link', () =>
    withHub({}, async (rig) => {
      const wrong = nameless(rig.hub.connectionString);
      await assert.rejects(rig.producer(wrong).getPartitionIds(), { code: 'MessagingEntityNotFoundError' });
      await assert.rejects(rig.producer(wrong).sendBatch([{ body: 1 }]), {
        code: 'MessagingEntityNotFoundError',
      });
    }));

  it('a consumer group', () =>
    withHub({ consumerGroups: ['pgvigil'] }, async (rig) => {
      const known = rig.read('0', { group: 'PgVigil' });
      const unknown = rig.read('0', { group: 'nogroup' });
      const error = await until(() => unknown.errors[0], 'an error');
      assert.equal((error as { code?: string }).code, 'MessagingEntityNotFoundError');
      await until(() => rig.readersOf('0').some((reader) => reader.group === 'pgvigil'), 'the known group');
      assert.deepEqual(known.errors, []);
    }));

  it('a partition, for sending, reading and asking', () =>
    withHub({ partitions: 2 }, async (rig) => {
      const outOfRange = { code: 'ArgumentOutOfRangeError' };
      await assert.rejects(rig.producer().sendBatch([{ body: 1 }], { partitionId: '2' }), outOfRange);
      await assert.rejects(rig.producer().getPartitionProperties('2'), outOfRange);
      const reading = rig.read('2');
      const error = await until(() => reading.errors[0], 'an error');
      assert.equal((error as { code?: string }).code, 'ArgumentOutOfRangeError');
    }));
});
