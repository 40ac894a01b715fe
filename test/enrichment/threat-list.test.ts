import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseThreatList } from '../../src/enrichment/threat-list.ts';

test('addresses and CIDRs count, comments and blank lines do not', () => {
  const { blocks, problems } = parseThreatList(
    '# Tor exits\r\n203.0.113.5\r\n\n198.51.100.0/24 ; SBL1\n2001:db8::1 # six\n192.0.2.1,malware,2026\n',
  );
  assert.equal(blocks.length, 4);
  assert.deepEqual(problems, []);
});

test('a broken line is named by its number, and the others count', () => {
  const { blocks, problems } = parseThreatList('203.0.113.5\nnonsense\n203.0.113.6\n');
  assert.equal(blocks.length, 2);
  assert.deepEqual(problems, [{ line: 2, reason: '"nonsense" is no address or CIDR' }]);
});

test('a page of HTML is told from an empty list, in a few words', () => {
  assert.deepEqual(parseThreatList('# nothing today\n'), { blocks: [], problems: [] });
  const { blocks, problems } = parseThreatList('<html>\n'.repeat(1000));
  assert.equal(blocks.length, 0);
  assert.equal(problems.length, 7);
  assert.match(problems[0]!.reason, /no line is an address/);
  assert.match(problems.at(-1)!.reason, /1000 lines/);
});
