import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { ocsf } from '../../../src/alerts/channels/ocsf.ts';
import { findingOf } from '../../../src/alerts/channels/ocsf-finding.ts';
import type { Message } from '../../../src/alerts/message.ts';
import { newSecret } from '../support.ts';
import { anyAlertMessage } from './arbitrary.ts';
import { conforms, contextWith, send } from './conformance.ts';
import { assertGoldenJson, GOLDEN_MESSAGES, stageOf } from './golden.ts';
import { HOSTILE_MESSAGE, LARGEST_MESSAGE, MESSAGES, OPENED } from './messages.ts';
import { findingProblems } from './ocsf-schema.ts';
import { HTTP_FAULTS, HttpReceiver, type Received } from './receiver.ts';

const secret = newSecret();
const token = 'a-token-that-a-collector-gave';
const SENDER = { id: 'msg_0123456789abcdef', version: '0.1.0' };

/** The finding as it arrives. */
const sent = (message: Message) => JSON.parse(JSON.stringify(findingOf(message, SENDER)));

/** Answers as a collector that asks for a token, checks the signature, and takes what the schema allows. */
function collected({ headers, body, method }: Received) {
  if (headers.authorization !== `Bearer ${token}`) return { status: 401 };
  try {
    new Webhook(secret).verify(body, headers as Record<string, string>);
  } catch {
    return { status: 403 };
  }
  if (headers['content-type'] !== 'application/json; charset=utf-8') return { status: 415 };
  const problems = findingProblems(JSON.parse(body));
  if (problems.length > 0) return { status: 400, text: problems.join('; ') };
  return { status: method === 'POST' ? 202 : 405 };
}

conforms('ocsf', {
  faults: HTTP_FAULTS,
  async rig(t, changes) {
    const receiver = await HttpReceiver.start(t, collected, { tls: true });
    const context = contextWith({ ca: receiver.ca, ...changes }, { KEY: secret, TOKEN: token });
    const channel = await ocsf.open(
      { url: `${receiver.origin}/ocsf`, secret: { env: 'KEY' }, token: { env: 'TOKEN' } },
      context,
    );
    t.after(() => channel.close());
    return {
      channel,
      taken: () => receiver.taken.map(({ body }) => ({ id: JSON.parse(body).metadata.uid, text: body })),
      failNext: (...faults) => receiver.failNext(...faults),
      secrets: [secret, token],
    };
  },
});

describe('findings of OCSF', () => {
  it('are what they were (UPDATE_GOLDEN=1 rewrites)', () => {
    for (const message of GOLDEN_MESSAGES) assertGoldenJson(`ocsf-${stageOf(message)}`, sent(message));
  });

  it('are valid by the schema, whatever the alert', () => {
    for (const message of [...Object.values(MESSAGES), LARGEST_MESSAGE, HOSTILE_MESSAGE]) {
      assert.deepEqual(findingProblems(sent(message)), [], message.type);
    }
    fc.assert(
      fc.property(anyAlertMessage, (message) => {
        assert.deepEqual(findingProblems(sent(message)), []);
      }),
      { numRuns: 300 },
    );
  });

  it('name an address an address, and another client by its name', () => {
    const endpointOf = (client: string) =>
      sent({ ...OPENED, data: { ...OPENED.data, client } }).evidences[0].src_endpoint;
    assert.deepEqual(endpointOf('2001:db8::7'), { ip: '2001:db8::7' });
    assert.deepEqual(endpointOf('[local]'), { name: '[local]' });
  });

  it('tell what was harmless from what was resolved', () => {
    const statusOf = (reason: string) => {
      const change = { what: 'closed', by: 'dba@example.com', reason, note: null };
      const { status_id, status } = sent({ ...OPENED, data: { ...OPENED.data, status: 'closed', change } });
      return [status_id, status];
    };
    assert.deepEqual(statusOf('resolved'), [4, 'Resolved']);
    assert.deepEqual(statusOf('duplicate'), [4, 'Resolved']);
    for (const reason of ['false-positive', 'expected'])
      assert.deepEqual(statusOf(reason), [3, 'Suppressed']);
  });

  it('say that a test is one', () => {
    const { metadata, type_uid } = sent(MESSAGES['alert.test']);
    assert.deepEqual([metadata.labels, type_uid], [['test'], 200401]);
  });

  it('are held against facts that bite', () => {
    const wrong: [string, (finding: ReturnType<typeof sent>) => unknown][] = [
      ['.time is missing', (finding) => delete finding.time],
      ['.time is not of type timestamp_t', (finding) => (finding.time = '2026-03-01T12:00:00Z')],
      ['.confidence_id is none of its values', (finding) => (finding.confidence_id = 7)],
      ['.severity_id and severity do not say the same', (finding) => (finding.severity = 'high')],
      [
        '.status_id is Other, and status is missing',
        (finding) => delete Object.assign(finding, { status_id: 99 }).status,
      ],
      [
        '.type_uid is not of this class and activity',
        (finding) => Object.assign(finding, { type_uid: 200403, type_name: 'Detection Finding: Close' }),
      ],
      ['.risk is not known', (finding) => (finding.risk = 47)],
      ['.comment is not of type string_t', (finding) => (finding.comment = null)],
      ['.resources is not a list', (finding) => (finding.resources = finding.resources[0])],
      ['.resources[0] has none of name, uid', (finding) => delete finding.resources[0].name],
      [
        '.evidences[0].src_endpoint.ip is not of type ip_t',
        (finding) => (finding.evidences[0].src_endpoint.ip = '[local]'),
      ],
      [
        '.evidences[0].actor.invoked_by is deprecated',
        (finding) => (finding.evidences[0].actor.invoked_by = 'cron'),
      ],
      ['.unmapped is not an object', (finding) => (finding.unmapped = 'entity')],
      ['.malware[0]: nothing is known of malware', (finding) => (finding.malware = [{}])],
    ];
    for (const [problem, spoil] of wrong) {
      const finding = sent(OPENED);
      spoil(finding);
      assert.deepEqual(findingProblems(finding), [problem]);
    }
  });
});

describe('the ocsf channel', () => {
  it('sends the id also where it has no key to sign with', async (t) => {
    const receiver = await HttpReceiver.start(t, () => ({ status: 200 }));
    const channel = await ocsf.open({ url: `${receiver.origin}/` }, contextWith({}));
    t.after(() => channel.close());
    assert.equal((await send(channel, OPENED, 'msg_1')).outcome, 'delivered');
    const { headers } = receiver.taken[0]!;
    assert.equal(headers['webhook-id'], 'msg_1');
    assert.equal(headers['webhook-signature'], undefined);
    assert.equal(headers.authorization, undefined);
  });

  it('refuses a token that no header holds, and one beside a password in the URL', async () => {
    const open = (given: string, url = 'https://collector.example.com/') =>
      ocsf.open(
        { url: { env: 'URL' }, token: { env: 'TOKEN' } },
        contextWith({}, { TOKEN: given, URL: url }),
      );
    for (const given of ['', 'Bearer abc', 'a\nb', 'schlüssel']) {
      await assert.rejects(open(given), (error: Error & { code?: string }) => {
        assert.equal(error.code, 'SECRET_INVALID');
        assert.ok(given === '' || !error.message.includes(given));
        return true;
      });
    }
    await assert.rejects(open('abc', 'https://alice:hunter2@collector.example.com/'), {
      code: 'CONFIG_INVALID',
    });
    await (await open(' abc\n')).close();
  });
});
