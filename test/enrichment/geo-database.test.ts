import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parseAddress } from '../../src/enrichment/address.ts';
import { GeoDatabase } from '../../src/enrichment/geo-database.ts';
import { mmdbFile } from './mmdb-writer.ts';

const at = (text: string) => parseAddress(text)!;
const NOWHERE = { country: null, latitude: null, longitude: null, accuracyKm: null };

describe('GeoDatabase', () => {
  test('countries and cities, as each publisher names them', () => {
    const database = new GeoDatabase(
      mmdbFile({
        '203.0.112.0/21': { country: { iso_code: 'DE' } },
        '203.0.113.0/24': { country_code: 'fr' },
        '198.51.100.0/24': {
          country: { iso_code: 'BR' },
          location: { latitude: -23.5, longitude: -46.6, accuracy_radius: 20 },
        },
        '198.51.101.0/24': { country: 'US', location: { latitude: 40.5, longitude: -98.5 } },
        '2001:db8::/32': { registered_country: { iso_code: 'NL' } },
        '192.0.2.0/24': { country: { iso_code: 'nonsense' }, location: { latitude: 999.5, longitude: 1.5 } },
      }),
    );
    assert.equal(database.date, Date.UTC(2026, 9, 1));
    assert.deepEqual(database.location(at('203.0.112.9')), { ...NOWHERE, country: 'DE' });
    assert.deepEqual(database.location(at('203.0.113.9')), { ...NOWHERE, country: 'FR' });
    assert.deepEqual(database.location(at('::ffff:198.51.100.1')), {
      country: 'BR',
      latitude: -23.5,
      longitude: -46.6,
      accuracyKm: 20,
    });
    assert.equal(database.location(at('198.51.101.1')).accuracyKm, 100);
    assert.equal(database.location(at('2001:db8::1')).country, 'NL');
    assert.deepEqual(database.location(at('192.0.2.1')), NOWHERE);
    assert.deepEqual(database.location(at('8.8.8.8')), NOWHERE);
  });

  test('AS numbers', () => {
    const database = new GeoDatabase(
      mmdbFile({
        '203.0.113.0/24': { autonomous_system_number: 64500, autonomous_system_organization: 'Example' },
        '198.51.100.0/24': { asn: 'AS64501', as_name: 'Other' },
        '192.0.2.0/24': { asn: 'ASx', name: '' },
      }),
    );
    assert.deepEqual(database.network(at('203.0.113.1')), { asn: 64500, organisation: 'Example' });
    assert.deepEqual(database.network(at('198.51.100.1')), { asn: 64501, organisation: 'Other' });
    assert.deepEqual(database.network(at('192.0.2.1')), { asn: null, organisation: null });
    assert.deepEqual(database.network(at('8.8.8.8')), { asn: null, organisation: null });
  });

  test('a file of IPv4 alone says nothing of IPv6', () => {
    const database = new GeoDatabase(mmdbFile({ '32.0.0.0/3': { country_code: 'US' } }, { ipVersion: 4 }));
    assert.equal(database.location(at('40.1.1.1')).country, 'US');
    assert.equal(database.location(at('2001:db8::1')).country, null);
  });

  test('what is no MMDB file, or a part of one, is refused; a damaged place is an address that is not known', () => {
    const whole = mmdbFile({
      '203.0.113.0/24': { country_code: 'FR' },
      '198.51.100.0/24': { country_code: 'DE' },
    });
    for (const broken of [
      Buffer.alloc(0),
      Buffer.from('<html>not found</html>'),
      whole.subarray(0, whole.length / 2),
      whole.subarray(-120),
    ])
      assert.throws(() => new GeoDatabase(Buffer.from(broken)));
    for (let place = 0; place < whole.length; place += 3) {
      const damaged = Buffer.from(whole);
      damaged[place] = damaged[place]! ^ 0xff;
      let database: GeoDatabase;
      try {
        database = new GeoDatabase(damaged);
      } catch {
        continue;
      }
      database.location(at('203.0.113.1'));
      database.network(at('2001:db8::1'));
    }
  });
});
