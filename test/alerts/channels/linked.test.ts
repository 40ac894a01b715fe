import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Channel, OutgoingMessage } from '../../../src/alerts/channels/channel.ts';
import { LinkedChannel } from '../../../src/alerts/channels/linked.ts';
import { Links, linkKeys } from '../../../src/alerts/links.ts';
import type { Message } from '../../../src/alerts/message.ts';
import { NOW, newSecret } from '../support.ts';
import { send } from './conformance.ts';
import { DIGEST, MESSAGES, OPENED } from './messages.ts';

const links = new Links({
  publicUrl: 'https://sec.example',
  keys: linkKeys(newSecret()),
  lifetimeMs: 7 * 86_400_000,
});

/** What the channel behind gets of a message. */
async function behind(message: Message): Promise<OutgoingMessage> {
  const got: OutgoingMessage[] = [];
  const inner: Channel = {
    name: 'chat',
    target: 'x',
    deliver: async (outgoing) => {
      got.push(outgoing);
      return { outcome: 'delivered', status: 200, bodyHash: null };
    },
    close: async () => undefined,
  };
  const channel = new LinkedChannel(inner, links);
  assert.deepEqual([channel.name, channel.target], ['chat', 'x']);
  await send(channel, message, 'msg_1');
  await send(channel, message, 'msg_1');
  assert.equal(got[0]?.json, got[1]?.json, 'a repeat has the same bytes');
  return got[0]!;
}

describe('a channel with links', () => {
  it('puts them in when it sends, lasting from the change of the alert on', async () => {
    const { message, json, id } = await behind(OPENED);
    assert.deepEqual([id, JSON.parse(json)], ['msg_1', message]);
    assert.ok(message.type !== 'alert.digest' && message.data.links !== null);
    assert.deepEqual({ ...message, data: { ...message.data, links: null } }, OPENED);
    const token = new URL(message.data.links.close).searchParams.get('t') ?? '';
    const week = NOW + 7 * 86_400_000;
    assert.equal(links.read(token, 'close', week - 1_000).verdict, 'valid');
    assert.equal(links.read(token, 'close', week).verdict, 'expired');
  });

  it('leaves alone what nothing can be done about', async () => {
    for (const message of [DIGEST, MESSAGES['alert.closed']]) {
      const outgoing = await behind(message);
      assert.equal(outgoing.message, message);
      assert.equal(outgoing.json, JSON.stringify(message));
    }
  });
});
