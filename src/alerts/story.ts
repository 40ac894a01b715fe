/**
 * A message in the parts that people read, in the order in which they read them. Every channel for people lays out the same
 * parts: what happened, why it is unusual, the statements, who, where and when, what to do, how to look closer, how to
 * silence it. Plain text, not yet escaped for any receiver. Pure.
 */
import type { Severity } from '../model/severity.ts';
import type {
  AlertData,
  AlertMessage,
  AlertMessageType,
  DigestMessage,
  DigestReason,
  Message,
} from './message.ts';
import { showCommand, silenceHeading } from './next-steps.ts';

export interface Story {
  /** What kind of message it is: `New alert`, `Alert closed`, `Digest`. */
  label: string;
  severity: Severity;
  title: string;
  /** What happened, in one sentence. */
  sentence: string;
  /** What changed, and who did it; null for a new alert. */
  change: string | null;
  /** Why it is unusual: a sentence of the detector, and observed against usual. */
  why: string | null;
  facts: readonly { name: string; value: string }[];
  /** Normalised statements, or the alerts of a digest. */
  lines: { heading: string; items: readonly string[]; isCode: boolean } | null;
  steps: readonly string[];
  /** Command lines, each with what it is for. */
  commands: readonly { heading: string; command: string }[];
  /** Links that can be followed: one that was cut cannot. */
  links: AlertData['links'];
  /** The last line: where the rest of it is, by the id that people name it by. */
  footnote: string;
}

const LABELS: Record<AlertMessageType, string> = {
  'alert.opened': 'New alert',
  'alert.updated': 'Alert grew',
  'alert.acknowledged': 'Alert acknowledged',
  'alert.reopened': 'Alert reopened',
  'alert.closed': 'Alert closed',
  'alert.test': 'Test alert',
};

const DIGEST_REASONS: Record<DigestReason, string> = {
  schedule: 'gathered, as this channel is told from time to time',
  quiet_hours: 'gathered during quiet hours',
  overflow: 'gathered, as more waited than this channel takes',
};

/** First steps of the runbook; the rest stands in `pgvigil alerts show`. */
const MAX_STEPS = 3;

export function storyOf(message: Message): Story {
  return message.type === 'alert.digest' ? digestStory(message) : alertStory(message);
}

/** `HIGH · New alert · Suspected brute force on a valid account · pg-prod-1`: a subject, a notification's first line. */
export function headlineOf(message: Message): string {
  const { label, severity, title } = storyOf(message);
  const server = message.type === 'alert.digest' ? [] : [message.data.server];
  return [severity.toUpperCase(), label, title, ...server].join(' · ');
}

function alertStory({ type, data }: AlertMessage): Story {
  return {
    label: LABELS[type],
    severity: data.severity,
    title: data.title,
    sentence: data.summary,
    change: changeText(data.change),
    why: whyText(data),
    facts: factsOf(data),
    lines:
      data.statements.length === 0
        ? null
        : { heading: 'Most telling statements', items: data.statements, isCode: true },
    steps: data.runbook.slice(0, MAX_STEPS),
    commands: [
      { heading: 'Look closer', command: data.query },
      ...(data.status === 'open' ? [{ heading: 'Say that you have it', command: data.acknowledge }] : []),
      { heading: silenceHeading(data), command: data.silence },
    ],
    links: followable(data.links),
    footnote:
      type === 'alert.test'
        ? `A test: nothing is stored under ${data.id}.`
        : `All of it: ${showCommand(data.id)}`,
  };
}

function digestStory({ data }: DigestMessage): Story {
  const [worst] = data.by_severity;
  const counts = (rows: readonly [string, number][]) =>
    rows.map(([name, alerts]) => `${name} ${alerts}`).join(', ');
  return {
    label: 'Digest',
    severity: worst?.severity ?? 'info',
    title: `${data.alerts.toLocaleString('en')} ${data.alerts === 1 ? 'alert' : 'alerts'} in one message`,
    sentence: `${data.messages.toLocaleString('en')} ${data.messages === 1 ? 'message' : 'messages'} ${DIGEST_REASONS[data.reason]}.`,
    change: null,
    why: null,
    facts: [
      { name: 'When', value: span(data.from, data.to) },
      { name: 'Severity', value: counts(data.by_severity.map((row) => [row.severity, row.alerts])) },
      { name: 'Detectors', value: counts(data.by_detector.map((row) => [row.detector, row.alerts])) },
      { name: 'Servers', value: counts(data.by_server.map((row) => [row.server, row.alerts])) },
    ],
    lines: {
      heading: 'Most severe',
      items: data.top.map((one) => `${one.severity} · ${one.detector} · ${one.server} · ${one.summary}`),
      isCode: false,
    },
    steps: [],
    commands: [{ heading: 'See them all', command: data.query }],
    links: null,
    footnote: `Digest ${data.id}`,
  };
}

function followable(links: AlertData['links']): AlertData['links'] {
  const whole = (link: string) => !link.endsWith('…') && /^https?:/.test(link) && URL.canParse(link);
  return links !== null && whole(links.acknowledge) && whole(links.close) ? links : null;
}

function changeText(change: AlertData['change']): string | null {
  if (change === null) return null;
  const { what, by, reason, note } = change;
  return [
    what,
    by === null ? '' : ` by ${by}`,
    reason === null ? '' : ` (${reason})`,
    note === null ? '' : `: ${note}`,
  ].join('');
}

function whyText({ why, observed, baseline, threshold }: AlertData): string | null {
  const numbers = [
    observed === null ? null : `observed ${amount(observed)}`,
    baseline === null ? null : `usual ${amount(baseline)}`,
    threshold === null ? null : `threshold ${amount(threshold)}`,
  ].filter((part) => part !== null);
  const parts = [why, observed === null ? null : `${capital(numbers.join(', '))}.`].filter(
    (part) => part !== null,
  );
  return parts.length === 0 ? null : parts.join(' ');
}

function factsOf(data: AlertData): { name: string; value: string }[] {
  const rows: [string, string | null][] = [
    ['Server', data.server],
    ['User', data.user],
    ['From', data.client],
    ['Application', data.application],
    ['Database', data.database],
    ['When', span(data.first_seen, data.last_seen)],
    ['Events', data.count.toLocaleString('en')],
    ['Detector', `${data.detector} ${data.name}`],
    ['ATT&CK', [data.tactic, ...data.attack].filter((part) => part !== null).join(' ') || null],
    ['Status', data.status],
    ['Alert', data.id],
  ];
  return rows.flatMap(([name, value]) => (value === null ? [] : [{ name, value }]));
}

/** `2026-03-01 11:59:00 to 12:04:10 UTC`, without a day or an end that says nothing new. */
function span(from: string | null, to: string | null): string {
  const [first, last] = [from, to].map((time) => time?.slice(0, 19).replace('T', ' ') ?? 'unknown') as [
    string,
    string,
  ];
  if (first === last) return `${first} UTC`;
  return `${first} to ${first.slice(0, 10) === last.slice(0, 10) ? last.slice(11) : last} UTC`;
}

function amount(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: 2 });
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
