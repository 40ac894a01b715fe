import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import rhea from 'rhea';
import { MAX_MESSAGE_SIZE } from '../../src/demo/hub/producer.ts';
import { connectRaw, next, putToken } from '../demo/hub/raw-client.ts';
import { sleep, until, within } from '../demo/hub/rig.ts';
import { CLOSE_MS, Ledger, range, untilStored, withSources } from './source-rig.ts';

// Each test has a hub of its own, and mostly waits.
describe('an Event Hubs source', { concurrency: true }, () => {
  describe('reading a hub', { concurrency: true }, () => {
    it('stores every message once, in the order of its partition, with its place', () =>
      withSources({ partitions: 3 }, async (rig) => {
        const ledger = new Ledger();
        for (const partition of ['0', '1']) rig.append(partition, 0, 700);
        const { source, events, started } = rig.open(ledger);
        await started;
        rig.append('1', 700, 900);
        rig.append('2', 0, 1);
        await untilStored(ledger, 700 + 900 + 1);
        for (const [partition, count] of [
          ['0', 700],
          ['1', 900],
          ['2', 1],
        ] as const)
          assert.deepEqual(ledger.of(partition), range(0, count));
        for (const { body, sequenceNumber, offset, source: name } of ledger.stored) {
          assert.equal(Buffer.from(body).toString(), String(sequenceNumber));
          assert.notEqual(offset, String(sequenceNumber));
          assert.match(name, /^eventhub:127\.0\.0\.1\/logs\/\$Default@\d{4}-\d\d-\d\dT[\d:.]+Z$/);
        }
        assert.equal(ledger.repeated, 0);
        assert.deepEqual(events, [{ kind: 'connected', source: source.source, partitions: 3 }]);
      }));

    it('goes on after close with exactly the new messages', () =>
      withSources({ partitions: 2 }, async (rig) => {
        const ledger = new Ledger();
        for (const [from, to] of [
          [0, 250],
          [250, 251],
          [251, 600],
        ] as const) {
          rig.append('0', from, to);
          rig.append('1', from, to);
          const { source } = rig.open(ledger);
          await untilStored(ledger, 2 * to);
          await within(CLOSE_MS, source.close());
          await within(100, source.close());
        }
        for (const partition of ['0', '1']) assert.deepEqual(ledger.of(partition), range(0, 600));
        assert.equal(ledger.repeated, 0);
      }));

    it('stores nothing after close', () =>
      withSources({ partitions: 1 }, async (rig) => {
        const ledger = new Ledger();
        const { source, events } = rig.open(ledger);
        rig.append('0', 0, 10);
        await untilStored(ledger, 10);
        await within(CLOSE_MS, source.close());
        rig.append('0', 10, 20);
        await sleep(300);
        assert.equal(ledger.stored.length, 10);
        assert.deepEqual(rig.readers('0'), []);
        assert.equal(events.length, 1);
      }));

    it('starts in an unknown partition at the earliest message, if so configured', () =>
      withSources({ partitions: 1 }, async (rig) => {
        const ledger = new Ledger();
        rig.append('0', 0, 5);
        rig.open(ledger, { startPosition: 'earliest' });
        await untilStored(ledger, 5);
      }));

    it('starts in an unknown partition at the end, if so configured, and resumes all the same', () =>
      withSources({ partitions: 2 }, async (rig) => {
        const ledger = new Ledger();
        rig.append('0', 0, 5);
        const first = rig.open(ledger, { startPosition: 'latest' });
        await first.started;
        rig.append('0', 5, 8);
        rig.append('1', 0, 2);
        await untilStored(ledger, 5);
        assert.deepEqual(ledger.of('0'), [5, 6, 7]);
        assert.deepEqual(ledger.of('1'), [0, 1]);
        await first.source.close();
        rig.append('0', 8, 10);
        rig.open(ledger, { startPosition: 'latest' });
        await untilStored(ledger, 7);
        assert.deepEqual(ledger.of('0'), [5, 6, 7, 8, 9]);
      }));

    it('takes a message of the largest size as it is', () =>
      withSources({ partitions: 1 }, async (rig) => {
        const ledger = new Ledger();
        const body = randomBytes(MAX_MESSAGE_SIZE - 200);
        rig.hub.append('0', body);
        rig.append('0', 1, 2);
        rig.open(ledger);
        await untilStored(ledger, 2);
        assert.ok(body.equals(ledger.stored[0]!.body));
      }));

    it('takes a body that is not one piece of bytes, and what follows it', () =>
      withSources({ partitions: 1 }, async (rig) => {
        const connection = await connectRaw(rig.hub);
        await putToken(connection, rig.hub);
        const sender = connection.open_sender({ target: 'logs/Partitions/0' });
        await next(sender, 'sendable');
        const { data_section, data_sections, sequence_section } = rhea.message;
        let nested: unknown = [];
        for (let depth = 0; depth < 500; depth++) nested = [nested];
        const bodies: Array<[unknown, string | null]> = [
          [data_section(Buffer.from('one')), 'one'],
          [data_sections([Buffer.from('{"two":'), Buffer.from('2}')]), '{"two":2}'],
          [data_section(Buffer.alloc(0)), ''],
          ['text', 'text'],
          [{ records: [] }, '{"records":[]}'],
          [4, '4'],
          [null, null],
          [sequence_section([1, 'a']), '[1,"a"]'],
          [rhea.types.wrap_ulong(2 ** 60), null],
          [rhea.types.wrap_double(Number.NaN), null],
          [new Date(0), null],
          [nested, null],
          [data_section(Buffer.from('last')), 'last'],
        ];
        for (const [body] of bodies) sender.send({ body });
        await until(() => rig.hub.stats().partitions[0]!.nextSequenceNumber === bodies.length, 'all sent');
        connection.close();
        const ledger = new Ledger();
        const { events } = rig.open(ledger);
        await untilStored(ledger, bodies.length);
        ledger.texts.forEach((text, index) => {
          const wanted = bodies[index]![1];
          if (wanted !== null) assert.equal(text, wanted);
        });
        assert.ok(ledger.stored.every(({ body }) => body instanceof Uint8Array));
        assert.deepEqual(
          events.map(({ kind }) => kind),
          ['connected'],
        );
      }));
  });

  describe('lag', { concurrency: true }, () => {
    it('counts the messages behind the last one stored', () =>
      withSources({ partitions: 2 }, async (rig) => {
        const ledger = new Ledger();
        let release = () => {};
        const gate = new Promise<void>((resolve) => {
          release = resolve;
        });
        let first = true;
        rig.append('0', 0, 300);
        const { source } = rig.open(ledger, {
          ingest: async (messages) => {
            await ledger.ingest(messages.slice(0, 1));
            if (first) {
              first = false;
              await gate;
            }
            await ledger.ingest(messages);
          },
        });
        assert.deepEqual(source.lag(), []);
        await until(() => ledger.stored.length === 1, 'the first message');
        assert.deepEqual(source.lag(), [{ partition: '0', messages: 299 }]);
        release();
        await untilStored(ledger, 300);
        assert.deepEqual(source.lag(), [{ partition: '0', messages: 0 }]);
      }));

    it('tells the partitions in which messages wait, before the first of them is here', () =>
      withSources({ partitions: 3 }, async (rig) => {
        const ledger = new Ledger();
        let release = () => {};
        const gate = new Promise<void>((resolve) => {
          release = resolve;
        });
        rig.append('1', 0, 300);
        const { source, started } = rig.open(ledger, {
          ingest: async (messages) => {
            await gate;
            await ledger.ingest(messages);
          },
        });
        assert.deepEqual(source.behind(), [], 'it knows of none');
        await started;
        assert.deepEqual(source.behind(), ['1']);
        release();
        await untilStored(ledger, 300);
        assert.deepEqual(source.behind(), []);
      }));

    it('takes a partition that is never without messages for busy, after a minute, and not for behind', (t) =>
      withSources({ partitions: 1 }, async (rig) => {
        const ledger = new Ledger();
        let release = () => {};
        const gate = new Promise<void>((resolve) => {
          release = resolve;
        });
        const { source, started } = rig.open(ledger, {
          ingest: async (messages) => {
            await gate;
            await ledger.ingest(messages);
          },
        });
        await started;
        rig.append('0', 0, 300);
        await until(() => source.behind().join() === '0', 'messages that wait');
        const now = Date.now();
        const clock = t.mock.method(Date, 'now', () => now + 61_000);
        assert.deepEqual(source.behind(), []);
        clock.mock.restore();
        release();
        await untilStored(ledger, 300);
      }));

    it('does not count what came before a start at the end', () =>
      withSources({ partitions: 1 }, async (rig) => {
        rig.append('0', 0, 300);
        let lag: object[] = [];
        const { source, started } = rig.open(new Ledger(), {
          startPosition: 'latest',
          ingest: async () => {
            lag = source.lag();
          },
        });
        await started;
        rig.append('0', 300, 302);
        await until(() => lag.length > 0, 'a batch');
        assert.deepEqual(lag, [{ partition: '0', messages: 2 }]);
      }));
  });
});
