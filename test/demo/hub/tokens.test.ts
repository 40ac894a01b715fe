import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Refusal } from '../../../src/demo/hub/refusal.ts';
import { Claims, verifyToken } from '../../../src/demo/hub/tokens.ts';

const NOW = Date.UTC(2026, 0, 2);
const policy = { name: 'reader', key: 's3cret' };

function token(resource: string, expirySeconds = NOW / 1000 + 60, key = policy.key): string {
  const sr = encodeURIComponent(resource);
  const sig = createHmac('sha256', key).update(`${sr}\n${expirySeconds}`).digest('base64');
  return `SharedAccessSignature sr=${sr}&sig=${encodeURIComponent(sig)}&se=${expirySeconds}&skn=${policy.name}`;
}

describe('tokens', () => {
  it('a good one opens its resource and what lies below, nothing beside it', () => {
    const claims = new Claims();
    claims.add(verifyToken(token('sb://127.0.0.1:5672/Logs/Partitions/1'), policy, NOW));
    for (const open of ['logs/Partitions/1', 'LOGS/partitions/1', 'logs/partitions/1/below'])
      claims.require(open, NOW);
    for (const shut of ['logs', 'logs/partitions/10', 'logs/partitions/2', 'other', ''])
      assert.throws(() => claims.require(shut, NOW), Refusal);
  });

  it('opens nothing once it is too old', () => {
    const claims = new Claims();
    claims.add(verifyToken(token('sb://h/logs'), policy, NOW));
    claims.require('logs', NOW + 59_999);
    assert.throws(() => claims.require('logs', NOW + 60_000), Refusal);
    assert.throws(() => verifyToken(token('sb://h/logs'), policy, NOW + 60_000), /ExpiredToken/);
  });

  it('is refused when anything in it was changed', () => {
    const good = token('sb://h/logs');
    assert.equal(verifyToken(good, policy, NOW).scope, 'logs');
    for (const bad of [
      token('sb://h/logs', undefined, 'other key'),
      good.replace('logs', 'logz'),
      good.replace(/se=(\d)/, 'se=9$1'),
      good.replace('skn=reader', 'skn=other'),
      good.replace(/sig=..../, 'sig=AAAA'),
      good.replace(/sig=[^&]*/, 'sig='),
      `${good}&sr=${encodeURIComponent('sb://h/other')}`.replace(/ sr=[^&]*&/, ' '),
      '',
      'SharedAccessSignature ',
    ])
      assert.throws(() => verifyToken(bad, policy, NOW), Refusal, bad);
  });

  it('the scope is the resource that was signed, also when it is given twice', () => {
    const twice = token('sb://h/logs').replace(
      'SharedAccessSignature ',
      `SharedAccessSignature sr=${encodeURIComponent('sb://h/other')}&`,
    );
    assert.throws(() => verifyToken(twice, policy, NOW), Refusal);
    assert.equal(
      verifyToken(`${token('sb://h/logs')}&sr=${encodeURIComponent('sb://h/other')}`, policy, NOW).scope,
      'logs',
    );
  });

  it('no text gets past as a token', () => {
    fc.assert(
      fc.property(fc.string(), (text) => assert.throws(() => verifyToken(text, policy, NOW), Refusal)),
    );
  });
});
