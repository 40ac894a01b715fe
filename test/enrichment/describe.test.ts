import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseBlocks } from '../../src/enrichment/address.ts';
import { describeAddress, type Sources } from '../../src/enrichment/describe.ts';
import { GeoDatabase } from '../../src/enrichment/geo-database.ts';
import { networkMap } from '../../src/enrichment/networks.ts';
import { RangeMap } from '../../src/enrichment/range-map.ts';
import { mmdbFile } from './mmdb-writer.ts';

const NOTHING: Sources = {
  country: null,
  asn: null,
  providers: new RangeMap([]),
  lists: new RangeMap([]),
  networks: new RangeMap([]),
  hasTrusted: false,
};
const map = <T>(entries: [string, T][]) =>
  new RangeMap(entries.map(([cidr, value]) => ({ block: parseBlocks(cidr)![0]!, value })));

describe('describeAddress', () => {
  test('without any file it is known what kind of address it is', () => {
    const kinds = {
      '10.1.2.3': 'private true',
      '172.31.255.255': 'private true',
      '172.32.0.0': 'public false',
      '::ffff:192.168.0.9': 'private true',
      'fd00::1': 'private true',
      '127.0.0.1': 'loopback true',
      '::1': 'loopback true',
      '169.254.1.1': 'link_local true',
      'fe80::1%eth0': 'link_local true',
      '100.64.0.1': 'cgnat true',
      '203.0.113.9': 'documentation false',
      '2001:db8::1': 'documentation false',
      '0.0.0.0': 'reserved false',
      '240.0.0.1': 'reserved false',
      '8.8.8.8': 'public false',
      '2600::1': 'public false',
      '[local]': 'local true',
      'host.example.com': 'unknown null',
      '': 'unknown null',
    };
    for (const [client, expected] of Object.entries(kinds)) {
      const { kind, isPrivate, isTrusted, lists, labels } = describeAddress(client, NOTHING);
      assert.equal(`${kind} ${isPrivate}`, expected, client);
      assert.deepEqual({ isTrusted, lists, labels }, { isTrusted: null, lists: [], labels: [] }, client);
    }
  });

  test('country, place, organisation and provider of a public address; none of a private one', () => {
    const sources = {
      ...NOTHING,
      country: new GeoDatabase(mmdbFile({ '0.0.0.0/1': { country_code: 'DE' } })),
      asn: new GeoDatabase(
        mmdbFile({
          '0.0.0.0/1': { autonomous_system_number: 64500, autonomous_system_organization: 'Example' },
        }),
      ),
      providers: map<{ provider: 'azure' | 'aws'; region: string | null }>([
        ['20.0.0.0/8', { provider: 'azure', region: 'westeurope' }],
        ['20.0.0.0/16', { provider: 'azure', region: null }],
      ]),
    };
    const { country, latitude, longitude, accuracyKm, asn, asOrg, provider, region } = describeAddress(
      '20.0.0.9',
      sources,
    );
    assert.deepEqual(
      { country, latitude, longitude, accuracyKm, asn, asOrg, provider, region },
      {
        country: 'DE',
        latitude: 51,
        longitude: 10,
        accuracyKm: 500,
        asn: 64500,
        asOrg: 'Example',
        provider: 'azure',
        region: 'westeurope',
      },
    );
    assert.deepEqual(describeAddress('10.0.0.9', sources), describeAddress('10.0.0.9', NOTHING));
  });

  test('the smallest network decides about trust; outside of all there is none', () => {
    const networks = networkMap([
      { name: 'office', cidrs: ['10.0.0.0/8', '198.51.100.1-198.51.100.9'], trusted: true },
      { name: 'guests', cidrs: ['10.9.0.0/16'], trusted: false },
    ]);
    const sources = { ...NOTHING, networks, hasTrusted: true };
    const facts = (client: string) => {
      const { labels, isTrusted } = describeAddress(client, sources);
      return { labels, isTrusted };
    };
    assert.deepEqual(facts('10.1.2.3'), { labels: ['office'], isTrusted: true });
    assert.deepEqual(facts('10.9.2.3'), { labels: ['guests', 'office'], isTrusted: false });
    assert.deepEqual(facts('198.51.100.9'), { labels: ['office'], isTrusted: true });
    assert.deepEqual(facts('198.51.100.10'), { labels: [], isTrusted: false });
    assert.deepEqual(facts('host.example.com'), { labels: [], isTrusted: null });
    assert.equal(describeAddress('10.9.2.3', { ...sources, hasTrusted: false }).isTrusted, null);
  });

  test('lists are named once each, with the date of the newest', () => {
    const lists = map([
      ['203.0.113.0/24', { name: 'drop', date: 100 }],
      ['203.0.113.9', { name: 'tor', date: 300 }],
      ['203.0.113.8/31', { name: 'tor', date: 300 }],
    ]);
    const { lists: names, listsAsOf } = describeAddress('203.0.113.9', { ...NOTHING, lists });
    assert.deepEqual([names, listsAsOf], [['drop', 'tor'], 300]);
  });
});
