import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { DeliveryResult } from '../../src/alerts/channels/channel.ts';
import { parseRetryAfter, RETRY_DELAYS_MS, stateAfter } from '../../src/alerts/retry.ts';
import { NOW } from './support.ts';

const DAY = 24 * 3_600_000;
const failed = (retryAfterMs: number | null = null): DeliveryResult => ({
  outcome: 'retry',
  status: 500,
  bodyHash: null,
  error: 'answered 500',
  retryAfterMs,
});

describe('retries', () => {
  it('follow the schedule of Standard Webhooks, at most ten attempts', () => {
    const waits: number[] = [];
    let attempts = 1;
    for (; ; attempts++) {
      const { state, nextAttemptAt } = stateAfter(attempts, failed(), NOW, () => 1 - Number.EPSILON);
      if (state !== 'pending') {
        assert.equal(state, 'dead');
        break;
      }
      waits.push(Math.round((nextAttemptAt - NOW) / 1000));
    }
    assert.equal(attempts, 10);
    assert.deepEqual(waits, [5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400]);
  });

  it('are spread over half of each step, and last a day and a half at least', () => {
    const wait = (random: number) => stateAfter(4, failed(), NOW, () => random).nextAttemptAt - NOW;
    assert.equal(wait(0), 3_600_000);
    assert.equal(wait(0.5), 5_400_000);
    const least = RETRY_DELAYS_MS.slice(1).map(
      (_, index) => stateAfter(index + 1, failed(), 0, () => 0).nextAttemptAt,
    );
    assert.ok(least.reduce((sum, ms) => sum + ms, 0) > 1.5 * DAY);
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 9 }),
        fc.double({ min: 0, max: 0.999999, noNaN: true }),
        (attempts, random) => {
          const { nextAttemptAt } = stateAfter(attempts, failed(), NOW, () => random);
          assert.ok(nextAttemptAt >= NOW + 1000 && nextAttemptAt <= NOW + (RETRY_DELAYS_MS[attempts] ?? 0));
        },
      ),
    );
  });

  it('do not come before Retry-After, and are not hurried by it', () => {
    assert.equal(stateAfter(1, failed(60_000), NOW, () => 0.5).nextAttemptAt, NOW + 60_000);
    assert.equal(stateAfter(4, failed(1000), NOW, () => 0).nextAttemptAt, NOW + 3_600_000);
  });

  it('end when the receiver refuses, not when pgvigil stops', () => {
    const bodyHash = null;
    const refused: DeliveryResult = { outcome: 'refused', status: 400, bodyHash, error: 'answered 400' };
    const gone: DeliveryResult = { outcome: 'gone', status: 410, bodyHash, error: 'answered 410' };
    const aborted: DeliveryResult = { outcome: 'aborted', status: null, bodyHash, error: 'stopped' };
    const delivered: DeliveryResult = { outcome: 'delivered', status: 204, bodyHash };
    assert.equal(stateAfter(40, gone, NOW, () => 0.5).state, 'pending');
    assert.equal(stateAfter(1, refused, NOW, () => 0.5).state, 'dead');
    assert.equal(stateAfter(40, aborted, NOW, () => 0.5).state, 'pending');
    assert.equal(stateAfter(40, delivered, NOW, () => 0.5).state, 'delivered');
  });
});

describe('Retry-After', () => {
  it('is read as seconds or as a date, at most a day', () => {
    assert.equal(parseRetryAfter('120', NOW), 120_000);
    assert.equal(parseRetryAfter('0', NOW), 0);
    assert.equal(parseRetryAfter('999999999', NOW), DAY);
    assert.equal(parseRetryAfter('Sun, 01 Mar 2026 12:01:00 GMT', NOW), 60_000);
    assert.equal(parseRetryAfter('Sun, 01 Mar 2020 12:01:00 GMT', NOW), 0);
    assert.equal(parseRetryAfter('Sun, 01 Mar 2099 12:01:00 GMT', NOW), DAY);
  });

  it('is ignored when it cannot be read', () => {
    for (const text of [
      null,
      '',
      'soon',
      '-5',
      '1e9',
      '1.5',
      'Xxx, 99 Xxx 2026 12:01:00 GMT',
      '9'.repeat(400),
    ]) {
      assert.equal(parseRetryAfter(text, NOW), null, String(text));
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const wait = parseRetryAfter(text, NOW);
        assert.ok(wait === null || (wait >= 0 && wait <= DAY));
      }),
    );
  });
});
