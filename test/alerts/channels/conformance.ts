/** What every channel has to do, against a real receiver on this machine that checks what the real one would. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import type { Channel, ChannelContext, DeliveryResult } from '../../../src/alerts/channels/channel.ts';
import type { Message } from '../../../src/alerts/message.ts';
import type { SecretRef } from '../../../src/config/references.ts';
import { HOSTILE_MESSAGE, LARGEST_MESSAGE, MESSAGES, OPENED } from './messages.ts';
import { type Fault, RETRY_AFTER_SECONDS } from './receiver.ts';

/** A channel with its receiver, for one test. */
export interface Rig {
  channel: Channel;
  /** What the receiver took, in order: how it tells repeats, and the text of it as it came. */
  taken(): readonly { id: string; text: string }[];
  /** The next attempts meet these. */
  failNext(...faults: Fault[]): void;
  /** Texts that must not stand in any error or in what the channel shows of itself. */
  secrets: readonly string[];
}

export interface Conformance {
  /** @param context changes of the channel's context, as a short time limit */
  rig(t: TestContext, context: Partial<ChannelContext>): Promise<Rig>;
  /** Faults that its receiver can have. */
  faults: readonly Fault[];
  /** What the channel makes of an answer that says that there is nobody any more; `gone` over HTTP. */
  gone?: DeliveryResult['outcome'];
}

/** Context of a channel whose receiver is on this machine. */
export function contextWith(
  changes: Partial<ChannelContext>,
  secrets: Record<string, string> = {},
): ChannelContext {
  return {
    name: 'soc',
    secret: (ref: SecretRef) => Promise.resolve(('env' in ref && secrets[ref.env]) || ''),
    allowPrivate: ['127.0.0.1', 'localhost'],
    ca: undefined,
    version: '0.1.0',
    ...changes,
  };
}

const never = new AbortController().signal;
let count = 0;

/** Makes one attempt. */
export function send(
  channel: Channel,
  message: Message,
  id = `msg_${++count}`,
  signal = never,
): Promise<DeliveryResult> {
  const timestampSeconds = Math.floor(Date.now() / 1000);
  return channel.deliver({ id, message, json: JSON.stringify(message), timestampSeconds }, signal);
}

/** Runs the suite for one kind of channel. */
export function conforms(type: string, { rig, faults, gone = 'gone' }: Conformance): void {
  describe(`channel ${type}, as every channel`, () => {
    for (const [name, message] of Object.entries(MESSAGES)) {
      it(`has ${name} taken`, async (t) => {
        const { channel, taken } = await rig(t, {});
        const result = await send(channel, message);
        assert.deepEqual(problem(result), { outcome: 'delivered', error: undefined });
        assert.match(result.bodyHash ?? '', /^[0-9a-f]{64}$/);
        assert.equal(taken().length, 1);
      });
    }

    it('has the largest message and the one of an attacker taken', async (t) => {
      const { channel, taken } = await rig(t, {});
      for (const message of [LARGEST_MESSAGE, HOSTILE_MESSAGE]) {
        assert.deepEqual(problem(await send(channel, message)), { outcome: 'delivered', error: undefined });
      }
      for (const { text } of taken())
        assert.doesNotMatch(text, /[\u0000\u001b\u202e]|\\u202e|\\u001b|\\u0000/);
    });

    it('gives a repeat the same id and the same body, and another message another', async (t) => {
      const { channel, taken } = await rig(t, {});
      const [one, again, other] = [
        await send(channel, OPENED, 'msg_same'),
        await send(channel, OPENED, 'msg_same'),
        await send(channel, MESSAGES['alert.closed'], 'msg_other'),
      ];
      const ids = taken().map(({ id }) => id);
      assert.equal(ids.length, 3);
      assert.equal(ids[0], ids[1]);
      assert.notEqual(ids[0], ids[2]);
      assert.notEqual(one.bodyHash, other.bodyHash);
      assert.ok(again.bodyHash !== null);
    });

    const expected: Partial<Record<Fault, DeliveryResult['outcome']>> = {
      error: 'retry',
      throttled: 'retry',
      redirect: 'retry',
      silent: 'retry',
      drop: 'retry',
      gone,
      drip: 'delivered',
    };
    for (const fault of faults) {
      it(`makes of ${fault} what it is, and delivers the next time`, async (t) => {
        const { channel, failNext, taken, secrets } = await rig(
          t,
          fault === 'silent' ? { timeoutMs: 300 } : {},
        );
        failNext(fault);
        const result = await send(channel, OPENED, 'msg_fault');
        assert.equal(result.outcome, expected[fault], inspect(result));
        if (fault === 'throttled' && result.outcome === 'retry') {
          assert.ok(
            Math.abs((result.retryAfterMs ?? 0) - RETRY_AFTER_SECONDS * 1000) < 2_000,
            inspect(result),
          );
        }
        const shown = inspect([result, channel], { depth: 10, showHidden: true });
        for (const secret of secrets) assert.ok(!shown.includes(secret), `a secret stands in ${shown}`);
        const before = taken().length;
        assert.equal((await send(channel, OPENED, 'msg_fault')).outcome, 'delivered');
        assert.equal(taken().length, before + 1);
      });
    }

    it('says that it was stopped', async (t) => {
      const { channel, failNext } = await rig(t, {});
      const before = await send(channel, OPENED, 'msg_stopped', AbortSignal.abort());
      assert.equal(before.outcome, 'aborted');
      if (!faults.includes('silent')) return;
      failNext('silent');
      const result = await send(channel, OPENED, 'msg_stopped', AbortSignal.timeout(100));
      assert.equal(result.outcome, 'aborted');
    });
  });
}

function problem(result: DeliveryResult): { outcome: string; error: string | undefined } {
  return { outcome: result.outcome, error: 'error' in result ? result.error : undefined };
}
