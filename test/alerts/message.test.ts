import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { alertMessage, type EvidenceSample } from '../../src/alerts/message.ts';
import { alertWith, NOW } from './support.ts';

const sample: EvidenceSample = {
  eventTime: NOW,
  sessionId: '68a1f3c2.1a2b',
  summary: 'COPY … PROGRAM by app_rw',
  normalized: 'COPY t FROM PROGRAM $1',
};

const parse = (body: string) => JSON.parse(body) as { type: string; timestamp: string; data: Data };
type Data = Record<string, unknown> & { sessions: string[]; evidence: { statement: string | null }[] };

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
    const body = alertMessage(alertWith(), [sample], 'alert.opened', {
      attack: ['T1110.001'],
      runbook: ['Ask the owner.'],
    });
    assert.deepEqual(JSON.parse(body), {
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
        user: 'app_rw',
        client: '203.0.113.7',
        database: 'orders',
        application: null,
        first_seen: '2026-03-01T11:59:00.000Z',
        last_seen: '2026-03-01T12:00:00.000Z',
        count: 31,
        sessions: ['68a1f3c2.1a2b'],
        observed: 31,
        threshold: 10,
        attack: ['T1110.001'],
        runbook: ['Ask the owner.'],
        evidence: [
          {
            time: '2026-03-01T12:00:00.000Z',
            session: '68a1f3c2.1a2b',
            summary: 'COPY … PROGRAM by app_rw',
            statement: 'COPY t FROM PROGRAM $1',
          },
        ],
        query: `pgvigil query "SELECT event_time, session_id, user_name, client, summary, normalized FROM evidence WHERE alert_id = 'al_0123456789abcdef01234567' ORDER BY event_time"`,
      },
    });
    assert.equal(
      body,
      alertMessage(alertWith(), [sample], 'alert.opened', {
        attack: ['T1110.001'],
        runbook: ['Ask the owner.'],
      }),
    );
  });

  it('leaves out what the detector does not say', () => {
    const { data } = parse(alertMessage(alertWith(), [], 'alert.updated'));
    assert.ok(!('attack' in data) && !('runbook' in data));
    assert.deepEqual(data.evidence, []);
  });

  it('is JSON of less than 20 kB on one line, whatever attackers write and however much of it', () => {
    const text = fc.oneof(hostile, fc.constant('x"\u0001\u{1f4a3}漢'.repeat(400)));
    const samples = fc.array(
      fc.record({
        eventTime: fc.double(),
        sessionId: fc.option(text),
        summary: text,
        normalized: fc.option(text),
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
          const body = alertMessage(alert, rows, 'alert.opened', { attack: words, runbook: words });
          assert.ok(Buffer.byteLength(body) < 20_000, `${Buffer.byteLength(body)} bytes`);
          assert.doesNotMatch(body, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
          const { type, data } = parse(body);
          assert.equal(type, 'alert.opened');
          assert.equal(Object.keys(data).length, 23);
          assert.ok(data.sessions.length <= 20 && data.evidence.length <= 5);
          for (const { statement } of data.evidence) assert.ok(statement === null || statement.length <= 600);
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
        threshold: -Number.MAX_VALUE,
      });
      const rows = words.map(() => ({ ...sample, sessionId: word, summary: word, normalized: word }));
      const body = alertMessage(alert, rows, 'alert.opened', { attack: words, runbook: words });
      assert.ok(Buffer.byteLength(body) < 20_000, `${character}: ${Buffer.byteLength(body)} bytes`);
      assert.equal(parse(body).data.evidence.length, 5);
    }
  });

  it('holds normalised statements of at most 300 characters and never the text as written', () => {
    const leaky = {
      ...sample,
      normalized: `SELECT ${'$1, '.repeat(500)}`,
      sql_text: "SELECT 'hunter2'",
      sqlText: "SELECT 'hunter2'",
      statementHash: 'hunter2',
    };
    const alert = { ...alertWith(), sql_text: "SELECT 'hunter2'" };
    const body = alertMessage(alert, [leaky], 'alert.opened');
    assert.ok(!body.includes('hunter2'));
    assert.ok(!/sql_?text/i.test(body));
    const statement = parse(body).data.evidence[0]?.statement ?? '';
    assert.ok(statement.length <= 300 && statement.endsWith('…'));
  });

  it('cuts between characters and shows no control characters', () => {
    const { data } = parse(
      alertMessage(
        alertWith({ user: 'a\u001b[31mb\u202ec\nd', title: '漢'.repeat(500) }),
        [],
        'alert.opened',
      ),
    );
    assert.equal(data.user, 'a [31mb c d');
    assert.match(String(data.title), /^漢+…$/);
  });

  it('offers a query that cannot break out of the shell or the SQL string', () => {
    const { data } = parse(
      alertMessage(alertWith({ alertId: `al'"; $(rm -rf ~) \`x\` --` }), [], 'alert.opened'),
    );
    assert.match(String(data.query), /WHERE alert_id = 'alrm-rfx--' ORDER BY event_time"$/);
  });
});
