/** What is known of a client's address. Pure. */
import { parseAddress } from './address.ts';
import { type AddressKind, isPrivateKind, kindOf } from './address-kind.ts';
import { placeOfCountry } from './country-places.ts';
import type { GeoDatabase } from './geo-database.ts';
import type { NetworkSetting } from './networks.ts';
import type { Place } from './provider-file.ts';
import type { RangeMap } from './range-map.ts';

/** A list of addresses to be warned of. */
export interface ThreatList {
  name: string;
  /** Of its file, milliseconds since 1970. */
  date: number;
}

/** What addresses are looked up in. */
export interface Sources {
  country: GeoDatabase | null;
  asn: GeoDatabase | null;
  providers: RangeMap<Place>;
  lists: RangeMap<ThreatList>;
  networks: RangeMap<NetworkSetting>;
  /** Whether there is a network to be inside of. */
  hasTrusted: boolean;
}

export interface AddressFacts {
  client: string;
  kind: AddressKind;
  isPrivate: boolean | null;
  country: string | null;
  latitude: number | null;
  longitude: number | null;
  /** How far off the place may be. */
  accuracyKm: number | null;
  asn: number | null;
  asOrg: string | null;
  provider: string | null;
  region: string | null;
  lists: string[];
  /** Date of the newest of these lists, milliseconds since 1970. */
  listsAsOf: number | null;
  labels: string[];
  isTrusted: boolean | null;
}

/** @param client as the log has it: an address, a host name or `[local]` */
export function describeAddress(client: string, sources: Sources): AddressFacts {
  const address = parseAddress(client);
  const kind = address !== null ? kindOf(address) : client === '[local]' ? 'local' : 'unknown';
  const facts: AddressFacts = {
    client,
    kind,
    isPrivate: isPrivateKind(kind),
    country: null,
    latitude: null,
    longitude: null,
    accuracyKm: null,
    asn: null,
    asOrg: null,
    provider: null,
    region: null,
    lists: [],
    listsAsOf: null,
    labels: [],
    isTrusted: null,
  };
  if (address === null) return facts;
  const networks = sources.networks.all(address);
  const lists = sources.lists.all(address);
  return {
    ...facts,
    ...(facts.isPrivate ? {} : whereabouts(address, sources)),
    lists: [...new Set(lists.map(({ name }) => name))].sort(),
    listsAsOf: lists.length === 0 ? null : Math.max(...lists.map(({ date }) => date)),
    labels: [...new Set(networks.map(({ name }) => name))],
    // The smallest network counts: the guests' part of an office need not be trusted like the office.
    isTrusted: sources.hasTrusted ? (networks[0]?.trusted ?? false) : null,
  };
}

/** What public data says of an address that the Internet knows. */
function whereabouts(address: bigint, { country, asn, providers }: Sources): Partial<AddressFacts> {
  const found = country?.location(address);
  const place = found?.country == null ? null : placeOfCountry(found.country);
  const isPoint = found?.latitude != null;
  // The ranges of a provider overlap; one that names a region tells more than a smaller one that does not.
  const places = providers.all(address);
  const best = places.find(({ region }) => region !== null) ?? places[0];
  const network = asn?.network(address);
  return {
    country: found?.country ?? null,
    latitude: isPoint ? found.latitude : (place?.latitude ?? null),
    longitude: isPoint ? found.longitude : (place?.longitude ?? null),
    accuracyKm: isPoint ? found.accuracyKm : (place?.radiusKm ?? null),
    asn: network?.asn ?? null,
    asOrg: network?.organisation ?? null,
    provider: best?.provider ?? null,
    region: best?.region ?? null,
  };
}
