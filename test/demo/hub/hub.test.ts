import assert from 'node:assert/strict';
import { createConnection } from 'node:net';
import { describe, it } from 'node:test';
import { LoopbackHub, type LoopbackHubOptions } from '../../../src/demo/hub/hub.ts';
import { PgvigilError } from '../../../src/errors.ts';
import { json, SOME_TRIES, sleep, until, withHub, within } from './rig.ts';

describe('the loopback hub', () => {
  it('listens on the loopback address only', async () => {
    for (const host of ['0.0.0.0', '::', 'localhost', '10.0.0.4']) {
      await assert.rejects(
        LoopbackHub.start({ host } as unknown as LoopbackHubOptions),
        (error) => error instanceof PgvigilError && error.code === 'CONFIG_INVALID',
      );
    }
  });

  it('refuses a number of partitions that no hub has', async () => {
    for (const partitions of [0, -1, 1.5, 33, Number.NaN])
      await assert.rejects(LoopbackHub.start({ partitions }), PgvigilError);
  });

  it('has a key of its own each time', async () => {
    const hubs = [await LoopbackHub.start(), await LoopbackHub.start()];
    const keys = hubs.map((hub) => /SharedAccessKey=([^;]{40,});/.exec(hub.connectionString)?.[1]);
    for (const hub of hubs) await hub.close();
    assert.ok(keys[0]);
    assert.notEqual(keys[0], keys[1]);
  });

  it('keeps port, key and events over close and listen', () =>
    withHub({ partitions: 1 }, async (rig) => {
      const { hub } = rig;
      const before = hub.connectionString;
      hub.append('0', json('kept'));
      await hub.close();
      await hub.close();
      await assert.rejects(rig.producer().getPartitionIds());
      await hub.listen();
      await hub.listen();
      assert.equal(hub.connectionString, before);
      hub.append('0', json('new'));
      assert.deepEqual(await rig.readAll('0', { offset: '-1' }), [0, 1]);
    }));

  it('closes although a connection never spoke', async () => {
    const hub = await LoopbackHub.start();
    const port = Number(/:(\d+);/.exec(hub.connectionString)![1]);
    const silent = createConnection(port, '127.0.0.1');
    silent.on('error', () => {});
    await new Promise((resolve) => silent.once('connect', resolve));
    await sleep(20);
    await within(1000, hub.close());
    silent.destroy();
  });

  it('survives bytes that are not AMQP', () =>
    withHub({}, async (rig) => {
      const port = Number(/:(\d+);/.exec(rig.hub.connectionString)![1]);
      for (const bytes of [
        'GET / HTTP/1.1\r\n\r\n',
        'AMQP\x00\x01\x00\x00\x00\x00\x00\x08\x02\x00\x00\x00',
        '\xff'.repeat(64),
      ]) {
        const socket = createConnection(port, '127.0.0.1').on('error', () => {});
        socket.end(Buffer.from(bytes, 'latin1'));
        socket.resume();
        await within(2000, new Promise((resolve) => socket.once('close', resolve)));
      }
      assert.deepEqual(await rig.producer().getPartitionIds(), ['0', '1', '2', '3']);
    }));
});

describe('faults', () => {
  const faults: Array<[string, (hub: LoopbackHub) => void]> = [
    ['a cut of the TCP connection', (hub) => hub.disconnectAll()],
    ['a detach of the readers', (hub) => hub.detachReaders()],
  ];
  for (const [name, inject] of faults) {
    it(`${name} loses and repeats nothing for a reader`, () =>
      withHub({ partitions: 1 }, async (rig) => {
        const reading = rig.read('0', { retryOptions: SOME_TRIES });
        const wanted = Array.from({ length: 300 }, (_, index) => index);
        for (const index of wanted) {
          rig.hub.append('0', json(index));
          if (index % 50 === 49) await until(() => reading.events.length > index - 30, 'traffic');
          if (index === 149) inject(rig.hub);
        }
        await until(() => reading.events.length >= wanted.length, 'all events');
        assert.deepEqual(
          reading.events.map((event) => event.body),
          wanted,
        );
        assert.equal(rig.readersOf('0').length, 1);
        assert.ok(rig.readersOf('0')[0]!.sent < wanted.length, 'the reader came back on a new link');
      }));
  }

  it('a cut of the TCP connection during sends loses nothing', () =>
    withHub({ partitions: 1 }, async (rig) => {
      const producer = rig.producer(undefined, { ...SOME_TRIES, timeoutInMs: 1000 });
      for (let index = 0; index < 6; index += 1) {
        const sent = producer.sendBatch([{ body: index }]);
        if (index === 3) rig.hub.disconnectAll();
        await sent;
      }
      const reading = rig.read('0');
      await until(() => reading.events.some((event) => event.body === 5), 'the last event');
      assert.deepEqual([...new Set(reading.events.map((event) => event.body))], [0, 1, 2, 3, 4, 5]);
    }));

  it('the AMQP close of a connection is followed by a new one', () =>
    withHub({ partitions: 1 }, async (rig) => {
      const producer = rig.producer(undefined, SOME_TRIES);
      await producer.sendBatch([{ body: 'before' }]);
      rig.hub.closeAll();
      // An operation in the instant of the close can hang for a minute: a race in the client.
      await sleep(300);
      await producer.sendBatch([{ body: 'after' }]);
      assert.equal(rig.hub.stats().partitions[0]!.nextSequenceNumber, 2);
    }));

  it('the AMQP close of a connection takes its readers with it', () =>
    withHub({ partitions: 1 }, async (rig) => {
      rig.read('0');
      await until(() => rig.readersOf('0').length === 1, 'reader');
      rig.hub.closeAll();
      assert.deepEqual(rig.readersOf('0'), []);
    }));

  it('a busy hub refuses as many sends as asked and the client tries again', () =>
    withHub({ partitions: 1 }, async (rig) => {
      rig.hub.rejectNextSends(2);
      await rig.producer(undefined, SOME_TRIES).sendBatch([{ body: 1 }]);
      rig.hub.rejectNextSends(1);
      await assert.rejects(rig.producer().sendBatch([{ body: 2 }]), { code: 'ServerBusyError' });
      await rig.producer().sendBatch([{ body: 3 }]);
      const reading = rig.read('0');
      await until(() => reading.events.length >= 2, 'both events');
      assert.deepEqual(
        reading.events.map((event) => event.body),
        [1, 3],
      );
    }));
});
