import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  acknowledgeCommand,
  closeCommand,
  evidenceQuery,
  silenceCommand,
  silenceHeading,
} from '../../src/alerts/next-steps.ts';
import { alertWith } from './support.ts';

/** The words that a shell makes of a command line. */
function words(command: string): string[] {
  const script = `pgvigil() { printf '%s\\0' "$@"; }\n${command}`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

describe('command lines for the reader of an alert', () => {
  it('silence what the alert is about, and nothing else', () => {
    assert.deepEqual(words(silenceCommand(alertWith({ entity: 'app rw (x)@203.0.113.7' }))), [
      'allow',
      'add',
      '--detector',
      'A01',
      '--server',
      'pg-prod-1',
      '--entity',
      'app rw (x)@203.0.113.7',
      '--expires',
      '7d',
      '--reason',
      '…',
    ]);
  });

  it('name for findings of the engine, which the allow-list does not know, what helps', () => {
    const settings = { G01: 'detection.maxAlertsPerHour', G02: 'heartbeat' };
    for (const [detector, setting] of Object.entries(settings)) {
      const alert = alertWith({ detector, entity: 'server pg-prod-1' });
      assert.equal(
        silenceCommand(alert),
        `${acknowledgeCommand(alert.alertId)} # for all of them: ${setting} in pgvigil.yaml`,
      );
      assert.deepEqual(words(silenceCommand(alert)), ['alerts', 'acknowledge', alert.alertId]);
      assert.equal(silenceHeading(alert), 'Hear no more of this one');
    }
    assert.equal(silenceHeading(alertWith()), 'Silence it for a week');
  });

  it('do not take what an attacker wrote for a pattern, an option or another command', () => {
    for (const entity of [
      '*@203.0.113.7',
      "a'; rm -rf ~; '",
      'a" & calc.exe & "',
      '`id`',
      'a\nb',
      'a|b',
      'a\u202eb',
    ]) {
      const command = silenceCommand(alertWith({ entity }));
      assert.ok(!command.includes('--entity'), command);
      assert.match(command, /# and whose: pgvigil alerts show al_/);
    }
    assert.match(silenceCommand(alertWith({ entity: '--expires' })), /--entity '--expires'/);
  });

  it('are taken word by word, whatever the entity', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), (entity) => {
        const given = words(silenceCommand(alertWith({ entity })));
        const at = given.indexOf('--entity');
        if (at >= 0) assert.equal(given[at + 1], entity);
        assert.deepEqual(given.slice(0, 4), ['allow', 'add', '--detector', 'A01']);
      }),
      { numRuns: 50 },
    );
  });

  it('hold an id that cannot break out of the shell or of a string of SQL', () => {
    const id = `al'"; $(rm -rf ~) \`x\` --`;
    assert.match(evidenceQuery(id), /WHERE alert_id = 'alrm-rfx--' ORDER BY event_time"$/);
    assert.equal(acknowledgeCommand(id), 'pgvigil alerts acknowledge alrm-rfx--');
    assert.equal(closeCommand(id), 'pgvigil alerts close alrm-rfx-- --reason resolved');
  });
});
