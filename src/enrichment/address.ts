/**
 * IP addresses as numbers: IPv6 from 0 on, IPv4 from -2^32 to -1, so that one order holds for all and `::/0` holds no IPv4.
 * An IPv4-mapped address (::ffff:192.0.2.1) is the IPv4 address. Pure, linear in the text.
 */

/** Addresses that share a prefix. */
export interface Block {
  first: bigint;
  last: bigint;
}

const IPV4 = -(1n << 32n);
/** ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255 and a zone. */
const LONGEST = 64;

/** The number of an address; null for anything else, such as a host name or `[local]`. A zone (`%eth0`) is left out. */
export function parseAddress(text: string): bigint | null {
  if (text.length > LONGEST) return null;
  if (!text.includes(':')) {
    const number = parseIPv4(text);
    return number === null ? null : IPV4 + BigInt(number);
  }
  const zone = text.indexOf('%');
  return parseIPv6(zone < 0 ? text : text.slice(0, zone));
}

export function isIPv4(address: bigint): boolean {
  return address < 0n;
}

/** `192.0.2.1`, or the eight groups of an IPv6 address. */
export function addressText(address: bigint): string {
  if (isIPv4(address)) {
    const number = Number(address - IPV4);
    return [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255].join('.');
  }
  return Array.from({ length: 8 }, (_, group) =>
    ((address >> BigInt(112 - 16 * group)) & 0xffffn).toString(16),
  ).join(':');
}

/**
 * The blocks that an address, a CIDR (`10.0.0.0/8`; bits behind the prefix are ignored) or a range (`192.0.2.4-192.0.2.9`,
 * as firewall rules have them) covers; null for anything else.
 */
export function parseBlocks(text: string): Block[] | null {
  if (text.length > 2 * LONGEST + 1) return null;
  const dash = text.indexOf('-');
  if (dash >= 0) {
    const first = parseAddress(text.slice(0, dash).trim());
    const last = parseAddress(text.slice(dash + 1).trim());
    if (first === null || last === null || last < first || isIPv4(first) !== isIPv4(last)) return null;
    return blocksBetween(first, last);
  }
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === null) return null;
  if (slash < 0) return [{ first: address, last: address }];
  const digits = text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(digits)) return null;
  // What is written with colons counts 128 bits, also where it is IPv4-mapped.
  const length = Number(digits) + (text.includes(':') ? 0 : 96);
  if (length > 128 || (isIPv4(address) && length < 96)) return null;
  return [blockOf(address, length)];
}

function blockOf(address: bigint, length: number): Block {
  const rest = (1n << BigInt(128 - length)) - 1n;
  return { first: address & ~rest, last: address | rest };
}

/** The fewest blocks that cover a range: at most 255. */
function blocksBetween(first: bigint, last: bigint): Block[] {
  const blocks: Block[] = [];
  for (let start = first; start <= last; ) {
    let size = 1n;
    while ((start & (2n * size - 1n)) === 0n && start + 2n * size - 1n <= last) size *= 2n;
    blocks.push({ first: start, last: start + size - 1n });
    start += size;
  }
  return blocks;
}

/** Four decimal numbers. Leading zeros are refused: some read them as octal. */
function parseIPv4(text: string): number | null {
  const match = /^(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})\.(0|[1-9]\d{0,2})$/.exec(text);
  if (match === null) return null;
  let number = 0;
  for (const part of match.slice(1)) {
    if (Number(part) > 255) return null;
    number = number * 256 + Number(part);
  }
  return number;
}

function parseIPv6(text: string): bigint | null {
  const halves = text.split('::');
  if (halves.length > 2) return null;
  const head = groupsOf(halves[0] ?? '', halves.length === 1);
  const tail = halves.length === 2 ? groupsOf(halves[1] ?? '', true) : [];
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return null;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const address = groups.reduce((number, group) => (number << 16n) | BigInt(group), 0n);
  return address >> 32n === 0xffffn ? IPV4 + (address & 0xffff_ffffn) : address;
}

/** @param isEnd whether the text may end with an IPv4 address */
function groupsOf(text: string, isEnd: boolean): number[] | null {
  if (text === '') return [];
  const groups: number[] = [];
  const parts = text.split(':');
  for (const [index, part] of parts.entries()) {
    if (isEnd && index === parts.length - 1 && part.includes('.')) {
      const number = parseIPv4(part);
      if (number === null) return null;
      groups.push(number >>> 16, number & 0xffff);
    } else if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return null;
    }
  }
  return groups;
}
