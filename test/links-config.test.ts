/** The promise: links are configured whole and safely, or not at all. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { hasLinks } from '../src/alerts/channels/open.ts';
import { MAX_PUBLIC_URL } from '../src/alerts/links.ts';
import { type Config, loadConfig } from '../src/config.ts';

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pgvigil-links-config-'));
});

after(() => rm(folder, { recursive: true, force: true }));

const LINKS = { publicUrl: 'https://sec.example/pgvigil', secret: { file: 'link.key' }, port: 8089 };

async function load(values: object): Promise<Config> {
  await writeFile(join(folder, 'c.yaml'), JSON.stringify(values)); // JSON is YAML
  return loadConfig({ configPath: 'c.yaml', cwd: folder, env: {} });
}

test('the section has defaults; the file of its key is relative to that of the configuration', async () => {
  assert.deepEqual((await load({ links: LINKS })).links, {
    ...LINKS,
    secret: { file: join(folder, 'link.key') },
    host: '127.0.0.1',
    lifetimeDays: 7,
  });
  for (const publicUrl of ['http://localhost:8089', 'http://127.0.0.1:8089/', 'https://[2001:db8::1]:8443']) {
    assert.equal((await load({ links: { ...LINKS, publicUrl } })).links?.publicUrl, publicUrl);
  }
});

test('what is missing or unsafe is refused by name', async () => {
  const long = `https://sec.example/${'ü'.repeat(MAX_PUBLIC_URL / 4)}`;
  const cases: [change: object, message: RegExp][] = [
    [{ publicUrl: undefined }, /links\.publicUrl is missing/],
    [{ port: undefined }, /links\.port is missing/],
    [{ secret: undefined }, /links\.secret is missing/],
    [{ secret: 'whsec_abc' }, /links\.secret must not be written into the configuration/],
    [{ publicUrl: 'http://sec.example' }, /links\.publicUrl must be an https:\/\/ URL/],
    [{ publicUrl: 'ftp://sec.example' }, /links\.publicUrl must be a URL that starts with https/],
    [{ publicUrl: 'sec.example' }, /links\.publicUrl must be a URL that starts with https/],
    [{ publicUrl: 'https://ana@sec.example' }, /links\.publicUrl must be an address without user name/],
    [{ publicUrl: 'https://sec.example/?a' }, /links\.publicUrl must be an address without user name/],
    [{ publicUrl: 'https://sec.example/#a' }, /links\.publicUrl must be an address without user name/],
    [{ publicUrl: long }, /links\.publicUrl must be 200 characters long at most/],
    [{ host: 'sec.example' }, /links\.host must be an IP address of this machine/],
    [{ port: 0 }, /links\.port must be a whole number from 1 to 65535/],
    [{ lifetimeDays: 91 }, /links\.lifetimeDays must be a whole number from 1 to 90/],
    [{ hots: '::1' }, /links\.hots is not a known key/],
  ];
  for (const [change, message] of cases) {
    await assert.rejects(load({ links: { ...LINKS, ...change } }), { code: 'CONFIG_INVALID', message });
  }
});

test('the key of a channel is not that of links: its receiver knows it', async () => {
  const channel = { name: 'soc', type: 'webhook', url: 'https://soc.example', secret: LINKS.secret };
  await assert.rejects(load({ links: LINKS, channels: [channel] }), {
    code: 'CONFIG_INVALID',
    message: /links\.secret must be a key of its own: channel soc has the same/,
  });
  await load({ links: { ...LINKS, secret: { env: 'LINK_KEY' } }, channels: [channel] });
});

test('channels to people have links, the others do not, and each can be told otherwise', async () => {
  const channels = [
    { name: 'soc', type: 'webhook', url: 'https://soc.example', secret: { env: 'A' } },
    { name: 'chat', type: 'slack', url: { env: 'B' } },
    { name: 'team', type: 'teams', url: { env: 'C' } },
    { name: 'pager', type: 'pagerduty', routingKey: { env: 'D' } },
    { name: 'disk', type: 'file', path: 'alerts.jsonl' },
  ];
  const linked = async (changes: object) =>
    (await load({ channels: channels.map((one) => ({ ...one, ...changes })) })).channels
      .filter(hasLinks)
      .map(({ name }) => name);
  assert.deepEqual(await linked({}), ['chat', 'team']);
  assert.deepEqual(await linked({ links: false }), []);
  assert.deepEqual(await linked({ links: true }), ['soc', 'chat', 'team', 'pager', 'disk']);
  await assert.rejects(linked({ links: 'yes' }), /channels\[0\]\.links must be true or false/);
});
