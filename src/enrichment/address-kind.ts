/** What the registries say that an address is for: RFC 6890 and its like. Pure. */
import { parseBlocks } from './address.ts';
import { RangeMap } from './range-map.ts';

export type AddressKind =
  | 'public'
  | 'private'
  | 'loopback'
  | 'link_local'
  | 'cgnat'
  | 'documentation'
  | 'reserved'
  /** The unix socket: at a Flexible Server the built-in PgBouncer. */
  | 'local'
  /** No address, as a host name (log_hostname = on). */
  | 'unknown';

const BLOCKS: readonly (readonly [AddressKind, string])[] = [
  ['private', '10.0.0.0/8'],
  ['private', '172.16.0.0/12'],
  ['private', '192.168.0.0/16'],
  ['private', 'fc00::/7'],
  ['loopback', '127.0.0.0/8'],
  ['loopback', '::1'],
  ['link_local', '169.254.0.0/16'],
  ['link_local', 'fe80::/10'],
  ['cgnat', '100.64.0.0/10'],
  ['documentation', '192.0.2.0/24'],
  ['documentation', '198.51.100.0/24'],
  ['documentation', '203.0.113.0/24'],
  ['documentation', '2001:db8::/32'],
  ['documentation', '3fff::/20'],
  ['reserved', '0.0.0.0/8'],
  ['reserved', '192.0.0.0/24'],
  ['reserved', '198.18.0.0/15'],
  ['reserved', '224.0.0.0/3'],
  ['reserved', '::'],
  ['reserved', 'ff00::/8'],
];

/** Kinds that nobody on the Internet can connect from. */
const PRIVATE = new Set<AddressKind>(['private', 'loopback', 'link_local', 'cgnat', 'local']);

const kinds = new RangeMap(
  BLOCKS.flatMap(([value, text]) => (parseBlocks(text) ?? []).map((block) => ({ block, value }))),
);

export function kindOf(address: bigint): AddressKind {
  return kinds.all(address)[0] ?? 'public';
}

/** Null where it cannot be told. */
export function isPrivateKind(kind: AddressKind): boolean | null {
  return kind === 'unknown' ? null : PRIVATE.has(kind);
}
