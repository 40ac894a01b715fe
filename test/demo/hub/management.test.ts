import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { json, withHub } from './rig.ts';

describe('management', () => {
  it('tells name, age and partitions of the hub', () =>
    withHub({ hub: 'Audit', partitions: 3 }, async (rig) => {
      const properties = await rig.producer().getEventHubProperties();
      assert.equal(properties.name, 'Audit');
      assert.deepEqual(properties.partitionIds, ['0', '1', '2']);
      assert.ok(Math.abs(properties.createdOn.getTime() - Date.now()) < 10_000);
    }));

  it('tells where a partition begins and ends, also when it is empty or has dropped events', () =>
    withHub({ partitions: 2, retentionBytes: 800 }, async (rig) => {
      const producer = rig.producer();
      const empty = await producer.getPartitionProperties('1');
      assert.equal(empty.isEmpty, true);
      assert.equal(empty.beginningSequenceNumber, 0);
      assert.equal(empty.lastEnqueuedSequenceNumber, -1);

      const time = Date.UTC(2026, 0, 2);
      for (let index = 0; index < 9; index += 1) rig.hub.append('0', Buffer.alloc(300), time + index);
      const last = rig.hub.append('0', json('last'), time + 60_000);
      const full = await producer.getPartitionProperties('0');
      assert.equal(full.partitionId, '0');
      assert.equal(full.isEmpty, false);
      assert.equal(full.beginningSequenceNumber, 8);
      assert.equal(full.lastEnqueuedSequenceNumber, 9);
      assert.equal(full.lastEnqueuedOffset, last.offset);
      assert.equal(full.lastEnqueuedOnUtc.getTime(), time + 60_000);
      assert.deepEqual(await rig.readAll('0', { offset: '-1' }), [8, 9]);
    }));
});
