/** Messages that every channel has to carry: each type, the largest, and one whose every text an attacker wrote. */
import {
  type AlertMessage,
  alertMessage,
  type DigestMessage,
  type Message,
} from '../../../src/alerts/message.ts';
import { alertWith, NOW } from '../support.ts';

const NOTES = {
  why: 'A password that is refused again and again is being guessed.',
  attack: ['T1110.001', 'T1078'],
  tags: ['prod', 'credential-access', 'auth'],
  runbook: [
    'Ask the owner of app_rw whether a job has an old password.',
    'Block 203.0.113.7 in the firewall rules of the server.',
    'Change the password of app_rw.',
    'Look for a sign-in that succeeded.',
  ],
  evidence: [
    {
      eventTime: NOW - 60_000,
      sessionId: '68a1f3c2.1a2b',
      summary: 'sign-in of app_rw from 203.0.113.7 refused',
    },
    {
      eventTime: NOW - 50_000,
      sessionId: '68a1f3c3.1a2c',
      summary: 'sign-in of app_rw from 203.0.113.7 refused',
    },
  ],
  statements: ['SELECT * FROM users WHERE name = $1 OR $2 = $3', 'COPY users TO PROGRAM $1'],
};

export const OPENED = alertMessage(alertWith({ baseline: 2 }), 'alert.opened', NOTES);

const by = { by: 'dba@example.com', reason: null, note: null };

export const DIGEST: DigestMessage = {
  type: 'alert.digest',
  timestamp: '2026-03-01T12:00:00.000Z',
  data: {
    id: 'dg_0123456789abcdef01234567',
    reason: 'overflow',
    from: '2026-03-01T11:00:00.000Z',
    to: '2026-03-01T12:00:00.000Z',
    messages: 1_240,
    alerts: 1_100,
    by_severity: [
      { severity: 'high', alerts: 20 },
      { severity: 'low', alerts: 1_080 },
    ],
    by_detector: [
      { detector: 'A01', title: 'Suspected brute force on a valid account', alerts: 1_000 },
      { detector: 'X02', title: 'Unusual number of rows read', alerts: 100 },
    ],
    by_server: [{ server: 'pg-prod-1', alerts: 1_100 }],
    top: [
      {
        id: 'al_0123456789abcdef01234567',
        severity: 'high',
        detector: 'A01',
        server: 'pg-prod-1',
        summary: '31 failed sign-ins of app_rw from 203.0.113.7 in 5 minutes',
        count: 31,
      },
    ],
    query: `pgvigil alerts list --since 2026-03-01T11:00:00Z`,
  },
};

/** One of each type. */
export const MESSAGES: Readonly<Record<Message['type'], Message>> = {
  'alert.opened': OPENED,
  'alert.updated': alertMessage(alertWith({ severity: 'critical', count: 100 }), 'alert.updated', {
    ...NOTES,
    change: { what: 'severity rose from high to critical; 100 events', by: null, reason: null, note: null },
  }),
  'alert.acknowledged': alertMessage(alertWith({ status: 'acknowledged' }), 'alert.acknowledged', {
    ...NOTES,
    change: { ...by, what: 'acknowledged' },
  }),
  'alert.reopened': alertMessage(alertWith(), 'alert.reopened', {
    ...NOTES,
    change: { ...by, what: 'reopened' },
  }),
  'alert.closed': alertMessage(alertWith({ status: 'closed' }), 'alert.closed', {
    ...NOTES,
    change: { ...by, what: 'closed', reason: 'resolved', note: 'a job had an old password' },
  }),
  'alert.digest': DIGEST,
  'alert.test': alertMessage(alertWith({ severity: 'info' }), 'alert.test', NOTES),
};

/** What attackers put into names that people read: markup of every receiver, line breaks, marks of direction, terminal codes. */
export const HOSTILE =
  `<!channel> <!here> @everyone <at>all</at> <b>x</b> </td><script>alert(1)</script> *_~\`[click](https://evil.example) ` +
  `<https://evil.example|ok> \u202egnp.exe \u0000\u001b[31m\r\nBcc: evil@evil.example\r\n\r\nhi {{x}} \${x} %s "'\\ \ud800 &amp; |`;

export const HOSTILE_MESSAGE = alertMessage(
  alertWith({
    server: HOSTILE,
    entity: HOSTILE,
    summary: HOSTILE,
    title: HOSTILE,
    user: HOSTILE,
    client: HOSTILE,
    database: HOSTILE,
    application: HOSTILE,
    sessions: [HOSTILE],
  }),
  'alert.opened',
  {
    ...NOTES,
    why: HOSTILE,
    statements: [HOSTILE],
    runbook: [HOSTILE],
    evidence: [{ eventTime: NOW, sessionId: HOSTILE, summary: HOSTILE }],
  },
);

/** As large as a message gets, of characters that take the most bytes. */
const LONG = '𝕏'.repeat(5_000);
const LARGEST = alertMessage(
  alertWith({
    title: LONG,
    detectorName: LONG,
    server: LONG,
    entity: LONG,
    summary: LONG,
    user: LONG,
    client: LONG,
    database: LONG,
    application: LONG,
    sessions: Array.from({ length: 100 }, () => LONG),
    observed: 1e21,
    baseline: 1e-7,
    threshold: 1e21,
  }),
  'alert.updated',
  {
    why: LONG,
    attack: Array.from({ length: 30 }, () => LONG),
    tags: Array.from({ length: 30 }, () => LONG),
    runbook: Array.from({ length: 30 }, () => LONG),
    evidence: Array.from({ length: 30 }, () => ({ eventTime: NOW, sessionId: LONG, summary: LONG })),
    statements: Array.from({ length: 30 }, () => LONG),
    change: { what: LONG, by: LONG, reason: LONG, note: LONG },
  },
);
const LINK = `https://sec.example/${'p'.repeat(380)}`;
export const LARGEST_MESSAGE: AlertMessage = {
  ...LARGEST,
  data: { ...LARGEST.data, links: { acknowledge: LINK, close: LINK } },
};
