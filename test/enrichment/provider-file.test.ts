import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressText } from '../../src/enrichment/address.ts';
import { parseProviderFile } from '../../src/enrichment/provider-file.ts';

const read = (file: unknown) => {
  const { entries, date, problems } = parseProviderFile(JSON.stringify(file));
  return {
    ranges: entries.map(
      ({ block, value }) => `${addressText(block.first)} ${value.provider} ${value.region}`,
    ),
    date,
    problems: problems.map(({ reason }) => reason),
  };
};

test("Azure's service tags: every range, with its region where a tag names one", () => {
  const tag = (name: string, region: string, addressPrefixes: string[]) => ({
    name,
    properties: { region, addressPrefixes },
  });
  assert.deepEqual(
    read({
      changeNumber: 300,
      cloud: 'Public',
      values: [
        tag('AzureCloud', '', ['203.0.113.0/24']),
        tag('AzureCloud.westeurope', 'westeurope', ['203.0.113.0/25', '2001:db8::/48']),
      ],
    }),
    {
      ranges: [
        '203.0.113.0 azure null',
        '203.0.113.0 azure westeurope',
        '2001:db8:0:0:0:0:0:0 azure westeurope',
      ],
      date: null,
      problems: [],
    },
  );
});

test("AWS's and Google's files, with their dates", () => {
  assert.deepEqual(
    read({
      createDate: '2026-06-01-12-34-56',
      prefixes: [
        { ip_prefix: '203.0.113.0/24', region: 'eu-west-1', service: 'EC2' },
        { ip_prefix: '198.51.100.0/24', region: 'GLOBAL' },
      ],
      ipv6_prefixes: [{ ipv6_prefix: '2001:db8::/48', region: 'us-east-1' }],
    }),
    {
      ranges: ['203.0.113.0 aws eu-west-1', '198.51.100.0 aws null', '2001:db8:0:0:0:0:0:0 aws us-east-1'],
      date: Date.UTC(2026, 5, 1, 12, 34, 56),
      problems: [],
    },
  );
  assert.deepEqual(
    read({
      creationTime: '2026-06-01T01:02:03.5',
      prefixes: [
        { ipv4Prefix: '203.0.113.0/24', scope: 'europe-west4' },
        { ipv6Prefix: '2001:db8::/48', scope: 'global' },
      ],
    }),
    {
      ranges: ['203.0.113.0 gcp europe-west4', '2001:db8:0:0:0:0:0:0 gcp null'],
      date: Date.UTC(2026, 5, 1, 1, 2, 3, 500),
      problems: [],
    },
  );
});

test('what is something else says so and never throws', () => {
  assert.match(parseProviderFile('{\n"prefixes": [\n oops').problems[0]!.reason, /not JSON/);
  for (const file of [
    null,
    [],
    7,
    {},
    { values: 7 },
    { prefixes: 'x' },
    { values: [null, 7, { properties: 7 }] },
    { prefixes: [null, 7] },
  ])
    assert.ok(read(file).problems.length > 0, JSON.stringify(file));
  const { ranges, problems } = read({
    prefixes: [{ ip_prefix: 'nonsense\u001b[31m' }, { ip_prefix: '203.0.113.0/24' }],
  });
  assert.deepEqual(ranges, ['203.0.113.0 aws null']);
  assert.deepEqual(problems, ['"nonsense\\u001b[31m" is no CIDR']);
});
