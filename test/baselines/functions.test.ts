/** The functions that baselines and detectors share put alike what belongs together, and fail on nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryStore } from '../store/support.ts';

const NETWORKS: [client: string | null, network: string | null][] = [
  ['10.1.2.3', '10.1.2.0/24'],
  ['::ffff:10.1.2.3', '10.1.2.0/24'],
  ['::FFFF:10.1.2.3', '10.1.2.0/24'],
  ['2001:DB8:1:4::2', '2001:db8:1::/48'],
  ['2001:0db8:0001:ffff:1:2:3:4', '2001:db8:1::/48'],
  ['2001:db8::1', '2001:db8:0::/48'],
  ['::2:3:4:5:6:7:8', '0:2:3::/48'],
  ['::1', '0:0:0::/48'],
  ['::', '0:0:0::/48'],
  ['fe80::1%eth0', 'fe80:0:0::/48'],
  ['[local]', '[local]'],
  ['App-1.example', 'app-1.example'],
  ['10.1.2.3.4', '10.1.2.3.4'],
  ['1:2:3:4:5:6:7:8:9:10', '1:2:3::/48'],
  [':'.repeat(40), '0:0:0::/48'],
  ['', ''],
  [null, null],
];

test('network_of, masked_name and hour_of_week', async (t) => {
  const store = await temporaryStore(t);
  for (const [client, network] of NETWORKS) {
    const [row] = await store.rows('SELECT network_of($client::VARCHAR) AS network', { client });
    assert.equal(row?.network, network, String(client));
  }
  const [row] = await store.rows(`
    SELECT masked_name('Orders-API 4.2') = masked_name('orders-api 4.10.1') AS same_name, masked_name('psql') AS plain,
      hour_of_week(TIMESTAMP '2026-11-02 00:30') AS monday, hour_of_week(TIMESTAMP '2026-11-01 23:30') AS sunday`);
  assert.deepEqual({ ...row }, { same_name: true, plain: 'psql', monday: 0n, sunday: 167n });
});

test('order_of goes by rank, then by moment, and any moment of the store has its place', async (t) => {
  const store = await temporaryStore(t);
  const order = `
    SELECT rank, moment::VARCHAR AS moment FROM unnest([0, 1, 2, 3]) r(rank), unnest([
      TIMESTAMP '2248-09-26 15:10:22.207', TIMESTAMP '2026-11-28 06:00:00.001', TIMESTAMP '2026-11-28 06:00:00',
      TIMESTAMP '1970-01-01'
    ]) m(moment)`;
  const byNumber = await store.rows(`FROM (${order}) ORDER BY order_of(rank, moment::TIMESTAMP, 'x')`);
  assert.deepEqual(byNumber, await store.rows(`FROM (${order}) ORDER BY rank, moment::TIMESTAMP`));
  const [bounds] = await store.rows(`
    SELECT order_of(0, make_timestamp_ms(-8640000000000000), 'a') >= 0 AS low,
      order_of(3, make_timestamp_ms(8640000000000000), 'a') > order_of(3, TIMESTAMP '2026-11-28', 'b') AS high,
      order_of(0, make_timestamp_ms(8640000000000000), 'a') < order_of(1, TIMESTAMP '1960-01-01', 'b') AS rank,
      order_of(0, TIMESTAMP '2026-11-28', 'a') <> order_of(0, TIMESTAMP '2026-11-28', 'b') AS tie`);
  assert.deepEqual({ ...bounds }, { low: true, high: true, rank: true, tie: true });
});
