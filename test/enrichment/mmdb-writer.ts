/** Writes small MMDB files (MaxMind DB format 2.0), for tests of what reads them. */
import { parseBlocks } from '../../src/enrichment/address.ts';

type Value = string | number | boolean | { readonly [key: string]: Value };

interface Branch {
  children: [Branch | number | null, Branch | number | null];
}

/**
 * @param networks CIDR to value
 * @param made milliseconds since 1970
 */
export function mmdbFile(
  networks: Readonly<Record<string, Value>>,
  { made = Date.UTC(2026, 9, 1), ipVersion = 6 as 4 | 6 } = {},
): Buffer {
  const data: Buffer[] = [];
  let size = 0;
  const root: Branch = { children: [null, null] };
  for (const [cidr, value] of Object.entries(networks)) {
    const { first, last } = parseBlocks(cidr)![0]!;
    const isIPv4 = first < 0n;
    const free = (last - first + 1n).toString(2).length - 1;
    // IPv4 stands at ::/96.
    const bits = (isIPv4 ? first & 0xffff_ffffn : first)
      .toString(2)
      .padStart(ipVersion === 4 ? 32 : 128, '0');
    insert(root, bits.slice(0, bits.length - free), size);
    const encoded = encode(value);
    data.push(encoded);
    size += encoded.length;
  }
  const branches = numbered(root);
  const tree = Buffer.concat(
    branches.map(({ children }) =>
      Buffer.concat(children.map((child) => record(child, branches)).map((number) => bytesOf(number, 3))),
    ),
  );
  const metadata = encode({
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: Math.floor(made / 1000),
    database_type: 'Test',
    ip_version: ipVersion,
    node_count: branches.length,
    record_size: 24,
  });
  const marker = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
  return Buffer.concat([tree, Buffer.alloc(16), ...data, marker, metadata]);
}

function insert(root: Branch, bits: string, offset: number): void {
  let branch = root;
  for (const bit of bits.slice(0, -1)) {
    const side = Number(bit);
    const child = branch.children[side];
    if (child === null || typeof child === 'number')
      branch.children[side] = { children: [child, child] } as Branch;
    branch = branch.children[side] as Branch;
  }
  branch.children[Number(bits.at(-1))] = offset;
}

function numbered(root: Branch): Branch[] {
  const branches = [root];
  for (const branch of branches)
    for (const child of branch.children)
      if (child !== null && typeof child !== 'number') branches.push(child);
  return branches;
}

function record(child: Branch | number | null, branches: Branch[]): number {
  if (child === null) return branches.length;
  return typeof child === 'number' ? branches.length + 16 + child : branches.indexOf(child);
}

function encode(value: Value): Buffer {
  if (typeof value === 'string')
    return Buffer.concat([control(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'boolean') return control(14, Number(value));
  if (typeof value === 'number' && !Number.isInteger(value)) {
    const bytes = Buffer.alloc(8);
    bytes.writeDoubleBE(value);
    return Buffer.concat([control(3, 8), bytes]);
  }
  if (typeof value === 'number') return Buffer.concat([control(6, 4), bytesOf(value, 4)]);
  const entries = Object.entries(value);
  return Buffer.concat([
    control(7, entries.length),
    ...entries.flatMap(([key, inner]) => [encode(key), encode(inner)]),
  ]);
}

function control(type: number, size: number): Buffer {
  if (size >= 29) return Buffer.from([(type << 5) | 29, size - 29]);
  return type > 7 ? Buffer.from([size, type - 7]) : Buffer.from([(type << 5) | size]);
}

function bytesOf(number: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  bytes.writeUIntBE(number, 0, length);
  return bytes;
}
