/** Any alert, as attackers and clocks make them. */
import fc from 'fast-check';
import { type AlertMessage, alertMessage } from '../../../src/alerts/message.ts';
import { SEVERITIES } from '../../../src/model/severity.ts';
import { alertWith } from '../support.ts';

/** Any text, and what programs take for something else than text. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    '127.0.0.1',
    '::1%eth0',
    `fe80::1%${'x'.repeat(99)}`,
    '[local]',
  ),
);
const textOrNull = fc.option(text);
const numberOrNull = fc.option(fc.double({ noDefaultInfinity: true, noNaN: true }));
/** Also times that no calendar holds, and those that RFC 3339 has no year for. */
const time = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.constantFrom(8.64e15, -8.64e15, Number.NaN));
const texts = fc.array(text, { maxLength: 4 });

export const anyAlertMessage: fc.Arbitrary<AlertMessage> = fc
  .record({
    alert: fc.record({
      detector: text,
      detectorName: text,
      title: text,
      server: text,
      entity: text,
      summary: text,
      user: textOrNull,
      client: textOrNull,
      database: textOrNull,
      application: textOrNull,
      sessions: texts,
      tactic: textOrNull,
      observed: numberOrNull,
      baseline: numberOrNull,
      threshold: numberOrNull,
      firstSeen: time,
      lastSeen: time,
      updatedAt: time,
      count: fc.nat(),
      severity: fc.constantFrom(...SEVERITIES),
      status: fc.constantFrom('open', 'acknowledged', 'closed', 'shadow', 'allowed', 'suppressed', 'held'),
    }),
    type: fc.constantFrom(
      'alert.opened',
      'alert.updated',
      'alert.acknowledged',
      'alert.reopened',
      'alert.closed',
      'alert.test',
    ),
    links: fc.option(fc.record({ acknowledge: text, close: text })),
    notes: fc.record({
      why: textOrNull,
      attack: texts,
      tags: texts,
      runbook: texts,
      statements: texts,
      evidence: fc.array(fc.record({ eventTime: time, sessionId: textOrNull, summary: text }), {
        maxLength: 3,
      }),
      change: fc.option(fc.record({ what: text, by: textOrNull, reason: textOrNull, note: textOrNull })),
    }),
  })
  .map(({ alert, type, notes, links }) => {
    const { data, ...rest } = alertMessage(alertWith(alert), type, notes);
    return { ...rest, data: { ...data, links } };
  });
