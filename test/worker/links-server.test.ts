/** The promise: a link does what it says when a person asks for it, and nothing else does anything. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { LINK_ACTIONS, Links } from '../../src/alerts/links.ts';
import { newSecret, parseSecret } from '../../src/alerts/signature.ts';
import { startLinksServer } from '../../src/worker/links-server.ts';
import { HOSTILE } from '../alerts/channels/messages.ts';
import { NOW } from '../alerts/support.ts';
import { DAY, linksRig, PUBLIC_URL } from './links-rig.ts';

const statusOf = async ({ store }: Awaited<ReturnType<typeof linksRig>>) =>
  (await store.rows<{ status: string }>('SELECT status FROM alerts'))[0]?.status;

test('opening a link shows the alert and changes nothing, however often it is opened', async (t) => {
  const rig = await linksRig(t);
  const commits = rig.store.commits;
  for (const action of LINK_ACTIONS) {
    for (let time = 0; time < 70; time++)
      await rig.ask(rig.path(action), { method: time % 2 ? 'GET' : 'HEAD' });
    const { status, body, headers } = await rig.ask(rig.path(action));
    assert.equal(status, 200);
    assert.match(headers.get('content-type') ?? '', /^text\/html; charset=utf-8$/i);
    for (const text of [rig.alert.title, rig.alert.summary, 'high', 'pg-prod-1', 'open', rig.alert.alertId]) {
      assert.ok(body.includes(text), text);
    }
    assert.match(body, new RegExp(`<form method="post" action="${action}">`));
    assert.ok(body.includes(`name="t" value="${rig.token(action)}"`));
    assert.equal(body.includes('<select'), action === 'close');
  }
  assert.equal(rig.store.commits, commits);
  assert.equal(await statusOf(rig), 'open');
});

test('the form acknowledges, and the history says who and by what', async (t) => {
  const rig = await linksRig(t);
  const { status, body } = await rig.send('acknowledge', { name: ' Ana Ruiz ', note: 'looking\r\nat it' });
  assert.equal(status, 200);
  assert.match(body, /Done: the alert is acknowledged/);
  assert.match(body, /By <bdi>Ana Ruiz<\/bdi>, on 2026-03-01 at 12:00 UTC/);
  assert.equal(await statusOf(rig), 'acknowledged');
  assert.deepEqual(await rig.history(), ['acknowledged Ana Ruiz link looking\nat it']);
  assert.deepEqual(rig.logged, [
    `[{"action":"acknowledge","alert":"${rig.alert.alertId}","actor":"Ana Ruiz"},"decided by a link"]`,
  ]);
});

test('the form closes with a reason, and a note that may be left out', async (t) => {
  const rig = await linksRig(t, { status: 'acknowledged' });
  const { status, body } = await rig.send('close', { name: 'Bo', reason: 'false-positive' });
  assert.equal(status, 200);
  assert.match(body, /Done: the alert is closed/);
  assert.match(body, /By <bdi>Bo<\/bdi> \(false-positive\), on /);
  assert.deepEqual(await rig.history(), ['closed Bo link false-positive']);
});

test('what was done already is said kindly, and is not done twice', async (t) => {
  const rig = await linksRig(t);
  const answers = await Promise.all(
    ['Ana', 'Ana', 'Bo'].map((name) => rig.send('acknowledge', { name, note: '' })),
  );
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 200],
  );
  assert.equal(answers.filter(({ body }) => body.includes('Done: the alert')).length, 1);
  assert.equal(answers.filter(({ body }) => body.includes('already acknowledged')).length, 2);
  assert.equal((await rig.history()).length, 1);
  const again = await rig.ask(rig.path('acknowledge'));
  assert.equal(again.status, 200);
  assert.match(again.body, /This alert is already acknowledged[\s\S]*By <bdi>(Ana|Bo)<\/bdi>/);
  assert.doesNotMatch(again.body, /<form/);

  assert.equal((await rig.send('close', { name: 'Bo', reason: 'resolved', note: 'rotated' })).status, 200);
  const late = await rig.send('acknowledge', { name: 'Cy' });
  assert.equal(late.status, 409);
  assert.match(late.body, /already closed/);
  assert.equal((await rig.send('close', { name: 'Cy', reason: 'expected' })).status, 200);
  assert.match((await rig.ask(rig.path('close'))).body, /By <bdi>Bo<\/bdi> \(resolved\)/);
  assert.equal((await rig.history()).length, 2);
});

test('an alert that nobody is told of any more, or that is gone, is left alone', async (t) => {
  const quiet = await linksRig(t, { status: 'allowed' });
  const { status, body } = await quiet.send('close', { name: 'Ana', reason: 'resolved' });
  assert.equal(status, 409);
  assert.match(body, /This alert is allowed/);
  assert.deepEqual(await quiet.history(), []);
  const none = await linksRig(t, null);
  assert.equal((await none.ask(none.path('close'))).status, 404);
  assert.equal((await none.send('close', { name: 'Ana', reason: 'resolved' })).status, 404);
});

test('a form that is not filled in comes back with what is missing, and with what was written', async (t) => {
  const rig = await linksRig(t);
  const cases: [fields: Record<string, string>, problem: RegExp][] = [
    [{ reason: 'resolved', note: 'kept' }, /Write your name/],
    [{ name: ' \u200b ', reason: 'resolved', note: 'kept' }, /Write your name/],
    [{ name: 'x'.repeat(101), reason: 'resolved', note: 'kept' }, /Write your name/],
    [{ name: 'Ana', note: 'kept' }, /Choose a reason/],
    [{ name: 'Ana', reason: 'quiet', note: 'kept' }, /Choose a reason/],
    [{ name: 'Ana', reason: 'resolved', note: `kept${'x'.repeat(1000)}` }, /Write a note of 1000/],
  ];
  for (const [fields, problem] of cases) {
    const { status, body } = await rig.send('close', fields);
    assert.equal(status, 400);
    assert.match(body, /<p class="alarm" role="alert">/);
    assert.match(body, problem);
    assert.match(body, /<textarea [^>]*>kept/);
    assert.equal(/<option value="resolved" selected>/.test(body), fields.reason === 'resolved');
  }
  assert.deepEqual(await rig.history(), []);
  // Line breaks count as browsers count them: once.
  const lines = 'ab\r\n'.repeat(332);
  assert.equal((await rig.send('acknowledge', { name: 'x'.repeat(100), note: lines })).status, 200);
});

test('links that are old, changed, of others or for something else are refused alike', async (t) => {
  const rig = await linksRig(t);
  const foreign = new Links({ publicUrl: PUBLIC_URL, keys: [parseSecret(newSecret())], lifetimeMs: DAY });
  const token = rig.token('acknowledge');
  const expired = rig.links.of(rig.alert, NOW - 8 * DAY)?.acknowledge.split('?t=')[1] ?? '';
  const foreignToken = foreign.of(rig.alert, NOW)?.acknowledge.split('?t=')[1] ?? '';
  const pages = new Set<string>();
  for (const bad of ['', 'x', rig.token('close'), foreignToken, expired, `${token}A`, token.slice(1)]) {
    const got = await rig.ask(`/alerts/acknowledge?t=${bad}`);
    const sent = await rig.send('acknowledge', { t: bad, name: 'Eve' });
    assert.equal(got.status, 403);
    assert.equal(sent.status, 403);
    pages.add(got.body).add(sent.body);
  }
  assert.equal(pages.size, 1, 'the page tells nothing of the alert or of what is wrong');
  const [page = ''] = pages;
  assert.match(page, /pgvigil alerts acknowledge &lt;id&gt;/);
  assert.ok(!page.includes(rig.alert.alertId));
  assert.match((await rig.ask('/alerts/close')).body, /pgvigil alerts close &lt;id&gt; --reason resolved/);
  assert.deepEqual(await rig.history(), []);
  assert.ok(rig.logged.some((line) => line.includes('expired') && line.includes(rig.alert.alertId)));
  for (const secret of [token, expired, foreignToken]) assert.ok(!rig.logged.join().includes(secret));
});

test('a link stops to work when its time is over', async (t) => {
  const rig = await linksRig(t);
  rig.clock.now = NOW + 7 * DAY - 1;
  assert.equal((await rig.ask(rig.path('close'))).status, 200);
  rig.clock.now = NOW + 7 * DAY;
  assert.equal((await rig.ask(rig.path('close'))).status, 403);
  assert.equal((await rig.send('close', { name: 'Ana', reason: 'resolved' })).status, 403);
});

test('names that attackers write stay text', async (t) => {
  const rig = await linksRig(t, { title: HOSTILE, server: HOSTILE, summary: HOSTILE });
  const pages = [
    await rig.ask(rig.path('close')),
    await rig.send('close', { name: '', note: HOSTILE, reason: HOSTILE }),
    await rig.send('close', {
      name: `"><script>alert(1)</script>${'x'.repeat(100)}`,
      note: '</textarea><b>',
    }),
    await rig.send('acknowledge', { name: '<img src=x onerror=alert(1)>\u202e', note: '' }),
    await rig.ask(rig.path('acknowledge')),
  ];
  assert.deepEqual(
    pages.map(({ status }) => status),
    [200, 400, 400, 200, 200],
  );
  for (const { body } of pages) {
    const tags = [...body.matchAll(/<\/?([a-z0-9!]+)/gi)].map(([, tag]) => tag?.toLowerCase());
    const ours = new Set(
      '!doctype html head meta title style body main h1 p dl dt dd strong form input label select option textarea button bdi code'.split(
        ' ',
      ),
    );
    assert.deepEqual(
      tags.filter((tag) => !ours.has(tag ?? '')),
      [],
    );
    assert.doesNotMatch(body, /<[^>]* on\w+=/i);
    assert.equal(body.match(/<form/g)?.length ?? 0, body.match(/<\/form>/g)?.length ?? 0);
    assert.doesNotMatch(
      body.replace(/<textarea[\s\S]*?<\/textarea>|<style>[\s\S]*?<\/style>/g, ''),
      /[\u202e\u001b\0]/,
    );
  }
});

test('every answer carries the headers that keep the token and the page in place', async (t) => {
  const rig = await linksRig(t);
  const answers = [
    await rig.ask(rig.path('close')),
    await rig.ask(`${rig.path('close')}x`),
    await rig.ask('/'),
    await rig.ask('/health'),
    await rig.ask(rig.path('close'), { method: 'DELETE' }),
    await rig.send('close', { name: 'x'.repeat(20_000) }),
    await rig.send('close', { name: 'Ana', reason: 'resolved' }),
  ];
  for (const { headers, body } of answers) {
    assert.equal(headers.get('cache-control'), 'no-store');
    assert.equal(headers.get('referrer-policy'), 'no-referrer');
    assert.equal(headers.get('x-content-type-options'), 'nosniff');
    const policy = headers.get('content-security-policy') ?? '';
    for (const rule of [
      "default-src 'none'",
      "form-action 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
    ]) {
      assert.ok(policy.split('; ').includes(rule), rule);
    }
    assert.doesNotMatch(policy, /unsafe/);
    assert.equal(headers.get('set-cookie'), null);
    const [, css] = /<style>([\s\S]*?)<\/style>/.exec(body) ?? [];
    if (css === undefined) continue;
    assert.ok(policy.includes(`style-src 'sha256-${createHash('sha256').update(css).digest('base64')}'`));
    assert.doesNotMatch(body, / style=|<script/);
  }
});

test('forms of other pages are refused, whoever has the token', async (t) => {
  const rig = await linksRig(t);
  const form = { name: 'Eve', reason: 'resolved' };
  for (const [name, value] of [
    ['sec-fetch-site', 'cross-site'],
    ['sec-fetch-site', 'same-site'],
    ['origin', 'https://evil.example'],
    ['origin', 'https://sec.example:444'],
  ] as const) {
    assert.equal((await rig.send('close', form, { [name]: value })).status, 403, value);
  }
  assert.deepEqual(await rig.history(), []);
  // What browsers send of our own page: no referrer, hence no origin.
  const own = { 'sec-fetch-site': 'same-origin', origin: 'null' };
  assert.equal((await rig.send('acknowledge', { name: 'Ana' }, own)).status, 200);
  assert.equal((await rig.send('close', form, { origin: 'https://sec.example' })).status, 200);
});

test('other paths, methods, bodies and lengths are refused with a page', async (t) => {
  const rig = await linksRig(t);
  for (const path of [
    '/',
    '/alerts',
    '/alerts/reopen',
    '/alerts/close/',
    '/status',
    '/favicon.ico',
    '/health/x',
  ]) {
    const { status, body } = await rig.ask(path);
    assert.equal(status, 404, path);
    assert.match(body, /<html lang="en">[\s\S]*<title>There is no such page/);
  }
  for (const method of ['PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
    const { status, headers } = await rig.ask(rig.path('close'), { method });
    assert.equal(status, 405, method);
    assert.equal(headers.get('allow'), 'GET, HEAD, POST');
  }
  const json = JSON.stringify({ t: rig.token('acknowledge'), name: 'Eve' });
  const asJson = { method: 'POST', headers: { 'content-type': 'application/json' }, body: json };
  assert.equal((await rig.ask('/alerts/acknowledge', asJson)).status, 400);
  const form = new FormData();
  form.set('t', rig.token('acknowledge'));
  assert.equal((await rig.ask('/alerts/acknowledge', { method: 'POST', body: form })).status, 400);
  // A token in the address does not stand in for the one in the form.
  const bare = { method: 'POST', body: new URLSearchParams({ name: 'Eve' }) };
  assert.equal((await rig.ask(rig.path('acknowledge'), bare)).status, 403);
  assert.equal((await rig.send('acknowledge', { name: 'Ana', note: 'x'.repeat(17_000) })).status, 413);
  assert.deepEqual(await rig.ask('/health').then(({ status, body }) => [status, body]), [
    200,
    '{"status":"ok"}',
  ]);
  assert.deepEqual(await rig.history(), []);
});

test('the longest form that a browser sends is taken', async (t) => {
  const rig = await linksRig(t);
  const fields = { name: '漢'.repeat(100), note: '漢'.repeat(1000), reason: 'false-positive' };
  assert.equal((await rig.send('close', fields)).status, 200);
});

test('so many decisions in a minute and no more; forged ones take no room from them', async (t) => {
  const rig = await linksRig(t);
  for (let time = 0; time < 100; time++) {
    const { status } = await rig.send('acknowledge', { t: 'forged', name: 'Eve' });
    assert.equal(status, time < 30 ? 403 : 429);
  }
  assert.equal(rig.logged.length, 30, 'a flood does not fill the log');
  for (let time = 0; time < 60; time++) {
    assert.equal((await rig.send('acknowledge', { name: 'Ana' })).status, 200);
  }
  const more = await rig.send('acknowledge', { name: 'Ana' });
  assert.equal(more.status, 429);
  assert.equal(more.headers.get('retry-after'), '60');
  assert.equal((await rig.ask(rig.path('close'))).status, 200, 'to look is still possible');
  rig.clock.now += 60_000;
  assert.equal((await rig.send('acknowledge', { name: 'Ana' })).status, 200);
  assert.equal((await rig.ask('/alerts/close?t=x')).status, 403);
});

test('a store that fails is a page and a line in the log', async (t) => {
  const rig = await linksRig(t);
  await rig.store.close();
  const { status, body, headers } = await rig.ask(rig.path('close'));
  assert.equal(status, 500);
  assert.equal(headers.get('referrer-policy'), 'no-referrer');
  assert.match(body, /Something went wrong/);
  assert.match(rig.logged.join(), /the store is closed/);
  assert.ok(!rig.logged.join().includes(rig.token('close')));
});

test('a port that is taken is named', async (t) => {
  const rig = await linksRig(t);
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  t.after(() => other.close());
  const { port } = other.address() as { port: number };
  await assert.rejects(
    startLinksServer({
      host: '127.0.0.1',
      port,
      publicUrl: PUBLIC_URL,
      links: rig.links,
      store: rig.store,
      desk: { decide: () => assert.fail() },
      log: { info: assert.fail, warn: assert.fail, error: assert.fail },
    }),
    {
      code: 'CONFIG_INVALID',
      message: `links.port: cannot listen on 127.0.0.1:${port} (EADDRINUSE)`,
      hint: /links\.port/,
    },
  );
});
