import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type AlertNotes, alertMessage, type EvidenceSample } from '../../src/alerts/message.ts';
import { alertWith, NOW } from './support.ts';

const sample: EvidenceSample = {
  eventTime: NOW,
  sessionId: '68a1f3c2.1a2b',
  summary: 'COPY … PROGRAM by app_rw',
};

/** Strings that are hard on JSON, terminals and byte limits, and long. */
const hostile = fc
  .tuple(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '"}],"x":[{"',
        '\u0000\u001b[2J',
        '\ud800',
        '\u202e',
        '\\"',
        '\u{1f4a3}',
        '</script>',
        '漢',
        '\n',
      ),
    ),
    fc.constantFrom(1, 10, 400),
  )
  .map(([text, times]) => text.repeat(times));

describe('the message of an alert', () => {
  it('says what happened', () => {
    const notes: AlertNotes = {
      why: 'A password is being guessed.',
      attack: ['T1110.001'],
      tags: ['prod'],
      runbook: ['Ask the owner.'],
      evidence: [sample],
      statements: ['COPY t FROM PROGRAM $1'],
    };
    const message = alertMessage(alertWith({ baseline: 2 }), 'alert.opened', notes);
    assert.deepEqual(message, {
      type: 'alert.opened',
      timestamp: '2026-03-01T12:00:00.000Z',
      data: {
        id: 'al_0123456789abcdef01234567',
        detector: 'A01',
        name: 'auth.brute_force_account',
        title: 'Suspected brute force on a valid account',
        severity: 'high',
        status: 'open',
        server: 'pg-prod-1',
        entity: 'app_rw@203.0.113.7',
        summary: '31 failed sign-ins of app_rw from 203.0.113.7 in 5 minutes',
        why: 'A password is being guessed.',
        user: 'app_rw',
        client: '203.0.113.7',
        database: 'orders',
        application: null,
        first_seen: '2026-03-01T11:59:00.000Z',
        last_seen: '2026-03-01T12:00:00.000Z',
        count: 31,
        sessions: ['68a1f3c2.1a2b'],
        observed: 31,
        baseline: 2,
        threshold: 10,
        tactic: 'credential-access',
        attack: ['T1110.001'],
        tags: ['prod'],
        runbook: ['Ask the owner.'],
        evidence: [
          {
            time: '2026-03-01T12:00:00.000Z',
            session: '68a1f3c2.1a2b',
            summary: 'COPY … PROGRAM by app_rw',
          },
        ],
        statements: ['COPY t FROM PROGRAM $1'],
        query: `pgvigil query "SELECT event_time, session_id, user_name, client, summary, normalized FROM evidence WHERE alert_id = 'al_0123456789abcdef01234567' ORDER BY event_time"`,
        silence:
          'pgvigil allow add --detector A01 --server pg-prod-1 --entity app_rw@203.0.113.7 --expires 7d --reason "…"',
        acknowledge: 'pgvigil alerts acknowledge al_0123456789abcdef01234567',
        links: null,
        change: null,
      },
    });
    assert.deepEqual(message, alertMessage(alertWith({ baseline: 2 }), 'alert.opened', notes));
  });

  it('says what changed, and who did it', () => {
    const change = { what: 'closed', by: 'dba', reason: 'resolved', note: 'an old job' };
    const { data } = alertMessage(alertWith({ status: 'closed' }), 'alert.closed', { change });
    assert.deepEqual(data.change, change);
    assert.deepEqual([data.attack, data.runbook, data.evidence, data.statements], [[], [], [], []]);
  });

  it('is JSON of less than 20 kB on one line, whatever attackers write and however much of it', () => {
    const text = fc.oneof(hostile, fc.constant('x"\u0001\u{1f4a3}漢'.repeat(400)));
    const samples = fc.array(
      fc.record({
        eventTime: fc.double(),
        sessionId: fc.option(text),
        summary: text,
      }),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        text,
        fc.array(text, { maxLength: 40 }),
        samples,
        fc.double(),
        (word, words, rows, time) => {
          const alert = alertWith({
            alertId: word,
            detector: word,
            detectorName: word,
            title: word,
            server: word,
            entity: word,
            summary: word,
            user: word,
            client: word,
            database: word,
            application: word,
            sessions: words,
            firstSeen: time,
            observed: time,
          });
          const message = alertMessage(alert, 'alert.opened', { ...allOf(word, words), evidence: rows });
          const body = JSON.stringify(message);
          assert.ok(Buffer.byteLength(body) < 20_000, `${Buffer.byteLength(body)} bytes`);
          assert.doesNotMatch(body, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
          const { data } = message;
          assert.ok(data.sessions.length <= 20 && data.evidence.length <= 5 && data.statements.length <= 3);
          for (const statement of data.statements) assert.ok(statement.length <= 600);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('is less than 20 kB with every field as large as it gets', () => {
    for (const character of ['x', '"', '\\', '漢', '\u{1f4a3}', '\u0001', 'é']) {
      const word = character.repeat(100_000);
      const words = Array.from({ length: 100 }, () => word);
      const alert = alertWith({
        alertId: word,
        detector: word,
        detectorName: word,
        title: word,
        server: word,
        entity: word,
        summary: word,
        user: word,
        client: word,
        database: word,
        application: word,
        sessions: words,
        count: Number.MAX_SAFE_INTEGER,
        observed: -Number.MAX_VALUE,
        baseline: -Number.MAX_VALUE,
        threshold: -Number.MAX_VALUE,
        tactic: 'privilege-escalation',
      });
      const evidence = words.map(() => ({ ...sample, sessionId: word, summary: word }));
      const message = alertMessage(alert, 'alert.opened', { ...allOf(word, words), evidence });
      const bytes = Buffer.byteLength(JSON.stringify(message));
      assert.ok(bytes < 20_000, `${character}: ${bytes} bytes`);
      assert.equal(message.data.evidence.length, 5);
    }
  });

  it('holds normalised statements of at most 300 characters and never the text as written', () => {
    const leaky = { ...sample, sql_text: "SELECT 'hunter2'", normalized: "SELECT 'hunter2'" };
    const alert = { ...alertWith(), sql_text: "SELECT 'hunter2'" };
    const statements = [`SELECT ${'$1, '.repeat(500)}`];
    const message = alertMessage(alert, 'alert.opened', { evidence: [leaky], statements });
    const body = JSON.stringify(message);
    assert.ok(!body.includes('hunter2'));
    assert.ok(!/sql_?text/i.test(body));
    const [statement = ''] = message.data.statements;
    assert.ok(statement.length <= 300 && statement.endsWith('…'));
  });

  it('cuts between characters and shows no control characters', () => {
    const alert = alertWith({ user: 'a\u001b[31mb\u202ec\nd', title: '漢'.repeat(500) });
    const { data } = alertMessage(alert, 'alert.opened');
    assert.equal(data.user, 'a [31mb c d');
    assert.match(String(data.title), /^漢+…$/);
  });
});

/** Every text of the notes. */
function allOf(word: string, words: string[]): AlertNotes {
  return {
    why: word,
    attack: words,
    tags: words,
    runbook: words,
    statements: words,
    change: { what: word, by: word, reason: word, note: word },
  };
}
