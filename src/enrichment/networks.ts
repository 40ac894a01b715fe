/** Networks that the configuration names. Pure. */
import { parseBlocks } from './address.ts';
import { RangeMap } from './range-map.ts';

export interface NetworkSetting {
  readonly name: string;
  /** Addresses, CIDRs or ranges. */
  readonly cidrs: readonly string[];
  readonly trusted: boolean;
}

export function networkMap(networks: readonly NetworkSetting[]): RangeMap<NetworkSetting> {
  return new RangeMap(
    networks.flatMap((value) =>
      value.cidrs.flatMap((text) => (parseBlocks(text) ?? []).map((block) => ({ block, value }))),
    ),
  );
}
