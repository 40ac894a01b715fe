import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { alertMessage } from '../../src/alerts/message.ts';
import { headlineOf, storyOf } from '../../src/alerts/story.ts';
import { DIGEST, MESSAGES, OPENED } from './channels/messages.ts';
import { alertWith, NOW } from './support.ts';

describe('the story of a message', () => {
  it('tells what happened, why it is unusual, who, where and when, and what to do', () => {
    const story = storyOf(OPENED);
    assert.equal(
      headlineOf(OPENED),
      'HIGH · New alert · Suspected brute force on a valid account · pg-prod-1',
    );
    assert.equal(story.sentence, '31 failed sign-ins of app_rw from 203.0.113.7 in 5 minutes');
    assert.equal(
      story.why,
      'A password that is refused again and again is being guessed. Observed 31, usual 2, threshold 10.',
    );
    assert.deepEqual(Object.fromEntries(story.facts.map(({ name, value }) => [name, value])), {
      Server: 'pg-prod-1',
      User: 'app_rw',
      From: '203.0.113.7',
      Database: 'orders',
      When: '2026-03-01 11:59:00 to 12:00:00 UTC',
      Events: '31',
      Detector: 'A01 auth.brute_force_account',
      'ATT&CK': 'credential-access T1110.001 T1078',
      Status: 'open',
      Alert: 'al_0123456789abcdef01234567',
    });
    assert.equal(story.steps.length, 3);
    assert.deepEqual(
      story.commands.map(({ heading }) => heading),
      ['Look closer', 'Say that you have it', 'Silence it for a week'],
    );
    assert.match(story.commands[2]?.command ?? '', /--expires 7d/);
  });

  it('says whose doing a change is', () => {
    assert.equal(
      storyOf(MESSAGES['alert.closed']).change,
      'closed by dba@example.com (resolved): a job had an old password',
    );
    assert.equal(
      storyOf(MESSAGES['alert.updated']).change,
      'severity rose from high to critical; 100 events',
    );
  });

  it('leaves out what is not known', () => {
    const bare = storyOf(
      alertMessage(
        alertWith({
          user: null,
          client: null,
          database: null,
          observed: null,
          threshold: null,
          tactic: null,
        }),
        'alert.opened',
      ),
    );
    assert.equal(bare.why, null);
    assert.equal(bare.lines, null);
    const names = bare.facts.map(({ name }) => name);
    for (const name of ['User', 'From', 'Database', 'ATT&CK']) assert.ok(!names.includes(name), name);
  });

  it('has no day twice, and no end that is the beginning', () => {
    const when = (firstSeen: number, lastSeen: number) =>
      storyOf(alertMessage(alertWith({ firstSeen, lastSeen }), 'alert.opened')).facts.find(
        ({ name }) => name === 'When',
      )?.value;
    assert.equal(when(NOW, NOW), '2026-03-01 12:00:00 UTC');
    assert.equal(when(NOW, NOW + 86_400_000), '2026-03-01 12:00:00 to 2026-03-02 12:00:00 UTC');
    assert.equal(when(Number.NaN, NOW), 'unknown to 2026-03-01 12:00:00 UTC');
  });

  it('of a digest tells how many, of what, and the worst of them', () => {
    const story = storyOf(DIGEST);
    assert.equal(headlineOf(DIGEST), 'HIGH · Digest · 1,100 alerts in one message');
    assert.equal(story.sentence, '1,240 messages gathered, as more waited than this channel takes.');
    assert.deepEqual(story.facts.slice(1), [
      { name: 'Severity', value: 'high 20, low 1080' },
      { name: 'Detectors', value: 'A01 1000, X02 100' },
      { name: 'Servers', value: 'pg-prod-1 1100' },
    ]);
    assert.match(story.lines?.items[0] ?? '', /^high · A01 · pg-prod-1 · 31 failed/);
  });
});
