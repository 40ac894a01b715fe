import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventHubBufferedProducerClient } from '@azure/event-hubs';
import { MAX_MESSAGE_SIZE } from '../../../src/demo/hub/producer.ts';
import { connectRaw, next, putToken } from './raw-client.ts';
import { ONE_TRY, type Rig, until, withHub, within } from './rig.ts';

const counts = (rig: Rig) => rig.hub.stats().partitions.map((partition) => partition.nextSequenceNumber);

describe('sending', () => {
  it('an event arrives with everything its sender gave it', () =>
    withHub({ partitions: 1 }, async (rig) => {
      const body = { records: [{ time: '2026-01-02T03:04:05Z', text: 'größer ' }] };
      await rig.producer().sendBatch([
        {
          body,
          properties: { n: 1, s: 'x' },
          contentType: 'application/json',
          messageId: 'm-1',
          correlationId: 'c',
        },
        { body: Buffer.from([0, 1, 255]) },
      ]);
      const { events } = rig.read('0');
      await until(() => events.length === 2, 'both events');
      const { messageId, contentType, correlationId, properties } = events[0]!;
      assert.deepEqual(events[0]!.body, body);
      assert.deepEqual({ ...properties }, { n: 1, s: 'x' });
      assert.deepEqual([messageId, contentType, correlationId], ['m-1', 'application/json', 'c']);
      assert.equal(events[0]!.partitionKey, undefined);
      assert.deepEqual(events[1]!.body, Buffer.from([0, 1, 255]));
      for (const event of events) assert.notEqual(event.offset, String(event.sequenceNumber));
      assert.ok(Math.abs(events[0]!.enqueuedTimeUtc.getTime() - Date.now()) < 10_000);
    }));

  it('a batch lands whole in the partition asked for', () =>
    withHub({}, async (rig) => {
      const producer = rig.producer();
      const batch = await producer.createBatch({ partitionId: '2' });
      for (let index = 0; index < 250; index += 1) assert.ok(batch.tryAdd({ body: index }));
      await producer.sendBatch(batch);
      assert.deepEqual(counts(rig), [0, 0, 250, 0]);
      const { events } = rig.read('2');
      await until(() => events.length === 250, 'all events');
      assert.ok(events.every((event, index) => event.body === index));
    }));

  it('without key or partition each batch goes to the next partition', () =>
    withHub({}, async (rig) => {
      const producer = rig.producer();
      for (let index = 0; index < 8; index += 1) await producer.sendBatch([{ body: index }]);
      assert.deepEqual(counts(rig), [2, 2, 2, 2]);
    }));

  it('a partition key goes where the buffered client places it, and arrives with the event', () =>
    withHub({ partitions: 7 }, async (rig) => {
      // Lengths around the 12-byte blocks of the hash, and text that is not ASCII.
      const keys = [
        'a',
        'device-7',
        'twelve bytes',
        'thirteen byte',
        'x'.repeat(24),
        'x'.repeat(25),
        'größe',
        '北京-01',
      ];
      const buffered = new EventHubBufferedProducerClient(rig.hub.connectionString, {
        retryOptions: ONE_TRY,
        maxWaitTimeInMs: 20,
        onSendEventsErrorHandler: async ({ error }) => assert.ifError(error),
      });
      for (const key of keys) await buffered.enqueueEvent({ body: key }, { partitionKey: key });
      await within(5000, buffered.flush());
      await within(2000, buffered.close());
      const placedByClient = counts(rig);
      const producer = rig.producer();
      for (const key of keys) await producer.sendBatch([{ body: key }], { partitionKey: key });
      assert.deepEqual(
        counts(rig),
        placedByClient.map((count) => 2 * count),
      );
      assert.ok(placedByClient.filter((count) => count > 0).length > 2, 'the keys spread');
      const partition = placedByClient.findIndex((count) => count > 0);
      const { events } = rig.read(String(partition));
      await until(() => events.length === 2 * placedByClient[partition]!, 'the events of one partition');
      // The buffered client keeps the key to itself.
      const keyed = events.filter((event) => event.partitionKey !== undefined);
      assert.equal(keyed.length, placedByClient[partition]);
      for (const event of keyed) assert.equal(event.partitionKey, event.body);
    }));

  it('more than a message may hold is refused and not stored', () =>
    withHub({ partitions: 1 }, async (rig) => {
      const producer = rig.producer();
      const batch = await producer.createBatch();
      assert.equal(batch.maxSizeInBytes, MAX_MESSAGE_SIZE);
      assert.equal(batch.tryAdd({ body: 'x'.repeat(MAX_MESSAGE_SIZE) }), false);
      await assert.rejects(producer.sendBatch([{ body: 'x'.repeat(MAX_MESSAGE_SIZE) }]), {
        code: 'MessageTooLargeError',
      });
      assert.deepEqual(counts(rig), [0]);
      await producer.sendBatch([{ body: 'x'.repeat(MAX_MESSAGE_SIZE - 1000) }]);
      assert.deepEqual(counts(rig), [1]);
    }));

  it('a link that lives long does not run out of credit', () =>
    withHub({ partitions: 1 }, async (rig) => {
      const connection = await connectRaw(rig.hub);
      await putToken(connection, rig.hub);
      const link = connection.open_sender('logs');
      let sent = 0;
      link.on('sendable', () => {
        while (link.sendable() && sent < 700) {
          link.send({ body: sent });
          sent += 1;
        }
      });
      await until(() => counts(rig)[0] === 700, 'all events');
      connection.close();
    }));

  it('a single AMQP message is an event too; a broken batch is refused whole', () =>
    withHub({ partitions: 1 }, async (rig) => {
      const connection = await connectRaw(rig.hub);
      await putToken(connection, rig.hub);
      const link = connection.open_sender('logs');
      await next(link, 'sendable');
      link.send({
        body: 'one',
        message_annotations: { 'x-opt-partition-key': 'k', 'x-opt-sequence-number': 99 },
      });
      await within(2000, next(link, 'accepted'));
      // An envelope whose second message ends inside its body.
      const whole = Buffer.from('0053754053', 'hex');
      const broken = Buffer.concat([Buffer.from('005375a003005377', 'hex').subarray(0, 8), whole]);
      link.send(broken, undefined, 0x80013700);
      await within(2000, next(link, 'rejected'));
      link.send(broken, undefined, 77);
      await within(2000, next(link, 'rejected'));
      connection.close();
      const { events } = rig.read('0');
      await until(() => events.length === 1, 'the single message');
      assert.equal(events[0]!.body, 'one');
      assert.equal(events[0]!.partitionKey, 'k');
      assert.equal(events[0]!.sequenceNumber, 0);
      assert.deepEqual(counts(rig), [1]);
    }));
});
