import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Life } from '../../../src/alerts/heartbeat/lives.ts';
import { judgeSilences, type KnownSilence } from '../../../src/alerts/heartbeat/silences.ts';
import type { Alert } from '../../../src/model/alert.ts';
import { NOW } from '../support.ts';

const HOUR = 3_600_000;

function lifeWith(changes: Partial<Life> = {}): Life {
  return {
    kind: 'server',
    entity: 'server pg-1',
    server: 'pg-1',
    lastSign: NOW,
    isOwed: true,
    silence: { since: NOW, severity: 'high', summary: 'nothing comes' },
    ...changes,
  };
}

const alive: Partial<Life> = { lastSign: NOW + 2 * HOUR, silence: null };

function open(life = lifeWith()): Alert {
  const [opened] = judgeSilences([life], [], NOW + HOUR);
  assert.equal(opened?.change, 'opened');
  return opened.alert;
}

const known = (alert: Alert, closedBy: KnownSilence['closedBy'] = null): KnownSilence[] => [
  { alert: closedBy === null ? alert : { ...alert, status: 'closed' }, closedBy },
];

/** What each change is, in words. */
function judged(lives: Life[], before: KnownSilence[]): string[] {
  return judgeSilences(lives, before, NOW + 3 * HOUR).map(
    ({ change, alert, what }) => `${change} ${alert.status} ${what}`,
  );
}

describe('the alert of a silence', () => {
  it('says what it is about', () => {
    const { alertId, ...alert } = open();
    assert.match(alertId, /^al_[0-9a-f]{24}$/);
    assert.deepEqual(
      [alert.detector, alert.status, alert.server, alert.entity, alert.firstSeen, alert.lastSeen],
      ['G02', 'open', 'pg-1', 'server pg-1', NOW, NOW + HOUR],
    );
    assert.equal(open(lifeWith({ kind: 'channel', entity: 'channel soc', server: null })).server, 'pgvigil');
  });

  it('is one for each silence, whoever looks and when', () => {
    assert.deepEqual(judged([lifeWith()], known(open())), []);
    assert.equal(open().alertId, open().alertId);
    const others = [
      lifeWith({ lastSign: NOW + 1 }),
      lifeWith({ entity: 'server pg-2' }),
      lifeWith({ lastSign: null }),
    ];
    assert.equal(new Set([lifeWith(), ...others].map((life) => open(life).alertId)).size, 4);
  });

  it('stays while a worker that was just started calls nothing silent yet', () => {
    assert.deepEqual(judged([lifeWith({ silence: null })], known(open())), []);
  });

  it('closes when a sign of life comes, acknowledged or not', () => {
    for (const status of ['open', 'acknowledged'] as const) {
      const changes = judgeSilences([lifeWith(alive)], known({ ...open(), status }), NOW + 3 * HOUR);
      const [{ alert, change, what }] = changes as [(typeof changes)[0]];
      assert.deepEqual([change, alert.status, what], ['returned', 'closed', 'is back after 2 h']);
      assert.equal(
        alert.summary,
        'server pg-1 was silent from 2026-03-01 12:00:00 UTC to 2026-03-01 14:00:00 UTC',
      );
    }
  });

  it('gives way to another when all of a return lay between two looks', () => {
    const again = lifeWith({
      lastSign: NOW + HOUR,
      silence: { since: NOW + HOUR, severity: 'high', summary: '' },
    });
    assert.deepEqual(judged([again], known(open())), [
      'returned closed is back after 1 h',
      'opened open null',
    ]);
  });

  it('closes when nothing is expected any more, and opens again when it is', () => {
    assert.match(judged([], known(open())).join(), /^gone closed is no longer expected: nothing came for a/);
    const channel = { kind: 'channel', entity: 'channel soc', server: null } as const;
    const idle = lifeWith({ ...channel, isOwed: false, silence: null });
    assert.match(judged([idle], known(open(lifeWith(channel)))).join(), /^gone closed is no longer watched/);
    assert.deepEqual(judged([lifeWith()], known(open(), 'worker')), ['reopened open is silent still']);
  });

  it('is not opened again for a person who closed it while it lasted', () => {
    assert.deepEqual(judged([lifeWith()], known(open(), 'person')), []);
    assert.deepEqual(judged([lifeWith(alive)], known(open(), 'person')), []);
    const next = lifeWith({ lastSign: NOW + 1 });
    assert.deepEqual(judged([next], known(open(), 'person')), ['opened open null']);
  });

  it('tells of a silence that goes on only when it becomes more severe', () => {
    const before = { ...open(), severity: 'medium' as const, status: 'acknowledged' as const };
    const [worse] = judgeSilences([lifeWith()], known(before), NOW + HOUR);
    assert.equal(worse?.change, 'updated');
    assert.equal(worse.what, 'severity rose from medium to high');
    assert.equal(worse.alert.status, 'acknowledged');
    const milder = lifeWith({ silence: { since: NOW, severity: 'medium', summary: '' } });
    assert.deepEqual(judged([milder], known(open())), []);
  });
});
