/** What `pgvigil alerts test` sends: an alert that says of itself that nothing happened. Pure. */
import { type AlertMessage, alertMessage } from './message.ts';

/**
 * @param id of the delivery: each test is another alert
 * @param now milliseconds since 1970-01-01 UTC
 */
export function testMessage(id: string, now: number): AlertMessage {
  return alertMessage(
    {
      alertId: id.replace(/^msg_/, 'al_'),
      detector: 'G00',
      detectorName: 'engine.test',
      title: 'This is a test of pgvigil',
      severity: 'info',
      status: 'open',
      server: 'test',
      entity: 'test',
      summary: 'Somebody ran `pgvigil alerts test`. Nothing happened; alerts reach you this way.',
      user: null,
      client: null,
      database: null,
      application: null,
      firstSeen: now,
      lastSeen: now,
      count: 1,
      sessions: [],
      observed: null,
      baseline: null,
      threshold: null,
      createdAt: now,
      updatedAt: now,
      tactic: null,
      risk: null,
      capHour: null,
      allowedBy: [],
    },
    'alert.test',
    { runbook: ['Nothing is to be done.'] },
  );
}
