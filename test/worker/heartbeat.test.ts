import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { disable, enable } from '../../src/alerts/disabled-channels.ts';
import { replay } from '../../src/alerts/outbox.ts';
import { enqueueMany } from '../alerts/support.ts';
import { T0 } from '../store/support.ts';
import { HUB, MINUTE, Rig } from './heartbeat-rig.ts';

const DAY = 86_400_000;
const PERSON = { name: 'dba', via: 'cli' } as const;

describe('the heartbeat of servers', () => {
  it('tells once that one is silent, over restarts, and that it is back', async (t) => {
    const rig = await Rig.open(t);
    await rig.arrives('pg-1');
    assert.deepEqual(await rig.pass(30 * MINUTE), ['opened server pg-1']);
    assert.deepEqual(await rig.told(), ['soc: alert.opened server pg-1', 'chat: alert.opened server pg-1']);
    const commits = rig.store.commits;
    assert.deepEqual(await rig.look(), []);
    assert.equal(rig.store.commits, commits, 'a look at which nothing changed writes nothing');

    rig.restart();
    assert.deepEqual(await rig.pass(90 * MINUTE), []);
    await rig.arrives('pg-1');
    assert.deepEqual(await rig.look(), ['returned server pg-1']);
    assert.deepEqual(await rig.told(), [
      'soc: alert.closed server pg-1, is back after 2 h',
      'chat: alert.closed server pg-1, is back after 2 h',
    ]);
    const history = await rig.store.rows(
      'SELECT action, via, reason FROM store.alert_history ORDER BY sequence',
    );
    assert.deepEqual(history, [
      { action: 'opened', via: 'worker', reason: null },
      { action: 'closed', via: 'worker', reason: 'returned' },
    ]);
    assert.deepEqual(await rig.pass(30 * MINUTE), ['opened server pg-1'], 'the next silence is another');
  });

  it('goes by its own log: other categories may go on when that is switched off', async (t) => {
    const rig = await Rig.open(t);
    await rig.arrives('pg-1');
    await rig.pass(20 * MINUTE);
    await rig.arrives('pg-1', '0', 'PostgreSQLFlexSessions');
    assert.deepEqual(await rig.pass(10 * MINUTE), ['opened server pg-1']);
  });

  it('gives everybody their time after a start, and tells of none that came with a backfill', async (t) => {
    const rig = await Rig.open(t);
    await rig.arrives('pg-1');
    rig.source = 'file:archive@x';
    await rig.arrives('pg-archive', '7');
    rig.source = `${HUB}@2026-01-01T00:00:00.000Z`;
    rig.now += 5 * 60 * MINUTE;
    rig.restart();
    assert.deepEqual(await rig.pass(29 * MINUTE), []);
    assert.deepEqual(await rig.pass(MINUTE), ['opened server pg-1']);
  });

  it('forgets one that is gone for a week', async (t) => {
    const rig = await Rig.open(t);
    await rig.arrives('pg-1');
    await rig.pass(30 * MINUTE);
    await rig.told();
    rig.now = T0 + 7 * DAY - MINUTE;
    await rig.arrives('pg-2');
    assert.deepEqual(await rig.look(), []);
    rig.now += MINUTE;
    assert.deepEqual(await rig.look(), ['gone server pg-1']);
    assert.match((await rig.told()).join(), /^soc: alert.closed server pg-1, is no longer expected/);
    rig.restart();
    assert.deepEqual(await rig.pass(60 * MINUTE), []);
  });

  it('leaves an alert to the person who has it', async (t) => {
    const rig = await Rig.open(t);
    await rig.arrives('pg-1');
    await rig.pass(30 * MINUTE);
    await rig.desk().decide(await rig.id(), { action: 'acknowledge', note: null }, PERSON);
    assert.deepEqual(await rig.pass(30 * MINUTE), []);
    await rig.desk().decide(await rig.id(), { action: 'close', reason: 'expected', note: null }, PERSON);
    await rig.told();
    assert.deepEqual(await rig.pass(30 * MINUTE), []);
    rig.restart();
    assert.deepEqual(await rig.pass(60 * MINUTE), []);
    await rig.arrives('pg-1');
    assert.deepEqual(await rig.look(), []);
    assert.deepEqual(await rig.told(), []);
    assert.deepEqual(await rig.pass(30 * MINUTE), ['opened server pg-1']);
    await rig.arrives('pg-1');
    assert.deepEqual(await rig.look(), ['returned server pg-1']);
    await rig.desk().decide(await rig.id(), { action: 'reopen', note: 'who was it?' }, PERSON);
    assert.deepEqual(await rig.look(), [], 'one that ended is theirs');
  });
});

describe('the heartbeat of the hub', () => {
  it('tells of the hub in place of all servers, which have their time anew when it is back', async (t) => {
    const rig = await Rig.open(t);
    await rig.arrives('pg-1');
    await rig.arrives('pg-2', '1');
    rig.lag = [{ partition: '0', messages: 7 }];
    assert.deepEqual(await rig.pass(120 * MINUTE, null), [`opened source ${HUB}`]);
    assert.equal((await rig.told()).length, 2);
    // The hub was made again.
    rig.source = `${HUB}@2026-03-02T10:00:00.000Z`;
    assert.deepEqual(await rig.pass(20 * MINUTE), [`returned source ${HUB}`]);
    assert.deepEqual(await rig.pass(10 * MINUTE), []);
    assert.deepEqual(await rig.pass(10 * MINUTE), ['opened server pg-1']);
  });

  it('tells of a partition that brings nothing although messages wait', async (t) => {
    const rig = await Rig.open(t);
    await rig.arrives('pg-2', '3');
    rig.lag = [{ partition: '3', messages: 12_345 }];
    assert.deepEqual(await rig.pass(60 * MINUTE), [`opened partition 3 of ${HUB}`]);
    const [row] = await rig.store.rows<{ summary: string }>('SELECT summary FROM store.alerts');
    assert.match(row?.summary ?? '', /and 12,345 messages wait$/);
    await rig.arrives('pg-2', '3');
    assert.deepEqual(await rig.look(), [`returned partition 3 of ${HUB}`]);
  });

  it('tells of a partition that is left out, once that is no chance', async (t) => {
    const rig = await Rig.open(t);
    await rig.arrives('pg-2', '3');
    assert.deepEqual(await rig.pass(190 * MINUTE), []);
    // The first of 20 messages was the first of the partition: it says where the hub is, not what it brought.
    assert.deepEqual(await rig.pass(20 * MINUTE), [`opened partition 3 of ${HUB}`]);
  });
});

describe('the heartbeat of channels', () => {
  it('tells the others that one takes nothing, and itself once it does', async (t) => {
    const rig = await Rig.open(t);
    rig.taking = ['chat'];
    await enqueueMany(rig.store, ['soc'], 2, rig.now);
    assert.deepEqual(await rig.pass(20 * MINUTE), ['opened channel soc']);
    assert.deepEqual(await rig.told(), ['soc: alert.opened channel soc', 'chat: alert.opened channel soc']);
    assert.deepEqual(await rig.pass(60 * MINUTE), ['updated channel soc'], 'it is high by now');
    rig.taking = ['soc', 'chat'];
    assert.deepEqual(await rig.pass(20 * MINUTE), ['returned channel soc']);
    const [row] = await rig.store.rows('SELECT severity, status FROM store.alerts');
    assert.deepEqual(row, { severity: 'high', status: 'closed' });
  });

  it('tells at once of one that is disabled', async (t) => {
    const rig = await Rig.open(t);
    rig.taking = ['soc'];
    await rig.store.transaction((transaction) => disable(transaction, 'chat', 'gone', rig.now));
    assert.deepEqual(await rig.look(), ['opened channel chat']);
    assert.deepEqual(await rig.pass(60 * MINUTE), []);
    await rig.store.transaction((transaction) => enable(transaction, 'chat'));
    assert.deepEqual(await rig.look(), [], 'what waits for it has not been taken');
    await rig.told();
    await rig.take('chat');
    assert.deepEqual(await rig.look(), ['returned channel chat']);
    assert.deepEqual(await rig.told(), [
      'soc: alert.closed channel chat, is back after 1 h',
      'chat: alert.closed channel chat, is back after 1 h',
    ]);
  });

  it('does not take the time before a digest or a replay for waiting', async (t) => {
    const rig = await Rig.open(t);
    rig.taking = [];
    await enqueueMany(rig.store, ['soc'], 2, rig.now);
    const set = (values: string) =>
      rig.store.transaction((transaction) => transaction.run(`UPDATE store.outbox SET ${values}`));
    await set("state = 'gathered'");
    await rig.pass(60 * MINUTE);
    const now = new Date(rig.now).toISOString().slice(0, -1);
    await set(`state = 'pending', next_attempt_at = TIMESTAMP '${now}'`);
    assert.deepEqual(await rig.look(), []);
    await set("state = 'dead', attempts = 10");
    await rig.pass(60 * MINUTE);
    await rig.store.transaction((transaction) =>
      replay(transaction, { channel: null, delivery: null }, rig.now),
    );
    assert.deepEqual(await rig.look(), []);
    assert.deepEqual(await rig.pass(20 * MINUTE), ['opened channel soc']);
  });
});
