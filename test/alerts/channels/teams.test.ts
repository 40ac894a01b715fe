import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { teams, teamsBody } from '../../../src/alerts/channels/teams.ts';
import type { AlertData, MessageType } from '../../../src/alerts/message.ts';
import { liveParts, refusalOf, shownTexts } from './adaptive-card.ts';
import { conforms, contextWith, send } from './conformance.ts';
import { EXTREMES } from './extremes.ts';
import { assertGolden } from './golden.ts';
import { HOSTILE, HOSTILE_MESSAGE, LARGEST_MESSAGE, MESSAGES, OPENED } from './messages.ts';
import { type Answer, HTTP_FAULTS, HttpReceiver, type Received } from './receiver.ts';

const PATH = '/workflows/0123456789abcdef0123456789abcdef/triggers/manual/paths/invoke';
const QUERY =
  '?api-version=2016-06-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=abcdefghijklmnopqrstuvwxyz0123456789abcdefg';

/** 28 KB, as Teams documents it. */
const MAX_BYTES = 28 * 1024;

/** Answers as a workflow does; the card itself it would look at only later. */
function asWorkflow({ method, path, headers, body }: Received): Answer {
  if (path !== PATH + QUERY) return { status: 401, text: 'DirectApiAuthorizationRequired' };
  if (method !== 'POST' || headers['content-type'] !== 'application/json') return { status: 400 };
  if (Buffer.byteLength(body) > MAX_BYTES) return { status: 413, text: 'RequestEntityTooLarge' };
  const refusal = refusalOf(JSON.parse(body));
  return refusal === null ? { status: 202 } : { status: 400, text: refusal };
}

conforms('teams', {
  faults: HTTP_FAULTS,
  async rig(t, changes) {
    const receiver = await HttpReceiver.start(t, asWorkflow, { tls: true });
    const context = contextWith(
      { ca: receiver.ca, ...changes },
      { TEAMS_URL: `${receiver.origin}${PATH}${QUERY}` },
    );
    const channel = await teams.open({ url: { env: 'TEAMS_URL' } }, context);
    t.after(() => channel.close());
    return {
      channel,
      taken: () =>
        receiver.taken.map(({ body }) => ({
          id: createHash('sha256').update(body).digest('hex'),
          text: body,
        })),
      failNext: (...faults) => receiver.failNext(...faults),
      secrets: ['0123456789abcdef0123456789abcdef', 'abcdefghijklmnopqrstuvwxyz0123456789abcdefg'],
    };
  },
});

describe('the teams channel', () => {
  const answers: readonly (readonly [Answer, string])[] = [
    [{ status: 413, text: 'RequestEntityTooLarge' }, 'refused'],
    [{ status: 400, text: 'WorkflowTriggerIsNotEnabled' }, 'retry'],
    [{ status: 401, text: 'DirectApiAuthorizationRequired' }, 'retry'],
    [{ status: 404, text: 'WorkflowNotFound' }, 'retry'],
  ];
  for (const [answer, outcome] of answers) {
    it(`makes of ${answer.status} ${answer.text}: ${outcome}`, async (t) => {
      const receiver = await HttpReceiver.start(t, () => answer);
      const context = contextWith({}, { TEAMS_URL: `${receiver.origin}${PATH}${QUERY}` });
      const channel = await teams.open({ url: { env: 'TEAMS_URL' } }, context);
      t.after(() => channel.close());
      assert.equal((await send(channel, OPENED)).outcome, outcome);
    });
  }

  for (const type of ['opened', 'updated', 'closed', 'digest'] as const) {
    it(`lays ${type} out as the golden file has it`, () => {
      const body = teamsBody(MESSAGES[`alert.${type}` satisfies MessageType]);
      assertGolden(`teams-${type}.json`, JSON.stringify(body, null, 2));
    });
  }

  it('is taken at every edge, and says so where it left something out', () => {
    for (const [name, message] of [...EXTREMES, ['largest', LARGEST_MESSAGE] as const]) {
      const body = teamsBody(message);
      assert.equal(refusalOf(body), null, name);
      assert.ok(Buffer.byteLength(JSON.stringify(body)) <= MAX_BYTES, name);
    }
    assert.ok(!JSON.stringify(teamsBody(OPENED)).includes('Shortened'));
    const [, huge] = EXTREMES.find(([name]) => name === 'digest of "𝕏"') ?? ['', OPENED];
    assert.equal(shownTexts(teamsBody(huge)).at(-1), 'Shortened. Digest dg_0123456789abcdef01234567');
  });

  it('has nothing of an attacker come alive, and shows it as it is', () => {
    const body = teamsBody(HOSTILE_MESSAGE);
    assert.deepEqual(liveParts(body), []);
    const { statements, summary, user } = HOSTILE_MESSAGE.data as AlertData;
    for (const text of [statements[0], summary, user]) assert.ok(shownTexts(body).includes(text ?? ''));
  });

  it('has no date made of what an attacker wrote', () => {
    const summary = `${HOSTILE} {{{DATE(2026-03-01T12:00:00Z, SHORT)}} {{TIME(2026-03-01T12:00:00Z)}}`;
    const body = teamsBody({ ...OPENED, data: { ...OPENED.data, summary } });
    assert.deepEqual(liveParts(body), []);
  });

  it('links to where the alert is acknowledged and closed', () => {
    const links = {
      acknowledge: 'https://pgvigil.example.com/a?t=1',
      close: 'https://pgvigil.example.com/c?t=1',
    };
    const body = teamsBody({ ...OPENED, data: { ...OPENED.data, links } });
    assert.equal(refusalOf(body), null);
    assert.deepEqual(
      body.attachments[0].content.actions?.map(({ title, url }) => [title, url]),
      [
        ['Acknowledge', links.acknowledge],
        ['Close', links.close],
      ],
    );
  });

  it('has a model of Teams that sees what is alive', () => {
    const block = (text: string) => liveParts({ type: 'TextBlock', text });
    assert.deepEqual(block('a **b** [c](d)'), ['**b*', '[c](d)']);
    assert.deepEqual(liveParts({ title: 'User', value: 'https://evil.example' }), ['https://evil.example']);
    assert.equal(liveParts({ type: 'TextRun', text: '{{TIME(2026-03-01T12:00:00Z)}}' }).length, 1);
    assert.deepEqual(liveParts({ type: 'TextRun', text: 'a', selectAction: {} }), ['selectAction']);
  });
});
