import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AccessTokens, type NewTokenRequest } from '../../src/access/access-tokens.ts';
import { makeVerifier, parseVerifier, verifierText } from '../../src/access/scram-verifier.ts';
import { idOf, newToken } from '../../src/access/token-text.ts';
import { temporaryStore } from '../store/support.ts';

const NOW = Date.UTC(2026, 0, 1);
const DAY = 86_400_000;

async function fixture(t: TestContext) {
  const store = await temporaryStore(t);
  const clock = { now: NOW };
  const tokens = new AccessTokens(store, () => clock.now);
  const create = (name: string, changes: Partial<NewTokenRequest> = {}) =>
    tokens.create({ name, role: 'analyst', author: 'anna', expiresAt: NOW + DAY, ...changes });
  return { store, tokens, clock, create };
}

test('whoever shows a token is known by name and role; whoever shows another is nobody', async (t) => {
  const { tokens, create } = await fixture(t);
  const grafana = await create('grafana');
  const soc = await create('soc', { role: 'admin' });
  assert.deepEqual(await tokens.bearer(grafana), { name: 'grafana', role: 'analyst' });
  assert.deepEqual(await tokens.bearer(soc), { name: 'soc', role: 'admin' });
  const crossed = `${grafana.slice(0, 17)}${soc.slice(17)}`;
  for (const text of ['', 'grafana', grafana.slice(0, -1), `${grafana}x`, crossed, newToken().text])
    assert.equal(await tokens.bearer(text), null, text);
});

test('the account of a name checks its token as a password, and nothing else', async (t) => {
  const { tokens, create } = await fixture(t);
  const text = await create('grafana');
  const account = await tokens.account('grafana');
  assert.deepEqual(account?.verifier, await makeVerifier(text, account?.verifier.salt));
  assert.equal(account?.role, 'analyst');
  assert.equal(await tokens.account('Grafana'), null);
  assert.equal(await tokens.account("x' OR 1=1 --"), null);
});

test('a token ends at its time, or when it is taken back; its name is free then', async (t) => {
  const { tokens, clock, create } = await fixture(t);
  const first = await create('grafana');
  await assert.rejects(create('grafana'), { code: 'USAGE', message: /already/ });
  await tokens.revoke('grafana', 'boris');
  assert.equal(await tokens.bearer(first), null);
  assert.equal(await tokens.account('grafana'), null);
  await assert.rejects(tokens.revoke('grafana', 'boris'), { code: 'NOT_FOUND' });
  const second = await create('grafana');
  assert.equal(await tokens.bearer(first), null);
  assert.deepEqual(await tokens.bearer(second), { name: 'grafana', role: 'analyst' });
  clock.now += DAY;
  assert.equal(await tokens.bearer(second), null);
  assert.equal(await tokens.account('grafana'), null);
  for (const expiresAt of [clock.now, clock.now + 733 * DAY, Number.NaN])
    await assert.rejects(create('later', { expiresAt }), { code: 'USAGE' });
});

test('of two that are made at once under one name only one comes to be', async (t) => {
  const { create } = await fixture(t);
  const outcomes = await Promise.allSettled([create('one'), create('one'), create('one')]);
  assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('the secret is nowhere on disk, and the view tells no verifier', async (t) => {
  const { store, create } = await fixture(t);
  const text = await create('grafana');
  const secret = text.slice(17);
  for (const name of await readdir(store.dataDir, { recursive: true })) {
    const bytes = await readFile(join(store.dataDir, name), 'latin1').catch(() => '');
    assert.ok(!bytes.includes(secret), name);
  }
  const [row] = await store.rows('SELECT * FROM access_tokens');
  assert.deepEqual(
    [row?.name, row?.role, row?.created_by, row?.token_id],
    ['grafana', 'analyst', 'anna', idOf(text)],
  );
  for (const kept of ['verifier', 'sha256']) assert.ok(!Object.keys(row!).includes(kept));
});

test('tokens have one form, and verifiers that of PostgreSQL', async () => {
  for (let round = 0; round < 200; round++) {
    const { id, text } = newToken();
    assert.equal(idOf(text), id);
  }
  const verifier = await makeVerifier('x');
  assert.match(
    verifierText(verifier),
    /^SCRAM-SHA-256\$4096:[A-Za-z0-9+/=]{24}\$[A-Za-z0-9+/=]{44}:[A-Za-z0-9+/=]{44}$/,
  );
  assert.deepEqual(parseVerifier(verifierText(verifier)), verifier);
  assert.throws(() => parseVerifier('md5abc'));
});
