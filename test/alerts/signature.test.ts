import assert from 'node:assert/strict';
import { createPublicKey, randomBytes, verify as verifyWith } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import {
  newKeyPair,
  newSecret as newRandomSecret,
  parsePublicKey,
  parseSecret,
  sign,
  signatureHeader,
  verify,
} from '../../src/alerts/signature.ts';
import { PgvigilError } from '../../src/errors.ts';
import { newSecret } from './support.ts';

const nowSeconds = () => Math.floor(Date.now() / 1000);

describe('signatures', () => {
  it('are those of the example of Standard Webhooks', () => {
    const secret = parseSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    assert.equal(
      sign(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330, '{"test": 2432232314}'),
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  it('are accepted by the reference implementation, whatever the body', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.integer({ min: 24, max: 64 }), (value, bytes) => {
        const text = newSecret(bytes);
        const body = JSON.stringify({ value });
        const timestamp = nowSeconds();
        const signature = sign(parseSecret(text), 'msg_1', timestamp, body);
        const headers = {
          'webhook-id': 'msg_1',
          'webhook-timestamp': String(timestamp),
          'webhook-signature': signature,
        };
        assert.deepEqual(new Webhook(text).verify(body, headers), JSON.parse(body));
      }),
      { numRuns: 50 },
    );
  });

  it('are verified where the reference implementation signed', () => {
    const text = newSecret();
    const timestamp = nowSeconds();
    const signature = new Webhook(text).sign('msg_1', new Date(timestamp * 1000), 'körper');
    const headers = { id: 'msg_1', timestamp: String(timestamp), signature };
    assert.equal(verify([parseSecret(text)], headers, 'körper', timestamp), 'valid');
    assert.equal(verify([parseSecret(text)], headers, Buffer.from('körper'), timestamp), 'valid');
  });

  it('let either secret verify while the secret is being changed', () => {
    const [oldText, newText] = [newSecret(), newSecret()];
    const secrets = [parseSecret(newText), parseSecret(oldText)];
    const timestamp = nowSeconds();
    const signature = signatureHeader(secrets, 'msg_1', timestamp, '{}');
    const headers = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': String(timestamp),
      'webhook-signature': signature,
    };
    for (const text of [oldText, newText]) {
      assert.deepEqual(new Webhook(text).verify('{}', headers), {});
      const ours = { id: 'msg_1', timestamp: String(timestamp), signature };
      assert.equal(verify([parseSecret(text)], ours, '{}', timestamp), 'valid');
    }
    assert.throws(() => new Webhook(newSecret()).verify('{}', headers));
  });

  it('do not verify another body, id, time or secret', () => {
    const secret = parseSecret(newSecret());
    const headers = { id: 'msg_1', timestamp: '1000', signature: sign(secret, 'msg_1', 1000, '{}') };
    assert.equal(verify([secret], headers, '{}', 1000), 'valid');
    assert.equal(verify([secret], headers, '{} ', 1000), 'signature_refused');
    assert.equal(verify([secret], { ...headers, id: 'msg_2' }, '{}', 1000), 'signature_refused');
    assert.equal(verify([secret], { ...headers, timestamp: '1001' }, '{}', 1000), 'signature_refused');
    assert.equal(verify([parseSecret(newSecret())], headers, '{}', 1000), 'signature_refused');
    assert.equal(verify([], headers, '{}', 1000), 'signature_refused');
  });

  it('hold for five minutes either way', () => {
    const secret = parseSecret(newSecret());
    const headers = { id: 'msg_1', timestamp: '1000', signature: sign(secret, 'msg_1', 1000, '{}') };
    assert.equal(verify([secret], headers, '{}', 1300), 'valid');
    assert.equal(verify([secret], headers, '{}', 700), 'valid');
    assert.equal(verify([secret], headers, '{}', 1301), 'timestamp_refused');
    assert.equal(verify([secret], headers, '{}', 699), 'timestamp_refused');
  });

  it('are refused without harm when the headers are garbage', () => {
    const secret = parseSecret(newSecret());
    const pair = parsePublicKey(newKeyPair().publicKey);
    const header = fc.option(fc.string({ unit: 'binary' }), { nil: undefined });
    fc.assert(
      fc.property(header, header, header, (id, timestamp, signature) => {
        assert.notEqual(verify([secret, pair], { id, timestamp, signature }, '{}', 1000), 'valid');
        for (const scheme of ['v1', 'v1a']) {
          const timed = { id: 'msg_1', timestamp: '1000', signature: `${scheme},${signature}` };
          assert.equal(verify([secret, pair], timed, '{}', 1000), 'signature_refused');
        }
      }),
      { numRuns: 200 },
    );
    const missing = { id: 'msg_1', timestamp: undefined, signature: 'v1,' };
    assert.equal(verify([secret], missing, '{}', 1000), 'header_missing');
    for (const timestamp of ['-1000', '1e3', ' 1000', '0x3e8', '1000.0']) {
      const odd = { id: 'msg_1', timestamp, signature: sign(secret, 'msg_1', 1000, '{}') };
      assert.equal(verify([secret], odd, '{}', 1000), 'timestamp_refused', timestamp);
    }
  });
});

describe('signatures with a pair of keys', () => {
  /** The pair that other implementations of `v1a` are tested with; the example of Standard Webhooks shows its signature. */
  const PAIR = {
    secret: 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbfVKIDij2HKpMKkioLlX0dRqSKJp4AJ6p9lMicMFs6Kvg==',
    seed: 'whsk_6Xb/dCcHpPea21PS1N9VY/NZW723CEc77N4rJCubMbc=',
    publicKey: 'whpk_1SiA4o9hyqTCpIqC5V9HUakiiaeACeqfZTInDBbOir4=',
  };
  const EXAMPLE = {
    id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    timestamp: '1614265330',
    signature: 'v1a,hnO3f9T8Ytu9HwrXslvumlUpqtNVqkhqw/enGzPCXe5BdqzCInXqYXFymVJaA7AZdpXwVLPo3mNl8EM+m7TBAg==',
  };
  const BODY = '{"test": 2432232314}';
  const AT = 1614265330;

  it('are those of the example of Standard Webhooks, from the whole key or its seed', () => {
    for (const text of [PAIR.secret, PAIR.seed]) {
      assert.equal(sign(parseSecret(text), EXAMPLE.id, AT, BODY), EXAMPLE.signature);
    }
    for (const key of [parsePublicKey(PAIR.publicKey), parseSecret(PAIR.secret)]) {
      assert.equal(verify([key], EXAMPLE, BODY, AT), 'valid');
    }
  });

  it('hold for a receiver that has the public key and nothing of ours', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const { secret, publicKey } = newKeyPair();
        const body = Buffer.from(text);
        const signature = sign(parseSecret(secret), 'msg_1', 1000, body);
        // SubjectPublicKeyInfo of ed25519 (RFC 8410, section 4).
        const der = Buffer.from(
          `302a300506032b6570032100${Buffer.from(publicKey.slice(5), 'base64').toString('hex')}`,
          'hex',
        );
        const key = createPublicKey({ key: der, format: 'der', type: 'spki' });
        const content = Buffer.concat([Buffer.from('msg_1.1000.'), body]);
        assert.match(signature, /^v1a,[A-Za-z0-9+/]{86}==$/);
        assert.ok(verifyWith(null, content, key, Buffer.from(signature.slice(4), 'base64')));
        const headers = { id: 'msg_1', timestamp: '1000', signature };
        assert.equal(verify([parsePublicKey(publicKey)], headers, body, 1000), 'valid');
      }),
      { numRuns: 50 },
    );
  });

  it('stand beside those with a secret while receivers move from one scheme to the other', () => {
    const [secret, pair, next] = [newRandomSecret(), newKeyPair(), newKeyPair()];
    const timestamp = nowSeconds();
    const keys = [secret, pair.secret, next.secret].map(parseSecret);
    const signature = signatureHeader(keys, 'msg_1', timestamp, '{}');
    assert.match(signature, /^v1,\S+ v1a,\S+ v1a,\S+$/);
    const headers = { id: 'msg_1', timestamp: String(timestamp), signature };
    const other = newKeyPair();
    for (const key of [...keys, ...[pair, next].map(({ publicKey }) => parsePublicKey(publicKey))]) {
      assert.equal(verify([key], headers, '{}', timestamp), 'valid');
      assert.equal(verify([parsePublicKey(other.publicKey), key], headers, '{}', timestamp), 'valid');
    }
    const strangers = [parsePublicKey(other.publicKey), parseSecret(newRandomSecret())];
    assert.equal(verify(strangers, headers, '{}', timestamp), 'signature_refused');
    const standard = {
      'webhook-id': 'msg_1',
      'webhook-timestamp': headers.timestamp,
      'webhook-signature': signature,
    };
    assert.deepEqual(new Webhook(secret).verify('{}', standard), {});
  });

  it('do not verify another body, id, time, key or scheme', () => {
    const key = parsePublicKey(PAIR.publicKey);
    const flipped = EXAMPLE.signature.replace('hnO3', 'hnO2');
    for (const [headers, body] of [
      [EXAMPLE, `${BODY} `],
      [{ ...EXAMPLE, id: 'msg_2' }, BODY],
      [{ ...EXAMPLE, timestamp: '1614265331' }, BODY],
      [{ ...EXAMPLE, signature: flipped }, BODY],
      [{ ...EXAMPLE, signature: EXAMPLE.signature.slice(0, 40) }, BODY],
      [{ ...EXAMPLE, signature: EXAMPLE.signature.replace('v1a,', 'v1,') }, BODY],
      [{ ...EXAMPLE, signature: 'v1a,' }, BODY],
    ] as const) {
      assert.equal(verify([key], headers, body, AT), 'signature_refused', headers.signature);
    }
    assert.equal(verify([parsePublicKey(newKeyPair().publicKey)], EXAMPLE, BODY, AT), 'signature_refused');
    // A public key is known to all: whoever takes it for a secret must not get a signature that is taken.
    const asSecret = parseSecret(`whsec_${PAIR.publicKey.slice(5)}`);
    const forged = { ...EXAMPLE, signature: sign(asSecret, EXAMPLE.id, AT, BODY) };
    assert.equal(verify([key], forged, BODY, AT), 'signature_refused');
  });
});

describe('secrets', () => {
  it('take 24 to 64 bytes, also with a line break from a file', () => {
    for (const bytes of [24, 25, 26, 64]) {
      assert.equal(parseSecret(newSecret(bytes)).symmetricKeySize, bytes);
    }
    assert.equal(parseSecret(`${newSecret(32)}\n`).symmetricKeySize, 32);
  });

  it('are refused when malformed, without being shown', () => {
    const good = randomBytes(32).toString('base64');
    const bad = [
      '',
      'whsec_',
      good,
      `whpk_${good}`,
      `WHSEC_${good}`,
      newSecret(23),
      newSecret(65),
      `whsec_${good.slice(0, 20)} ${good.slice(20)}`,
      `whsec_${good}!`,
      `whsec_${good}x`,
      `whsec_-_${good}`,
    ];
    for (const text of bad) {
      assert.throws(
        () => parseSecret(text),
        (error) => {
          assert.ok(error instanceof PgvigilError);
          assert.equal(error.code, 'SECRET_INVALID');
          const shown = inspect(error, { depth: 5 });
          assert.ok(!shown.includes(good.slice(0, 12)), shown);
          const encoded = text.replace(/^whsec_/, '');
          assert.ok(encoded === '' || !shown.includes(encoded.slice(0, 12)), shown);
          return true;
        },
        text,
      );
    }
  });

  it('are refused as pairs of keys when malformed, without being shown', () => {
    const { secret, publicKey } = newKeyPair();
    const seed = Buffer.from(secret.slice(5), 'base64').subarray(0, 32);
    const mixed = Buffer.concat([seed, randomBytes(32)]).toString('base64');
    const cases: [(text: string) => unknown, string, RegExp][] = [
      [parseSecret, 'whsk_', /holds 0 bytes/],
      [parseSecret, `whsk_${seed.subarray(1).toString('base64')}`, /holds 31 bytes, not 32 or 64/],
      [parseSecret, `whsk_${Buffer.concat([seed, seed, seed]).toString('base64')}`, /holds 96 bytes/],
      [parseSecret, `whsk_${mixed}`, /does not belong to its seed/],
      [parseSecret, `whsk_${secret.slice(5)}!`, /not base64/],
      [parseSecret, publicKey, /is a public key/],
      [parsePublicKey, secret, /does not start with whpk_/],
      [parsePublicKey, `whpk_${secret.slice(5)}`, /holds 64 bytes, not 32/],
      [parsePublicKey, `whpk_${seed.toString('base64')}!`, /not base64/],
    ];
    for (const [parse, text, reason] of cases) {
      assert.throws(
        () => parse(text),
        (error) => {
          assert.ok(error instanceof PgvigilError);
          assert.equal(error.code, 'SECRET_INVALID');
          assert.match(error.message, reason);
          const shown = inspect(error, { depth: 5 });
          const encoded = text.slice(5, 17);
          assert.ok(encoded === '' || !shown.includes(encoded), shown);
          return true;
        },
      );
    }
  });

  it('are made as they are read', () => {
    assert.equal(parseSecret(newRandomSecret()).symmetricKeySize, 32);
    const { secret, publicKey } = newKeyPair();
    assert.equal(Buffer.from(secret.slice(5), 'base64').length, 64);
    const derived = createPublicKey(parseSecret(`${secret}\n`));
    assert.ok(derived.equals(parsePublicKey(`${publicKey}\n`)));
    assert.notEqual(newKeyPair().secret, secret);
  });

  it('do not show their bytes when logged', () => {
    for (const text of [newSecret(), newKeyPair().secret]) {
      const key = parseSecret(text);
      for (const shown of [inspect(key, { depth: 5, showHidden: true }), JSON.stringify(key), String(key)]) {
        assert.ok(!shown.includes(text.slice(6, 18)), shown);
      }
    }
  });
});
