import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import type { ChannelContext } from '../../../src/alerts/channels/channel.ts';
import { pagerDutyEvent, pagerduty } from '../../../src/alerts/channels/pagerduty.ts';
import type { Message } from '../../../src/alerts/message.ts';
import { PgvigilError } from '../../../src/errors.ts';
import { conforms, contextWith, send } from './conformance.ts';
import { assertGolden } from './golden.ts';
import { DIGEST, HOSTILE_MESSAGE, LARGEST_MESSAGE, MESSAGES, OPENED } from './messages.ts';
import { type Answer, HTTP_FAULTS, HttpReceiver, type Received } from './receiver.ts';

const KEY = 'R0123456789abcdefghijklmnopqrstu';

interface Sent {
  routing_key: string;
  event_action: string;
  dedup_key: string;
  payload: { summary: string; severity: string; source: string; custom_details: Record<string, unknown> };
  links?: { href: string }[];
}

/** Answers as the service does: https://developer.pagerduty.com/docs/send-alert-event. */
function answerOf({ method, path, headers, body }: Received): Answer {
  if (method !== 'POST' || path !== '/v2/enqueue' || headers['content-type'] !== 'application/json') {
    return { status: 404 };
  }
  if (Buffer.byteLength(body) > 512 * 1024) return { status: 413 };
  const problems = problemsOf(JSON.parse(body) as Sent);
  const answer = { status: 'invalid event', message: 'Event object is invalid', errors: problems };
  return problems.length > 0
    ? { status: 400, text: JSON.stringify(answer) }
    : { status: 202, text: '{"status":"success","message":"Event processed","dedup_key":"x"}' };
}

function problemsOf({ routing_key, event_action, dedup_key, payload, links = [] }: Sent): string[] {
  const rules: [boolean, string][] = [
    [routing_key === KEY, 'Invalid routing key'],
    [['trigger', 'acknowledge', 'resolve'].includes(event_action), "'event_action' is invalid"],
    [dedup_key.length > 0 && dedup_key.length <= 255, "'dedup_key' is too long"],
    [payload.summary.length > 0 && payload.summary.length <= 1024, "'payload.summary' is too long"],
    [payload.source.length > 0, "'payload.source' is missing or blank"],
    [
      ['critical', 'error', 'warning', 'info'].includes(payload.severity),
      "'payload.severity' is invalid (must be one of the following: 'critical', 'warning', 'error' or 'info')",
    ],
    [typeof payload.custom_details === 'object', "'payload.custom_details' is invalid"],
    [links.every(({ href }) => typeof href === 'string'), "'links' is invalid"],
  ];
  return rules.flatMap(([isMet, problem]) => (isMet ? [] : [problem]));
}

async function open(t: TestContext, check = answerOf, changes: Partial<ChannelContext> = {}, key = KEY) {
  const receiver = await HttpReceiver.start(t, check, { tls: true });
  const context = contextWith({ ca: receiver.ca, ...changes }, { KEY: key });
  const url = `${receiver.origin}/v2/enqueue`;
  const channel = await pagerduty.open({ routingKey: { env: 'KEY' }, url }, context);
  t.after(() => channel.close());
  return { receiver, channel };
}

conforms('pagerduty', {
  faults: HTTP_FAULTS,
  async rig(t, changes) {
    const { receiver, channel } = await open(t, answerOf, changes);
    return {
      channel,
      taken: () =>
        receiver.taken.map(({ body }) => {
          const { dedup_key, event_action } = JSON.parse(body) as Sent;
          return { id: `${dedup_key} ${event_action}`, text: body };
        }),
      failNext: (...faults) => receiver.failNext(...faults),
      secrets: [KEY],
    };
  },
});

describe('the pagerduty channel', () => {
  for (const type of ['alert.opened', 'alert.acknowledged', 'alert.closed', 'alert.digest'] as const) {
    it(`makes an event of ${type} as the golden file has it`, () => {
      const name = type.slice('alert.'.length);
      assertGolden(`pagerduty-${name}.json`, JSON.stringify(pagerDutyEvent(MESSAGES[type]), null, 2));
    });
  }

  it('keeps to one incident for each alert: triggered, acknowledged, resolved', () => {
    const actions = Object.values(MESSAGES).map((message) => [
      message.type,
      pagerDutyEvent(message).event_action,
      pagerDutyEvent(message).dedup_key === message.data.id,
    ]);
    assert.deepEqual(actions, [
      ['alert.opened', 'trigger', true],
      ['alert.updated', 'trigger', true],
      ['alert.acknowledged', 'acknowledge', true],
      ['alert.reopened', 'trigger', true],
      ['alert.closed', 'resolve', true],
      ['alert.digest', 'trigger', true],
      ['alert.test', 'trigger', true],
    ]);
    assert.equal(pagerduty.events.includes('quiet'), false);
    assert.match(pagerDutyEvent(MESSAGES['alert.test']).payload.summary, /^Test alert · /);
  });

  it('tells every severity in the words of PagerDuty', () => {
    const severities = ['critical', 'high', 'medium', 'low', 'info'] as const;
    const told = severities.map(
      (severity) =>
        pagerDutyEvent({ ...OPENED, data: { ...OPENED.data, severity } } as Message).payload.severity,
    );
    assert.deepEqual(told, ['critical', 'error', 'warning', 'info', 'info']);
  });

  it('stays within the limits, and has the links of the message', () => {
    for (const message of [LARGEST_MESSAGE, HOSTILE_MESSAGE]) {
      const event = pagerDutyEvent(message);
      assert.ok(event.payload.summary.length <= 1024);
      assert.ok(event.dedup_key.length <= 255);
      assert.ok(Buffer.byteLength(JSON.stringify(event)) < 64 * 1024);
      assert.doesNotMatch(event.payload.summary, /[\r\n\u0000\u202e]/);
    }
    const links = { acknowledge: 'https://p.example/a', close: 'https://p.example/c' };
    assert.deepEqual(
      pagerDutyEvent({ ...OPENED, data: { ...OPENED.data, links } }).links?.map(({ text }) => text),
      ['Acknowledge', 'Close'],
    );
    assert.equal(pagerDutyEvent(DIGEST).links, undefined);
  });

  it('does not send again what is invalid, and shows why without the key', async (t) => {
    const reason = `{"status":"invalid event","errors":["'payload.source' is missing or blank ${KEY}"]}`;
    const { channel } = await open(t, () => ({ status: 400, text: reason }));
    const result = await send(channel, OPENED);
    assert.ok(result.outcome === 'refused');
    assert.match(result.error, /^localhost:\d+: answered 400: .*'payload.source' is missing or blank …/);
    assert.ok(!result.error.includes(KEY));
  });

  it('sends again when only the key is wrong', async (t) => {
    const { channel } = await open(t, answerOf, {}, 'x'.repeat(32));
    const result = await send(channel, OPENED);
    assert.ok(result.outcome === 'retry');
    assert.match(result.error, /Invalid routing key/);
  });

  it('is not opened with something else than an integration key', async () => {
    for (const key of ['', 'u+a-rest-api-key-20c', `${KEY}x`]) {
      await assert.rejects(
        pagerduty.open(
          { routingKey: { env: 'KEY' }, url: 'https://events.pagerduty.com/v2/enqueue' },
          contextWith({}, { KEY: key }),
        ),
        (error) =>
          error instanceof PgvigilError &&
          error.code === 'SECRET_INVALID' &&
          (key === '' || !error.message.includes(key)),
      );
    }
  });
});
