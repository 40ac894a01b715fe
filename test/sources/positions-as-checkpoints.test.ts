import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Position } from '../../src/model/position.ts';
import { PositionsAsCheckpoints } from '../../src/sources/positions-as-checkpoints.ts';

const PLACE = { fullyQualifiedNamespace: 'ns', eventHubName: 'logs', consumerGroup: '$Default' };
const claim = (partitionId: string) => ({ ...PLACE, partitionId, ownerId: 'us' });
const list = (store: PositionsAsCheckpoints) => store.listCheckpoints('ns', 'logs', '$Default');

describe('positions as checkpoints', () => {
  it('are those of the store at the moment they are asked for', async () => {
    const positions = new Map<string, Position>();
    const store = new PositionsAsCheckpoints((partition) => positions.get(partition));
    await store.claimOwnership([claim('0'), claim('1')]);
    assert.deepEqual(await list(store), []);
    for (const sequenceNumber of [0, 7]) {
      const position = { source: 's', partition: '1', sequenceNumber, offset: `o${sequenceNumber}` };
      positions.set('1', position);
      const { offset } = position;
      assert.deepEqual(await list(store), [{ ...PLACE, partitionId: '1', sequenceNumber, offset }]);
    }
  });

  it('grant every claim, under a new etag each time', async () => {
    const store = new PositionsAsCheckpoints(() => undefined);
    const before = Date.now();
    const granted = [
      ...(await store.claimOwnership([claim('0'), claim('1')])),
      ...(await store.claimOwnership([claim('0')])),
    ];
    assert.deepEqual(
      granted.map(({ partitionId, ownerId }) => [partitionId, ownerId]),
      [
        ['0', 'us'],
        ['1', 'us'],
        ['0', 'us'],
      ],
    );
    assert.equal(new Set(granted.map(({ etag }) => etag)).size, 3);
    assert.ok(granted.every(({ lastModifiedTimeInMs }) => lastModifiedTimeInMs! >= before));
    assert.deepEqual(
      (await store.listOwnership()).map(({ partitionId }) => partitionId),
      ['0', '1'],
    );
  });

  it('forget who reads a partition that is given back', async () => {
    const store = new PositionsAsCheckpoints(() => undefined);
    await store.claimOwnership([claim('0'), claim('1')]);
    store.release('0');
    store.release('9');
    assert.deepEqual(
      (await store.listOwnership()).map(({ partitionId }) => partitionId),
      ['1'],
    );
  });
});
