import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { parseSecret, sign, signatureHeader, verify } from '../../src/alerts/signature.ts';
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
    const header = fc.option(fc.string({ unit: 'binary' }), { nil: undefined });
    fc.assert(
      fc.property(header, header, header, (id, timestamp, signature) => {
        assert.notEqual(verify([secret], { id, timestamp, signature }, '{}', 1000), 'valid');
        const timed = { id: 'msg_1', timestamp: '1000', signature: `v1,${signature}` };
        assert.equal(verify([secret], timed, '{}', 1000), 'signature_refused');
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
      `whsk_${good}`,
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

  it('do not show their bytes when logged', () => {
    const text = newSecret();
    const key = parseSecret(text);
    for (const shown of [inspect(key, { depth: 5, showHidden: true }), JSON.stringify(key), String(key)]) {
      assert.ok(!shown.includes(text.slice(6, 18)), shown);
    }
  });
});
