import assert from 'node:assert/strict';
import { describe, it, mock } from 'node:test';
import type { EventPosition } from '@azure/event-hubs';
import rhea, { type Delivery, type EventContext } from 'rhea';
import { SELECTOR_FILTER } from '../../../src/demo/hub/selector.ts';
import { connectRaw, next, putToken } from './raw-client.ts';
import { json, sleep, until, withHub, within } from './rig.ts';

const T0 = Date.UTC(2026, 0, 2);
const READER = 'logs/ConsumerGroups/$Default/Partitions/0';

describe('reading', () => {
  it('begins exactly where it was told to', () =>
    withHub({ partitions: 2 }, async (rig) => {
      // The clock of the sender goes back after event 4: events 4, 5 and 6 share a time.
      const times = [0, 10, 20, 30, 40, 5, 40, 50, 60, 70];
      const offsets = times.map((time) => rig.hub.append('1', json(time), T0 + time).offset);
      const from = (first: number) => times.map((_, index) => index).slice(first);
      const cases: Array<[EventPosition, number[]]> = [
        [{ offset: '-1' }, from(0)],
        [{ offset: offsets[3]! }, from(4)],
        [{ offset: offsets[3]!, isInclusive: true }, from(3)],
        [{ sequenceNumber: 6 }, from(7)],
        [{ sequenceNumber: 6, isInclusive: true }, from(6)],
        [{ sequenceNumber: -1 }, from(0)],
        [{ enqueuedOn: T0 + 39 }, from(4)],
        [{ enqueuedOn: new Date(T0 + 40) }, from(7)],
        [{ enqueuedOn: 0 }, from(0)],
      ];
      for (const [position, wanted] of cases)
        assert.deepEqual(await rig.readAll('1', position), wanted, JSON.stringify(position));
    }));

  it('latest means what comes after the reader', () =>
    withHub({ partitions: 1 }, async (rig) => {
      rig.hub.append('0', json('early'));
      const { events } = rig.read('0', { startPosition: { offset: '@latest' } });
      await until(() => rig.readersOf('0').length === 1, 'the reader');
      rig.hub.append('0', json('late'));
      await until(() => events.length > 0, 'an event');
      await sleep(50);
      assert.deepEqual(
        events.map((event) => event.body),
        ['late'],
      );
    }));

  it('a position of another hub or partition, or a sequence number for an offset, is refused', () =>
    withHub({ partitions: 2 }, async (rig) => {
      const offset = rig.hub.append('0', json(1)).offset;
      rig.hub.append('1', json(1));
      const positions: EventPosition[] = [
        { offset },
        { offset: '0' },
        { offset: '1-000000ff' },
        { sequenceNumber: 1 },
        { offset: 'x' },
      ];
      const readings = positions.map((startPosition) => rig.read('1', { startPosition }));
      await until(() => readings.every((reading) => reading.errors.length > 0), 'an error each');
      for (const { errors } of readings) assert.equal((errors[0] as { code?: string }).code, 'ArgumentError');
    }));

  it('enqueued time never goes back inside a partition', () =>
    withHub({ partitions: 1 }, async (rig) => {
      for (const time of [100, 50, 120, 0, 121]) rig.hub.append('0', json(time), T0 + time);
      const { events } = rig.read('0');
      await until(() => events.length === 5, 'all events');
      assert.deepEqual(
        events.map((event) => event.enqueuedTimeUtc.getTime() - T0),
        [100, 100, 120, 120, 121],
      );
    }));

  it('thousands of events, larger than a frame, arrive in order and within the credit', () =>
    withHub({ partitions: 1 }, async (rig) => {
      const complaints = mock.method(console, 'error', () => {});
      const pad = 'x'.repeat(100_000);
      for (let index = 0; index < 3000; index += 1)
        rig.hub.append('0', json({ index, pad: index % 50 === 0 ? pad : '' }));
      const { events, errors } = rig.read('0', { maxBatchSize: 500 });
      await until(() => events.length >= 3000, 'all events', 15_000);
      assert.ok(events.every((event, index) => event.body.index === index));
      assert.deepEqual(errors, []);
      // rhea complains on the console when a peer sends more than it was allowed to.
      assert.deepEqual(
        complaints.mock.calls.map((call) => call.arguments),
        [],
      );
      complaints.mock.restore();
    }));

  it('sends as many events as the credit says, not one more', () =>
    withHub({ partitions: 1 }, async (rig) => {
      for (let index = 0; index < 100; index += 1) rig.hub.append('0', json(index));
      const connection = await connectRaw(rig.hub);
      await putToken(connection, rig.hub);
      const link = connection.open_receiver({
        source: READER,
        credit_window: 0,
      });
      let received = 0;
      link.on('message', () => (received += 1));
      link.add_credit(7);
      await until(() => received >= 7, 'the first seven');
      // New events are no reason to send either.
      rig.hub.append('0', json('more'));
      await sleep(50);
      assert.equal(received, 7);
      for (let round = 0; round < 5; round += 1) link.add_credit(1);
      await until(() => received >= 12, 'five more');
      await sleep(50);
      assert.equal(received, 12);
      assert.deepEqual(rig.readersOf('0'), [
        { group: '$Default', epoch: null, credit: 0, sent: 12, next: 12 },
      ]);
      connection.close();
      await until(() => rig.readersOf('0').length === 0, 'the reader leaves with its connection');
    }));

  it('a client that accepts late still gets all it asked for', () =>
    withHub({ partitions: 1 }, async (rig) => {
      for (let index = 0; index < 700; index += 1) rig.hub.append('0', json(index));
      const connection = await connectRaw(rig.hub);
      await putToken(connection, rig.hub);
      const link = connection.open_receiver({ source: READER, credit_window: 0, autoaccept: false });
      let received = 0;
      link.on('message', () => (received += 1));
      link.add_credit(600);
      await until(() => received >= 600, 'as many as asked for');
      connection.close();
    }));

  it('credit counts once, also while the window of the session is shut', () =>
    withHub({ partitions: 1 }, async (rig) => {
      for (let index = 0; index < 100; index += 1) rig.hub.append('0', json(index));
      const connection = await connectRaw(rig.hub);
      await putToken(connection, rig.hub);
      const session = connection.create_session({ incoming: 4 });
      session.begin();
      const link = session.open_receiver({ source: READER, credit_window: 0, autoaccept: false });
      const deliveries: Delivery[] = [];
      link.on('message', ({ delivery }: EventContext) => deliveries.push(delivery!));
      link.add_credit(10);
      await until(() => deliveries.length === 4, 'what the window lets through');
      for (const body of ['each', 'append', 'wakes', 'the reader']) {
        rig.hub.append('0', json(body));
        await sleep(10);
      }
      assert.equal(rig.readersOf('0')[0]!.sent, 10);
      const accepting = setInterval(
        () => deliveries.splice(0).forEach((delivery) => void delivery.accept()),
        5,
      );
      await until(() => rig.readersOf('0')[0]!.credit === 0, 'the rest');
      clearInterval(accepting);
      assert.equal(rig.readersOf('0')[0]!.sent, 10);
      connection.close();
    }));

  it('more credit than a session can hold unsettled does no harm', () =>
    withHub({ partitions: 1 }, async (rig) => {
      for (let index = 0; index < 3000; index += 1) rig.hub.append('0', json(index));
      const connection = await connectRaw(rig.hub);
      await putToken(connection, rig.hub);
      const session = connection.create_session({ incoming: 4000 });
      session.begin();
      const link = session.open_receiver({ source: READER, credit_window: 0, autoaccept: false });
      const deliveries: Delivery[] = [];
      link.on('message', ({ delivery }: EventContext) => deliveries.push(delivery!));
      link.add_credit(5000);
      await until(() => deliveries.length >= 2048, 'as many as may be unsettled');
      await sleep(50);
      assert.equal(deliveries.length, 2048);
      for (const delivery of deliveries) delivery.accept();
      await until(() => deliveries.length === 3000, 'the rest');
      connection.close();
    }));

  it('a reader that retention overtakes goes on with the oldest event left', () =>
    withHub({ partitions: 1, retentionBytes: 4000 }, async (rig) => {
      const connection = await connectRaw(rig.hub);
      await putToken(connection, rig.hub);
      const link = connection.open_receiver({ source: READER, credit_window: 0 });
      await within(2000, next(link, 'receiver_open'));
      for (let index = 0; index < 20; index += 1) rig.hub.append('0', Buffer.alloc(1000));
      link.add_credit(1);
      const { message } = await within(2000, next(link, 'message'));
      const { firstSequenceNumber } = rig.hub.stats().partitions[0]!;
      assert.ok(firstSequenceNumber > 10);
      assert.equal(message!.message_annotations!['x-opt-sequence-number'], firstSequenceNumber);
      connection.close();
    }));

  it('a client that does not read its socket does not fill the memory of the hub', () =>
    withHub({ partitions: 1 }, async (rig) => {
      const body = Buffer.alloc(512 * 1024);
      for (let index = 0; index < 100; index += 1) rig.hub.append('0', body);
      const connection = await connectRaw(rig.hub);
      await putToken(connection, rig.hub);
      const link = connection.open_receiver({ source: READER, credit_window: 0 });
      let received = 0;
      link.on('message', () => (received += 1));
      link.add_credit(1000);
      connection.socket.pause();
      // What is sent is in the buffers of the kernel or waits in the hub, which holds some 4 MiB.
      let sent = -1;
      for (; sent !== rig.readersOf('0')[0]?.sent; await sleep(100)) sent = rig.readersOf('0')[0]?.sent ?? 0;
      assert.ok(sent > 0 && sent < 60, `${sent} of 100 sent`);
      connection.socket.resume();
      await until(() => received === 100, 'all events');
      connection.close();
    }));

  it('refuses a selector that it does not know', () =>
    withHub({ partitions: 1 }, async (rig) => {
      const connection = await connectRaw(rig.hub);
      await putToken(connection, rig.hub);
      const link = connection.open_receiver({
        source: {
          address: READER,
          filter: { [SELECTOR_FILTER]: rhea.types.wrap_described("colour = 'red'", 0x468c00000004) },
        },
      });
      await within(2000, next(link, 'receiver_error'));
      assert.equal((link.error as { condition?: string }).condition, 'amqp:invalid-field');
      connection.close();
    }));

  it('tells how far the partition is when asked to', () =>
    withHub({ partitions: 1 }, async (rig) => {
      rig.hub.append('0', json(1), T0);
      const last = rig.hub.append('0', json(2), T0 + 5);
      const reading = rig.read('0', { trackLastEnqueuedEventProperties: true });
      const properties = await until(() => reading.lastEnqueued, 'events');
      const { retrievedOn, ...rest } = properties as { retrievedOn: Date };
      assert.deepEqual(rest, { sequenceNumber: 1, offset: last.offset, enqueuedOn: new Date(T0 + 5) });
      assert.ok(Math.abs(retrievedOn.getTime() - Date.now()) < 10_000);
    }));

  it('a reader that stopped costs the hub nothing', () =>
    withHub({ partitions: 1 }, async (rig) => {
      const { subscription } = rig.read('0');
      await until(() => rig.readersOf('0').length === 1, 'the reader');
      await subscription.close();
      await until(() => rig.readersOf('0').length === 0, 'its end');
    }));
});
