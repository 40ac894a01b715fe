/** The promise: nobody makes a link but the worker, and none does more than it says or longer than it says. */
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { LINK_ACTIONS, type LinkAction, Links, linkKeys, MAX_PUBLIC_URL } from '../../src/alerts/links.ts';
import { alertMessage } from '../../src/alerts/message.ts';
import { newKeyPair, newSecret, parseSecret, sign } from '../../src/alerts/signature.ts';
import { storyOf } from '../../src/alerts/story.ts';
import { alertWith, NOW } from './support.ts';

const DAY = 86_400_000;
const ID = 'al_0123456789abcdef01234567';
const SECRET = newSecret();
const links = linksOf([SECRET]);

function linksOf(secrets: readonly string[], lifetimeMs = 7 * DAY, publicUrl = 'https://sec.example') {
  return new Links({ publicUrl, keys: secrets.map(parseSecret), lifetimeMs });
}

function tokenOf(maker: Links, action: LinkAction, alertId = ID, now = NOW): string {
  const link = maker.of({ alertId }, now)?.[action];
  assert.ok(link !== undefined);
  return new URL(link).searchParams.get('t') ?? '';
}

const anyAction = fc.constantFrom(...LINK_ACTIONS);
const anyId = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 80 })
  .filter((id) => Buffer.byteLength(id) <= 80);

describe('links', () => {
  it('are read as they were made, until they expire and not a second longer', () => {
    fc.assert(
      fc.property(
        anyAction,
        anyId,
        fc.integer({ min: 0, max: 4 * NOW }),
        fc.integer({ min: 1000, max: 365 * DAY }),
        (action, alertId, now, lifetimeMs) => {
          const maker = linksOf([SECRET], lifetimeMs);
          const token = tokenOf(maker, action, alertId, now);
          const expires = Math.floor((now + lifetimeMs) / 1000) * 1000;
          assert.deepEqual(maker.read(token, action, expires - 1), { verdict: 'valid', alertId });
          assert.deepEqual(maker.read(token, action, expires), { verdict: 'expired', alertId });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('stand below the address that people know, whatever its path', () => {
    for (const [publicUrl, base] of [
      ['https://sec.example', 'https://sec.example'],
      ['https://sec.example/', 'https://sec.example'],
      ['https://sec.example:8443/pgvigil//', 'https://sec.example:8443/pgvigil'],
    ] as const) {
      const { acknowledge, close } = linksOf([SECRET], DAY, publicUrl).of({ alertId: ID }, NOW)!;
      assert.match(acknowledge, /\/alerts\/acknowledge\?t=[\w-]+$/);
      assert.equal(acknowledge.replace(/\/alerts\/.*/, ''), base);
      assert.match(close, /\/alerts\/close\?t=[\w-]+$/);
    }
  });

  it('are refused with any other character, one more or one less', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=.+/ ';
    for (const action of LINK_ACTIONS) {
      const token = tokenOf(links, action);
      for (let at = 0; at < token.length; at++) {
        for (const other of alphabet) {
          if (other === token[at]) continue;
          const changed = token.slice(0, at) + other + token.slice(at + 1);
          assert.equal(links.read(changed, action, NOW).verdict, 'refused', `${at} ${other}`);
        }
        assert.equal(links.read(token.slice(0, at), action, NOW).verdict, 'refused');
      }
      for (const other of alphabet) {
        assert.equal(links.read(token + other, action, NOW).verdict, 'refused');
        assert.equal(links.read(other + token, action, NOW).verdict, 'refused');
      }
    }
  });

  it('are refused when they are any text at all, without an error', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), anyAction, (text, action) => {
        assert.equal(links.read(text, action, NOW).verdict, 'refused');
      }),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), anyAction, (bytes, action) => {
        const text = Buffer.from(bytes).toString('base64url');
        assert.equal(links.read(text, action, NOW).verdict, 'refused');
      }),
    );
  });

  it('do what they were made for alone', () => {
    assert.equal(links.read(tokenOf(links, 'acknowledge'), 'close', NOW).verdict, 'refused');
    assert.equal(links.read(tokenOf(links, 'close'), 'acknowledge', NOW).verdict, 'refused');
  });

  it('of another key are refused; while the key is changed the old ones work and new ones are signed anew', () => {
    const fresh = newSecret();
    const token = tokenOf(links, 'close');
    assert.equal(linksOf([fresh]).read(token, 'close', NOW).verdict, 'refused');
    const both = new Links({
      publicUrl: 'https://sec.example',
      keys: linkKeys(` ${fresh} \n${SECRET}\n`),
      lifetimeMs: DAY,
    });
    assert.equal(both.read(token, 'close', NOW).verdict, 'valid');
    assert.equal(linksOf([fresh]).read(tokenOf(both, 'close'), 'close', NOW).verdict, 'valid');
    assert.equal(links.read(tokenOf(both, 'close'), 'close', NOW).verdict, 'refused');
  });

  it('cannot be made of the signature of a webhook with the same key', () => {
    const payload = Buffer.from(tokenOf(links, 'close'), 'base64url').subarray(0, -32);
    const forged = (mac: Buffer) => Buffer.concat([payload, mac]).toString('base64url');
    const key = parseSecret(SECRET);
    // What a webhook signs is `id.timestamp.body`; the body is the part that others may choose.
    for (const body of [payload, Buffer.concat([Buffer.from('pgvigil alert link\0'), payload])]) {
      const signature = sign(key, 'msg_1', NOW / 1000, body).replace('v1,', '');
      assert.equal(links.read(forged(Buffer.from(signature, 'base64')), 'close', NOW).verdict, 'refused');
    }
    const bare = createHmac('sha256', key).update(payload).digest();
    assert.equal(links.read(forged(bare), 'close', NOW).verdict, 'refused');
  });

  it('of the longest address and id are whole in a message, and below 400 characters', () => {
    const publicUrl = `https://sec.example/${'p'.repeat(MAX_PUBLIC_URL)}`.slice(0, MAX_PUBLIC_URL);
    const alertId = `al_${'0'.repeat(77)}`;
    const made = linksOf([SECRET], 90 * DAY, publicUrl).of({ alertId }, NOW);
    for (const link of Object.values(made!)) {
      assert.ok(link.length < 400, String(link.length));
    }
    const { data, ...rest } = alertMessage(alertWith(), 'alert.opened');
    assert.deepEqual(storyOf({ ...rest, data: { ...data, links: made } }).links, made);
    assert.equal(links.of({ alertId: `${alertId}0` }, NOW), null);
    assert.equal(links.of({ alertId: '' }, NOW), null);
  });
});

describe('keys of links', () => {
  it('are secrets, and are not repeated when they are wrong', () => {
    assert.equal(linkKeys(`${SECRET} ${newSecret()}`).length, 2);
    const { secret, publicKey } = newKeyPair();
    for (const wrong of ['hunter2', 'whsec_hunter2', '', secret, publicKey, `${SECRET} hunter2`]) {
      assert.throws(
        () => linkKeys(wrong),
        (error: Error & { code?: string; hint?: string }) =>
          error.code === 'SECRET_INVALID' &&
          error.message.startsWith('links.secret: ') &&
          !error.message.includes('hunter2') &&
          !error.message.includes(secret) &&
          /pgvigil alerts keys/.test(error.hint ?? ''),
      );
    }
  });
});
