/** Messages at the edge of what a chat takes, besides the largest one. */

import { alertMessage, type Message } from '../../../src/alerts/message.ts';
import type { Alert } from '../../../src/model/alert.ts';
import { alertWith, NOW } from '../support.ts';
import { DIGEST } from './messages.ts';

/** Characters that take most after one escape or another: HTML, JSON, UTF-8, none, nothing at all. */
const FILLINGS = ['&', '<', '"', '\\', '𝕏', 'é', 'a', 'a ', '`', ''];

export const EXTREMES: readonly (readonly [string, Message])[] = [
  ...FILLINGS.map((filling) => [`alert of ${JSON.stringify(filling)}`, full(filling.repeat(2_000))] as const),
  ...FILLINGS.map((filling) => [`digest of ${JSON.stringify(filling)}`, digest(filling.repeat(70))] as const),
  ['digest of nothing', digestOf(0, '')],
  // The longest that a command line may hold.
  ['alert with the longest commands', full('𝕏'.repeat(2_000), '𝕏'.repeat(100))],
];

function full(text: string, name = text): Message {
  const fields = ['title', 'detectorName', 'summary', 'user', 'client', 'database', 'application'];
  const changes: Partial<Alert> = Object.fromEntries(fields.map((field) => [field, text]));
  const { data, ...rest } = alertMessage(
    alertWith({ ...changes, server: name, entity: name, observed: 1e21, baseline: 1e-7 }),
    'alert.updated',
    {
      why: text,
      attack: Array.from({ length: 10 }, () => text),
      runbook: Array.from({ length: 8 }, () => text),
      evidence: [{ eventTime: NOW, sessionId: text, summary: text }],
      statements: Array.from({ length: 3 }, () => text),
      change: { what: text, by: text, reason: text, note: text },
    },
  );
  const link = (character: string) => `https://pgvigil.example.com/${character.repeat(450)}`;
  return { ...rest, data: { ...data, links: { acknowledge: link('a'), close: link('b') } } };
}

function digest(text: string): Message {
  return digestOf(200, text);
}

function digestOf(rows: number, text: string): Message {
  const many = <Row>(row: Row): Row[] => Array.from({ length: rows }, () => row);
  return {
    ...DIGEST,
    data: {
      ...DIGEST.data,
      by_severity: rows === 0 ? [] : DIGEST.data.by_severity,
      by_detector: many({ detector: text, title: text, alerts: 1_000 }),
      by_server: many({ server: text, alerts: 1_000 }),
      top: many({ id: text, severity: 'high', detector: text, server: text, summary: text, count: 31 }),
    },
  };
}
