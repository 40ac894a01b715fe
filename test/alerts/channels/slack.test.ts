import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { slack, slackBody } from '../../../src/alerts/channels/slack.ts';
import type { AlertData, MessageType } from '../../../src/alerts/message.ts';
import { liveParts, refusalOf, shownTexts } from './block-kit.ts';
import { conforms, contextWith, send } from './conformance.ts';
import { EXTREMES } from './extremes.ts';
import { assertGolden } from './golden.ts';
import { HOSTILE_MESSAGE, LARGEST_MESSAGE, MESSAGES, OPENED } from './messages.ts';
import { type Answer, HTTP_FAULTS, HttpReceiver, type Received } from './receiver.ts';

const PATH = '/services/T0123456789/B0123456789/abcdefghijklmnopqrstuvwx';

/** Answers as Slack does: docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors. */
function asSlack({ method, path, headers, body }: Received): Answer {
  if (path !== PATH) return { status: 404, text: 'no_service' };
  if (method !== 'POST' || headers['content-type'] !== 'application/json') {
    return { status: 400, text: 'invalid_payload' };
  }
  const refusal = refusalOf(JSON.parse(body));
  return refusal === null ? { status: 200, text: 'ok' } : { status: 400, text: refusal };
}

conforms('slack', {
  faults: HTTP_FAULTS,
  async rig(t, changes) {
    const receiver = await HttpReceiver.start(t, asSlack, { tls: true });
    const context = contextWith({ ca: receiver.ca, ...changes }, { SLACK_URL: `${receiver.origin}${PATH}` });
    const channel = await slack.open({ url: { env: 'SLACK_URL' } }, context);
    t.after(() => channel.close());
    return {
      channel,
      taken: () =>
        receiver.taken.map(({ body }) => ({
          id: createHash('sha256').update(body).digest('hex'),
          text: body,
        })),
      failNext: (...faults) => receiver.failNext(...faults),
      secrets: [PATH, 'abcdefghijklmnopqrstuvwx'],
    };
  },
});

describe('the slack channel', () => {
  const answers: readonly (readonly [Answer, string])[] = [
    [{ status: 400, text: 'invalid_payload' }, 'refused'],
    [{ status: 400, text: 'invalid_blocks' }, 'refused'],
    [{ status: 403, text: 'action_prohibited' }, 'retry'],
    [{ status: 403, text: 'invalid_token' }, 'retry'],
    [{ status: 404, text: 'channel_not_found' }, 'retry'],
    [{ status: 404, text: 'no_service' }, 'retry'],
    [{ status: 410, text: 'channel_is_archived' }, 'gone'],
    [{ status: 500, text: 'rollup_error' }, 'retry'],
  ];
  for (const [answer, outcome] of answers) {
    it(`makes of ${answer.status} ${answer.text}: ${outcome}`, async (t) => {
      const receiver = await HttpReceiver.start(t, () => answer);
      const context = contextWith({}, { SLACK_URL: `${receiver.origin}${PATH}` });
      const channel = await slack.open({ url: { env: 'SLACK_URL' } }, context);
      t.after(() => channel.close());
      const result = await send(channel, OPENED);
      assert.equal(result.outcome, outcome);
      assert.match('error' in result ? result.error : '', new RegExp(`${answer.status}: ${answer.text}$`));
    });
  }

  for (const type of ['opened', 'updated', 'closed', 'digest'] as const) {
    it(`lays ${type} out as the golden file has it`, () => {
      const body = slackBody(MESSAGES[`alert.${type}` satisfies MessageType]);
      assertGolden(`slack-${type}.json`, JSON.stringify(body, null, 2));
    });
  }

  it('is taken at every edge, and says so where it left something out', () => {
    for (const [name, message] of [...EXTREMES, ['largest', LARGEST_MESSAGE] as const]) {
      assert.equal(refusalOf(slackBody(message)), null, name);
    }
    const shown = shownTexts(slackBody(LARGEST_MESSAGE));
    assert.equal(shown.at(-1), 'Shortened. All of it: pgvigil alerts show al_0123456789abcdef01234567');
    assert.ok(!JSON.stringify(slackBody(OPENED)).includes('Shortened'));
  });

  it('has nothing of an attacker come alive, and shows it as it is', () => {
    const body = slackBody(HOSTILE_MESSAGE);
    assert.deepEqual(liveParts(body), []);
    const shown = shownTexts(body);
    const { statements, summary, user } = HOSTILE_MESSAGE.data as AlertData;
    assert.ok(shown.includes(statements[0] ?? ''));
    assert.ok(shown.includes(summary));
    assert.ok(shown.includes(`User:\n${user}`));
    assert.equal(body.blocks.filter(({ type }) => type === 'actions').length, 0);
  });

  it('keeps names whole in a notification, and marks of formatting out of it', () => {
    assert.match(
      slackBody(OPENED).text,
      /^HIGH · New alert · .* · pg-prod-1: 31 failed sign-ins of app_rw from/,
    );
  });

  it('links to where the alert is acknowledged and closed, unless the link was cut', () => {
    const links = {
      acknowledge: 'https://pgvigil.example.com/a?t=1',
      close: 'https://pgvigil.example.com/c?t=1',
    };
    const withLinks = (changes: Partial<typeof links>) =>
      slackBody({ ...OPENED, data: { ...OPENED.data, links: { ...links, ...changes } } });
    const [actions] = withLinks({}).blocks.filter(({ type }) => type === 'actions');
    assert.deepEqual(
      actions?.type === 'actions' && actions.elements.map(({ text, url }) => [text.text, url]),
      [
        ['Acknowledge', links.acknowledge],
        ['Close', links.close],
      ],
    );
    for (const close of ['https://pgvigil.example.com/c?t=…', 'javascript:alert(1)']) {
      assert.ok(!JSON.stringify(withLinks({ close }).blocks).includes('actions'), close);
    }
  });

  it('has a model of Slack that sees what is alive', () => {
    const mrkdwn = (text: string) => liveParts({ type: 'mrkdwn', text });
    assert.deepEqual(mrkdwn('<!channel> a *b* _c_ `d`'), ['<!channel>', '*b*', '_c_', '`d`']);
    assert.deepEqual(liveParts({ text: '<https://evil.example|ok>' }), ['<https://evil.example|ok>']);
    assert.deepEqual(liveParts({ type: 'plain_text', text: '2001:100:: <' }), ['<', ':100:']);
    assert.equal(liveParts([{ type: 'broadcast', range: 'here' }]).length, 1);
    assert.deepEqual(liveParts({ type: 'text', text: '<!channel>' }), []);
  });
});
