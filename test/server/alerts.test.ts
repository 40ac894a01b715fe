/** The promise: alerts are listed, shown and decided on as with the command line, by who may, and with his name. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { alertWith, NOW } from '../alerts/support.ts';
import { type Rig, startRig, storeAlerts } from './rig.ts';

let rig: Rig;
const idOf = (number: number) => `al_${String(number).padStart(24, '0')}`;
const ALERTS = Array.from({ length: 7 }, (_, number) =>
  alertWith({
    alertId: idOf(number),
    severity: number % 2 === 0 ? 'critical' : 'low',
    status: number === 6 ? 'shadow' : 'open',
    server: number < 5 ? 'pg1' : 'pg2',
    // Two begin at one time, to the microsecond's neighbour.
    firstSeen: NOW + Math.floor(number / 2),
    lastSeen: NOW + number * 3_600_000,
    summary: number === 0 ? 'evil \u001b[2J\u202e' : 'plain',
  }),
);

before(async () => {
  rig = await startRig();
  await storeAlerts(rig.store, ALERTS);
});
after(() => rig.close());

interface List {
  alerts: { id: string; summary: string; first_seen: string }[];
  next: string | null;
}
const list = async (query: string) =>
  (await (await rig.ask(`/alerts${query}`, { token: 'pgv_viewer' })).json()) as List;
const ids = ({ alerts }: List) => alerts.map(({ id }) => id);

test('alerts come newest first, page by page, each once', async () => {
  const found: string[] = [];
  let cursor = '';
  do {
    const page = await list(`?limit=2${cursor}`);
    assert.ok(page.alerts.length <= 2);
    found.push(...ids(page));
    cursor = page.next === null ? '' : `&cursor=${page.next}`;
  } while (cursor !== '');
  assert.deepEqual(found, [6, 4, 5, 2, 3, 0, 1].map(idOf));
});

test('filters narrow the list, alone and together', async () => {
  assert.deepEqual(ids(await list('?severity=low')), [5, 3, 1].map(idOf));
  assert.deepEqual(ids(await list('?status=shadow,closed')), [idOf(6)]);
  assert.deepEqual(ids(await list('?server=pg2&severity=critical,high')), [idOf(6)]);
  assert.deepEqual(ids(await list('?detector=auth.brute_force_account&limit=1')), [idOf(6)]);
  assert.deepEqual(ids(await list('?detector=B99')), []);
  const since = new Date(NOW + 4 * 3_600_000).toISOString().slice(0, 16);
  assert.deepEqual(ids(await list(`?since=${since}`)), [6, 4, 5].map(idOf));
  assert.equal((await list('?since=99999d')).alerts.length, 7);
});

test('a filter that makes no sense is refused and says why', async () => {
  for (const query of [
    'status=opened',
    'severity=high,',
    'since=yesterday',
    'limit=0',
    'limit=501',
    'limit=x',
    'cursor=abc',
    'colour=red',
    'server=a&server=b',
  ]) {
    const response = await rig.ask(`/alerts?${query}`);
    assert.equal(response.status, 400, query);
    const { error } = (await response.json()) as { error: { code: string } };
    assert.equal(error.code, 'USAGE');
  }
});

test('an alert is shown whole, and what attackers wrote reaches no terminal', async () => {
  const response = await rig.ask(`/alerts/${idOf(0)}`, { token: 'pgv_viewer' });
  const text = await response.text();
  assert.doesNotMatch(text, /[\u001b\u202e]/);
  const alert = JSON.parse(text);
  assert.equal(alert.summary, 'evil \u001b[2J\u202e');
  assert.deepEqual([alert.evidence, alert.history], [[], []]);
  assert.equal((await rig.ask(`/alerts/${idOf(99)}`)).status, 404);
});

test('who decides is written down by the name of his token, and a second time is a conflict', async () => {
  const path = `/alerts/${idOf(1)}`;
  assert.deepEqual(await (await rig.post(`${path}/acknowledge`, { note: 'on it' })).json(), {
    id: idOf(1),
    status: 'acknowledged',
  });
  const closed = await rig.post(`${path}/close`, { reason: 'expected' }, { token: 'pgv_admin' });
  assert.equal(((await closed.json()) as { status: string }).status, 'closed');
  const again = await rig.post(`${path}/close`, { reason: 'expected' });
  assert.equal(again.status, 409);
  assert.equal((await rig.ask(`${path}/reopen`, { method: 'POST' })).status, 200);
  const steps = await rig.store.rows<{ line: string }>(
    `SELECT concat_ws(' ', action, actor, via, reason, note) AS line FROM alert_history ORDER BY sequence`,
  );
  assert.deepEqual(
    steps.map(({ line }) => line),
    ['acknowledged ana api on it', 'closed ada api expected', 'reopened ana api'],
  );
});

test('a decision needs the whole id, a reason that there is, and no unknown member', async () => {
  const { status } = await rig.post('/alerts/al_0/acknowledge', {});
  assert.equal(status, 400);
  assert.equal((await rig.post(`/alerts/${idOf(2)}/close`, { reason: 'bored' })).status, 400);
  assert.equal((await rig.post(`/alerts/${idOf(2)}/close`, {})).status, 400);
  assert.equal((await rig.post(`/alerts/${idOf(2)}/acknowledge`, { actor: 'root' })).status, 400);
  assert.equal((await rig.post(`/alerts/${idOf(98)}/acknowledge`, {})).status, 404);
});

test('dead letters and channels are the business of an admin', async () => {
  for (const [path, body] of [
    ['/deliveries/replay', {}],
    ['/channels/soc/enable', undefined],
  ] as const) {
    const refused = await rig.post(path, body);
    assert.equal(refused.status, 403);
    const { error } = (await refused.json()) as { error: { message: string } };
    assert.equal(error.message, 'this needs the role admin, and the token ana has analyst');
    // There are none: the desk was asked, and says so.
    assert.equal((await rig.post(path, body, { token: 'pgv_admin' })).status, 404);
  }
});
