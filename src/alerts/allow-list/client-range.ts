/** Client addresses of the allow-list: one address, a range in CIDR notation, or text. Pure. */
import { BlockList, isIP } from 'node:net';
import { globMatcher } from './glob.ts';

/** Wider ranges are no description of a client. */
const LEAST_PREFIX = { 4: 8, 6: 16 } as const;
const FULL_PREFIX = { 4: 32, 6: 128 } as const;

interface Range {
  address: string;
  family: 4 | 6;
  prefix: number;
}

/** What speaks against a range, as the end of a sentence; null where it is right, or no range at all. */
export function rangeProblem(pattern: string): string | null {
  if (!pattern.includes('/')) return null;
  const range = parseRange(pattern);
  if (range === null) return 'is no range of addresses such as 10.1.0.0/16';
  return range.prefix < LEAST_PREFIX[range.family]
    ? `is wider than /${LEAST_PREFIX[range.family]}, which is nearly everybody`
    : null;
}

/** A test for the client of evidence. Addresses are compared as addresses, whatever way they are written. */
export function clientMatcher(pattern: string): (client: string) => boolean {
  const range = parseRange(pattern);
  if (range === null) return globMatcher(pattern);
  const list = new BlockList();
  list.addSubnet(range.address, range.prefix, range.family === 4 ? 'ipv4' : 'ipv6');
  return (client) => {
    const address = withoutZone(client);
    const family = isIP(address);
    return family !== 0 && list.check(address, family === 4 ? 'ipv4' : 'ipv6');
  };
}

function parseRange(pattern: string): Range | null {
  const [address = '', prefix, ...more] = pattern.split('/');
  const family = isIP(address) as 0 | 4 | 6;
  if (family === 0 || address.includes('%') || more.length > 0) return null;
  if (prefix === undefined) return { address, family, prefix: FULL_PREFIX[family] };
  if (!/^[0-9]{1,3}$/.test(prefix) || Number(prefix) > FULL_PREFIX[family]) return null;
  return { address, family, prefix: Number(prefix) };
}

/** PostgreSQL prints the interface behind a link-local address: fe80::1%eth0. */
function withoutZone(client: string): string {
  const zone = client.indexOf('%');
  return zone < 0 ? client : client.slice(0, zone);
}
