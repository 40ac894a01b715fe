import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { ContainerClient } from '@azure/storage-blob';
import { type BlobHistoryOptions, blobHistory } from '../../../src/sources/blobs/blob-history.ts';
import { Azurite, append, put, skipAzurite } from './azurite.ts';
import { DAY, HOUR_MS, hourOf, Ledger, linesOf, text } from './ledger.ts';

const azurite = new Azurite();

const historyOf = ({ url }: ContainerClient, options: Partial<BlobHistoryOptions> = {}, below = '') =>
  blobHistory({ address: { url: `${url}${below}`, credential: azurite.credential }, ...options });

describe('an archive of many servers', { skip: skipAzurite }, () => {
  const servers = ['A', 'B', 'C', 'D', 'E', 'F'];

  it('comes with the oldest hour first, each blob as a whole, and only the hours asked for', async () => {
    const container = await azurite.container();
    const hours = [-26, -2, -1, 0, 1, 5, 6, 7, 8, 30];
    for (const server of servers)
      for (const hour of hours)
        await append(container, hourOf(server, hour), text(linesOf(server, hour, 0, 3)));
    const ledger = new Ledger();
    const asked = { since: DAY + 10, until: DAY + 6 * HOUR_MS };
    const read = await ledger.read(historyOf(container, { batchBytes: 500 }), asked);
    const wanted = [-1, 0, 1, 5, 6].flatMap((hour) =>
      servers.flatMap((server) => linesOf(server, hour, 0, 3)),
    );
    assert.deepEqual(read, wanted);
    const { done, total } = ledger.batches.at(-1)!;
    assert.equal(total, Buffer.byteLength(text(wanted)));
    assert.equal(done, total);
    assert.ok(ledger.batches.every(({ contiguous, unit }) => !contiguous && unit === 'bytes'));
    assert.deepEqual(await ledger.read(historyOf(container), asked), []);
    assert.deepEqual(ledger.events, []);
  });

  it('goes on after any batch, as if it had never stopped', async () => {
    const container = await azurite.container();
    const wanted: string[] = [];
    for (const hour of [0, 1]) {
      for (const server of servers) {
        const lines = linesOf(server, hour, 0, 7);
        await append(container, hourOf(server, hour), `\n${text(lines, '\r\n')}`);
        wanted.push(...lines);
      }
    }
    const ledger = new Ledger();
    for (let readings = 0; readings < 200; readings++) {
      const history = historyOf(container, { batchBytes: 200, chunkBytes: 100 + readings });
      if ((await ledger.read(history, {}, 1 + (readings % 3))).length === 0) break;
    }
    assert.deepEqual(ledger.lines, wanted);
  });

  it('is read below a prefix, of one server or of one day', async () => {
    const container = await azurite.container();
    const other = DAY + 24 * HOUR_MS;
    for (const server of ['A', 'AB', 'B'])
      for (const day of [DAY, other]) await append(container, hourOf(server, 3, day), `"${server} ${day}"\n`);
    const below = hourOf('A', 3).split('/y=')[0]!;
    const wide = { until: DAY + 48 * HOUR_MS };
    const read = (prefix: string) => new Ledger().read(historyOf(container, {}, `/${prefix}`), wide);
    assert.deepEqual(await read(`${below}/`), [`"A ${DAY}"`, `"A ${other}"`]);
    assert.deepEqual(await read(`${below}/y=2026/m=07/d=03`), [`"A ${other}"`]);
    assert.deepEqual(await read(hourOf('B', 3)), [`"B ${DAY}"`]);
  });
});

describe('other containers', { skip: skipAzurite }, () => {
  it('of a data export are read, with the files that follow after 50,000 appends', async () => {
    const container = await azurite.container();
    const folder =
      'WorkspaceResourceId=/subscriptions/5/resourcegroups/rg/providers/x/workspaces/w/y=2026/m=07/d=02/h=03';
    for (const [name, line] of [
      ['m=00/PT05M.json', 1],
      ['m=00/PT05M_1.json', 2],
      ['m=55/PT05M.json', 3],
    ])
      await append(container, `${folder}/${name}`, `{"number":${line}}\n`);
    await append(container, `${folder.replace('d=02', 'd=09')}/m=00/PT05M.json`, '{"number":9}\n');
    const found = await new Ledger().read(historyOf(container));
    assert.deepEqual(found, ['{"number":1}', '{"number":2}', '{"number":3}']);
  });

  it('without folders of a time are read as a whole, packed or not, and nothing else in them', async () => {
    const container = await azurite.container();
    await put(container, 'a/one.json', '{"number":1}\n');
    await put(container, 'b.json.gz', gzipSync('{"number":2}\n{"number":3}'));
    await put(container, 'c.json', '{"number":4}');
    await put(container, 'empty.json', '');
    await put(container, 'readme.txt', 'no record');
    const ledger = new Ledger();
    const wanted = [1, 2, 3, 4].map((number) => JSON.stringify({ number }));
    assert.deepEqual(await ledger.read(historyOf(container)), wanted);
    assert.deepEqual(await ledger.read(historyOf(container)), []);
  });
});
