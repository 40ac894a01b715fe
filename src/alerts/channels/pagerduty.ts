/**
 * Channel to PagerDuty, Events API v2 (https://developer.pagerduty.com/docs/send-alert-event): one incident for each alert,
 * acknowledged and resolved as the alert is.
 */
import { receiverUrl, secretRef } from '../../config/references.ts';
import { PgvigilError } from '../../errors.ts';
import type { Severity } from '../../model/severity.ts';
import { bounded } from '../bounded.ts';
import type { AlertMessageType, Message } from '../message.ts';
import { type Story, storyOf } from '../story.ts';
import { type Channel, channelKind, type DeliveryResult, type OutgoingMessage } from './channel.ts';
import { answerText, HttpSender, judgeAnswer } from './http.ts';
import { urlOf } from './url.ts';

export const pagerduty = channelKind({
  type: 'pagerduty',
  shape: {
    routingKey: secretRef.describe('Integration key of a service or an event orchestration, Events API v2.'),
    url: receiverUrl
      .default('https://events.pagerduty.com/v2/enqueue')
      .describe('Where events go; in the EU service region https://events.eu.pagerduty.com/v2/enqueue.'),
  },
  paths: [],
  // Not `quiet`: an incident is not resolved because the attacker has paused. A person closes it.
  events: ['opened', 'updated', 'acknowledged', 'closed'],
  async open({ routingKey, url }, context) {
    const key = (await context.secret(routingKey)).trim();
    if (!ROUTING_KEY.test(key)) {
      throw new PgvigilError(
        'SECRET_INVALID',
        `the routing key of channel ${context.name} is not one: 32 letters and digits`,
        'Take the integration key of an Events API v2 integration; a key of the REST API is another.',
      );
    }
    const sender = new HttpSender(await urlOf(url, context), [key], context);
    return new PagerDutyChannel(context.name, sender, key);
  },
});

const ROUTING_KEY = /^[A-Za-z0-9]{32}$/;

/** An event of the API, without `routing_key`: that is added at the moment of sending. */
export interface PagerDutyEvent {
  event_action: 'trigger' | 'acknowledge' | 'resolve';
  /** Events with the same key are about the same incident. */
  dedup_key: string;
  client: 'pgvigil';
  payload: PagerDutyPayload;
  links?: { href: string; text: string }[];
}

interface PagerDutyPayload {
  summary: string;
  source: string;
  severity: 'critical' | 'error' | 'warning' | 'info';
  timestamp?: string;
  component?: string;
  group?: string;
  class?: string;
  custom_details: Record<string, unknown>;
}

/** A test opens an incident that the person who sent it resolves: its summary says that it is one. */
const ACTIONS: Record<AlertMessageType, PagerDutyEvent['event_action']> = {
  'alert.opened': 'trigger',
  'alert.updated': 'trigger',
  'alert.reopened': 'trigger',
  'alert.test': 'trigger',
  'alert.acknowledged': 'acknowledge',
  'alert.closed': 'resolve',
};

const SEVERITIES: Record<Severity, PagerDutyPayload['severity']> = {
  critical: 'critical',
  high: 'error',
  medium: 'warning',
  low: 'info',
  info: 'info',
};

/** 1,024 characters are allowed; as many bytes are never more, however characters are counted. */
const MAX_SUMMARY_BYTES = 1024;
const MAX_KEY_CHARACTERS = 255;

/**
 * The event for a message. It stays far below the 512 KB that the API takes, as a message stays below 20 kB. Pure.
 */
export function pagerDutyEvent(message: Message): PagerDutyEvent {
  const story = storyOf(message);
  const { data } = message;
  return {
    event_action: message.type === 'alert.digest' ? 'trigger' : ACTIONS[message.type],
    dedup_key: data.id.slice(0, MAX_KEY_CHARACTERS),
    client: 'pgvigil',
    payload: {
      summary: bounded(summaryOf(message, story), MAX_SUMMARY_BYTES),
      ...sourceOf(message),
      severity: SEVERITIES[story.severity],
      ...(message.timestamp !== null && { timestamp: message.timestamp }),
      custom_details: detailsOf(story),
    },
    ...(story.links && {
      links: [
        { href: story.links.acknowledge, text: 'Acknowledge' },
        { href: story.links.close, text: 'Close' },
      ],
    }),
  };
}

/** The title of the incident and what a phone shows: it begins with what is most telling. */
function summaryOf({ type }: Message, { label, title, sentence }: Story): string {
  const isAlert = type !== 'alert.digest' && type !== 'alert.test';
  return `${isAlert ? '' : `${label} · `}${title}: ${sentence}`;
}

type Source = Pick<PagerDutyPayload, 'source' | 'component' | 'group' | 'class'>;

function sourceOf(message: Message): Source {
  if (message.type === 'alert.digest') {
    const [first, ...others] = message.data.by_server;
    return { source: first !== undefined && others.length === 0 ? first.server : 'pgvigil', class: 'digest' };
  }
  const { server, name, detector } = message.data;
  const [group = name] = name.split('.');
  return { source: server, component: server, group, class: `${detector} ${name}` };
}

/** PagerDuty shows them as a table, in this order. */
function detailsOf({ sentence, change, why, facts, lines, steps, commands }: Story): Record<string, unknown> {
  const rows: [string, unknown][] = [
    ['What', sentence],
    ['Changed', change],
    ['Why', why],
    ...facts.map(({ name, value }): [string, string] => [name, value]),
    ...(lines ? [[lines.heading, lines.items] satisfies [string, unknown]] : []),
    ['What to do', steps.length > 0 ? steps : null],
    ...commands.map(({ heading, command }): [string, string] => [heading, command]),
  ];
  return Object.fromEntries(rows.filter(([, value]) => value !== null));
}

class PagerDutyChannel implements Channel {
  readonly name: string;
  readonly target: string;
  readonly #sender: HttpSender;
  readonly #routingKey: string;

  constructor(name: string, sender: HttpSender, routingKey: string) {
    this.name = name;
    this.target = sender.host;
    this.#sender = sender;
    this.#routingKey = routingKey;
  }

  async deliver({ message }: OutgoingMessage, signal: AbortSignal): Promise<DeliveryResult> {
    const body = JSON.stringify({ routing_key: this.#routingKey, ...pagerDutyEvent(message) });
    const posted = await this.#sender.post(body, { 'content-type': 'application/json' }, signal);
    const { answer, bodyHash } = posted;
    // 400 is an event that will never be taken, unless it is the key that is wrong: another may be configured.
    if (answer?.status === 400 && !/routing.?key/i.test(answer.text)) {
      return { outcome: 'refused', status: 400, bodyHash, error: answerText(this.target, answer) };
    }
    return judgeAnswer(this.target, posted);
  }

  close(): Promise<void> {
    return this.#sender.close();
  }
}
