/**
 * Which addresses a message may be sent to. A receiver's name is looked up anew for each connection, and what it resolves
 * to is checked at that moment: a name that points into the private network, today or from tomorrow on, is refused
 * (server-side request forgery, DNS rebinding), unless the configuration names that host.
 */
import { type LookupAddress, lookup as resolve } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { addressText, isIPv4, parseAddress, parseBlocks } from '../../enrichment/address.ts';
import { kindOf } from '../../enrichment/address-kind.ts';

/** What a cloud gives its machines their identities and secrets at. No name can stand for these: only they themselves. */
const METADATA = [
  '169.254.169.254',
  '169.254.170.2',
  '168.63.129.16',
  '100.100.100.200',
  'fd00:ec2::254',
].map((text) => parseAddress(text));

/** RFC 6052: an IPv4 address behind NAT64. */
const NAT64 = blockOf('64:ff9b::/96');
/** Ways of IPv6 to reach some IPv4 address that nobody uses for receivers: local NAT64, 6to4, Teredo, IPv4-compatible. */
const TUNNELS = ['64:ff9b:1::/48', '2002::/16', '2001::/32', '::/96'].map(blockOf);

export class AddressRefused extends Error {
  readonly code = 'ADDRESS_REFUSED';

  constructor(host: string, address: string, what: string) {
    const which = host === address ? `${host} is` : `${host} is at ${address},`;
    super(`${which} ${what} address: allow it with allowPrivate: ["${host}"]`);
    this.name = 'AddressRefused';
  }
}

export class AddressGuard {
  readonly #allowed: ReadonlySet<string>;

  /** @param allowPrivate host names and addresses as the configuration has them */
  constructor(allowPrivate: readonly string[]) {
    this.#allowed = new Set(allowPrivate.map(plainHost));
  }

  /**
   * Why a host may not be reached at an address; null when it may.
   *
   * @param host name or address, as the URL has it
   */
  refusal(host: string, address: string): AddressRefused | null {
    const number = parseAddress(address);
    const what = number === null ? 'no readable' : whatIsWrong(number);
    if (what === null) return null;
    const name = plainHost(host);
    const needed = what === METADATA_WORD ? address : name;
    if (number !== null && this.#allowed.has(plainHost(needed))) return null;
    return new AddressRefused(what === METADATA_WORD ? address : name, address, what);
  }

  /** Why a URL's host is refused before anything is looked up: it is an address itself. Null for names. */
  refusalOfHost(host: string): AddressRefused | null {
    const name = plainHost(host);
    return parseAddress(name) === null ? null : this.refusal(name, name);
  }

  /** `lookup` for net, tls, http and https. One refused address of several refuses them all. */
  readonly lookup: LookupFunction = (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      for (const { address } of addresses) {
        const refused = this.refusal(hostname, address);
        if (refused !== null) return callback(refused, []);
      }
      const [first] = addresses as [LookupAddress, ...LookupAddress[]];
      if (options.all) callback(null, addresses);
      else callback(null, first.address, first.family);
    });
  };
}

const METADATA_WORD = "a cloud's metadata";

function whatIsWrong(address: bigint): string | null {
  if (METADATA.includes(address)) return METADATA_WORD;
  if (within(address, NAT64)) return whatIsWrong((address & 0xffff_ffffn) - (1n << 32n));
  if (TUNNELS.some((block) => within(address, block)) && kindOf(address) === 'public') return 'a tunnelled';
  const kind = kindOf(address);
  return kind === 'public' ? null : `a ${kind.replace('_', '-')}`;
}

/** `[::1]` → `::1`, lower case, without the root's dot, addresses in one spelling. */
function plainHost(host: string): string {
  const bare = host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
  const number = parseAddress(bare);
  return number === null ? bare : addressText(number);
}

function within(address: bigint, block: { first: bigint; last: bigint }): boolean {
  return !isIPv4(address) && address >= block.first && address <= block.last;
}

function blockOf(text: string): { first: bigint; last: bigint } {
  const [block] = parseBlocks(text) ?? [];
  if (block === undefined) throw new Error(`${text} is no block`);
  return block;
}
