import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type QuietHours, releaseOf } from '../../src/alerts/timing.ts';

const NIGHTS: QuietHours = {
  from: '22:00',
  to: '07:00',
  timeZone: 'Europe/Berlin',
  days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'],
  below: 'high',
};
const at = (text: string) => Date.parse(text);
const quiet = (time: string, changes: Partial<QuietHours> = {}) => {
  const release = releaseOf({ quietHours: { ...NIGHTS, ...changes } }, 'medium', at(time));
  return release === null ? null : new Date(release.at).toISOString();
};

describe('quiet hours', () => {
  it('hold what can wait until their end, over midnight, in the zone of the people', () => {
    assert.equal(quiet('2026-03-02T20:59:00Z'), null); // 21:59 in Berlin
    assert.equal(quiet('2026-03-02T21:00:00Z'), '2026-03-03T06:00:00.000Z');
    assert.equal(quiet('2026-03-03T05:59:59Z'), '2026-03-03T06:00:00.000Z');
    assert.equal(quiet('2026-03-03T06:00:00Z'), null);
  });

  it('do not hold what is severe', () => {
    const now = at('2026-03-02T23:00:00Z');
    assert.equal(releaseOf({ quietHours: NIGHTS }, 'high', now), null);
    assert.equal(releaseOf({ quietHours: NIGHTS }, 'critical', now), null);
    assert.equal(releaseOf({ quietHours: NIGHTS }, 'low', now)?.reason, 'quiet_hours');
  });

  it('begin on their days: the night from Friday to Saturday is Friday’s', () => {
    const days: QuietHours['days'] = ['fri'];
    assert.equal(quiet('2026-03-07T03:00:00Z', { days }), '2026-03-07T06:00:00.000Z'); // Saturday morning
    assert.equal(quiet('2026-03-06T03:00:00Z', { days }), null); // Friday morning
    assert.equal(quiet('2026-03-07T22:00:00Z', { days }), null); // Saturday night
  });

  it('end by the clock on the wall when it is changed', () => {
    // On 2026-03-29 02:00 becomes 03:00 in Berlin: 07:00 is 05:00 UTC from then on.
    assert.equal(quiet('2026-03-28T22:00:00Z'), '2026-03-29T05:00:00.000Z');
    assert.equal(quiet('2026-10-24T22:00:00Z'), '2026-10-25T06:00:00.000Z');
  });

  it('may be the whole day, and within one', () => {
    assert.equal(quiet('2026-03-02T12:00:00Z', { from: '09:00', to: '09:00' }), '2026-03-03T08:00:00.000Z');
    assert.equal(quiet('2026-03-02T12:00:00Z', { from: '12:00', to: '14:00' }), '2026-03-02T13:00:00.000Z');
  });

  it('never hold longer than a day, nor into the past', () => {
    const day = at('2026-01-01T00:00:00Z');
    const clock = fc
      .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
      .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
    fc.assert(
      fc.property(clock, clock, fc.integer({ min: 0, max: 365 * 86_400_000 }), (from, to, ms) => {
        const release = releaseOf({ quietHours: { ...NIGHTS, from, to } }, 'low', day + ms);
        if (release === null) return;
        assert.ok(release.at > day + ms && release.at <= day + ms + 25 * 3_600_000);
      }),
    );
  });
});

describe('digests', () => {
  const release = (every: string, severity: 'low' | 'medium', time: string) =>
    releaseOf({ digest: { every, below: 'medium' } }, severity, at(time));

  it('come at multiples of their interval, after what is in them', () => {
    assert.deepEqual(release('1h', 'low', '2026-03-02T12:00:00Z'), {
      at: at('2026-03-02T13:00:00Z'),
      reason: 'schedule',
    });
    assert.equal(release('15m', 'low', '2026-03-02T12:14:59.999Z')?.at, at('2026-03-02T12:15:00Z'));
    assert.equal(release('1d', 'low', '2026-03-02T12:00:00Z')?.at, at('2026-03-03T00:00:00Z'));
  });

  it('do not keep what is severe', () => {
    assert.equal(release('1h', 'medium', '2026-03-02T12:00:00Z'), null);
  });

  it('do not come in quiet hours, and quiet hours do not bring them sooner', () => {
    const timing = { quietHours: NIGHTS, digest: { every: '1h', below: 'medium' as const } };
    assert.deepEqual(releaseOf(timing, 'low', at('2026-03-02T22:30:00Z')), {
      at: at('2026-03-03T06:00:00Z'),
      reason: 'quiet_hours',
    });
    const daily = { ...timing, digest: { every: '1d', below: 'medium' as const } };
    assert.equal(releaseOf(daily, 'low', at('2026-03-03T03:00:00Z'))?.at, at('2026-03-04T00:00:00Z'));
  });
});
