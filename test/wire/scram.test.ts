import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeVerifier, mockVerifier } from '../../src/access/scram-verifier.ts';
import { ScramError, ScramExchange } from '../../src/wire/scram.ts';

// The example of RFC 7677, section 3.
const NONCE = 'rOprNGfwEbeRWgbNEkqO';
const SERVER_NONCE = '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
const SALT = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64');
const FIRST = `n,,n=user,r=${NONCE}`;
const LAST = `c=biws,r=${NONCE}${SERVER_NONCE},p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=`;

test('the exchange is that of RFC 7677', async () => {
  const exchange = new ScramExchange(FIRST, await makeVerifier('pencil', SALT), SERVER_NONCE);
  assert.equal(exchange.challenge, `r=${NONCE}${SERVER_NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096`);
  assert.equal(exchange.finish(LAST), 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
});

test('another password, and an account that does not exist, are refused alike', async () => {
  const others = [await makeVerifier('pencils', SALT), mockVerifier(Buffer.alloc(32), 'user')];
  for (const verifier of others)
    assert.equal(new ScramExchange(FIRST, verifier, SERVER_NONCE).finish(LAST), null);
});

test('an unknown account has a salt that stays the same and is as long as a real one', async () => {
  const secret = Buffer.alloc(32, 7);
  const [first, again, other] = ['ann', 'ann', 'bob'].map((user) => mockVerifier(secret, user));
  assert.deepEqual(first!.salt, again!.salt);
  assert.notDeepEqual(first!.salt, other!.salt);
  const real = await makeVerifier('x');
  assert.equal(first!.salt.length, real.salt.length);
  assert.equal(first!.iterations, real.iterations);
});

test('two verifiers of one password have nothing in common', async () => {
  const [one, two] = [await makeVerifier('x'), await makeVerifier('x')];
  assert.notDeepEqual(one.storedKey, two.storedKey);
});

test('messages that do not keep to the form are an error, not an answer', async () => {
  const verifier = await makeVerifier('pencil', SALT);
  for (const first of [
    '',
    'n,,',
    'p=tls-unique,,n=,r=abc',
    'n,a=x,n=,r=abc',
    'n,,n=,r=',
    'n,,n=,r=a,b',
    'n,,m=x,n=,r=abc',
  ]) {
    assert.throws(() => new ScramExchange(first, verifier), ScramError, first);
  }
  const exchange = new ScramExchange(FIRST, verifier, SERVER_NONCE);
  const bad = [LAST.replace('biws', 'eSws'), LAST.replace(NONCE, 'other'), LAST.slice(0, -8), 'c=biws', ''];
  for (const last of bad) assert.throws(() => exchange.finish(last), ScramError, last);
});
