/** MMDB files: MaxMind's GeoLite2, DB-IP, ip-location-db, IPinfo. Each names its fields in its own way. */
import { Reader, type Response } from 'mmdb-lib';
import { addressText, isIPv4 } from './address.ts';

export interface Location {
  /** ISO 3166-1 alpha-2. */
  country: string | null;
  /** Degrees; null where the file knows countries only. */
  latitude: number | null;
  longitude: number | null;
  accuracyKm: number | null;
}

export interface Network {
  asn: number | null;
  organisation: string | null;
}

type Fields = Readonly<Record<string, unknown>>;

/** What city databases are off by where they do not say. */
const USUAL_ACCURACY_KM = 100;
const LONGEST_NAME = 200;

export class GeoDatabase {
  /** When the file was made, milliseconds since 1970; null where it does not say. */
  readonly date: number | null;
  /** Nodes of its search tree. */
  readonly size: number;
  readonly #reader: Reader<Response>;

  /** @throws Error for what is no MMDB file, or a part of one */
  constructor(bytes: Buffer) {
    this.#reader = new Reader(bytes);
    const { buildEpoch, nodeCount, searchTreeSize } = this.#reader.metadata;
    if (!(nodeCount > 0) || !(searchTreeSize < bytes.length)) throw new Error('the search tree is not whole');
    const time = buildEpoch.getTime();
    this.date = Number.isFinite(time) && time > 0 ? time : null;
    this.size = nodeCount;
  }

  location(address: bigint): Location {
    const found = this.#find(address);
    const place = section(found, 'location');
    const latitude = numberIn(place.latitude, 90);
    const longitude = numberIn(place.longitude, 180);
    const code =
      section(found, 'country').iso_code ??
      found.country_code ??
      found.country ??
      section(found, 'registered_country').iso_code;
    return {
      country: typeof code === 'string' && /^[A-Za-z]{2}$/.test(code) ? code.toUpperCase() : null,
      latitude: longitude === null ? null : latitude,
      longitude: latitude === null ? null : longitude,
      accuracyKm:
        latitude === null || longitude === null
          ? null
          : (numberIn(place.accuracy_radius, 20_000) ?? USUAL_ACCURACY_KM),
    };
  }

  network(address: bigint): Network {
    const found = this.#find(address);
    const number = Number(
      String(found.autonomous_system_number ?? found.asn ?? '').replace(/^AS/i, '') || Number.NaN,
    );
    const name = found.autonomous_system_organization ?? found.as_name ?? found.name;
    return {
      asn: Number.isInteger(number) && number >= 0 && number < 2 ** 32 ? number : null,
      organisation: typeof name === 'string' && name !== '' ? name.slice(0, LONGEST_NAME) : null,
    };
  }

  /** A damaged place of the file is an address that is not known. */
  #find(address: bigint): Fields {
    if (!isIPv4(address) && this.#reader.metadata.ipVersion === 4) return {};
    try {
      const found: unknown = this.#reader.get(addressText(address));
      return typeof found === 'object' && found !== null ? (found as Fields) : {};
    } catch {
      return {};
    }
  }
}

function section(fields: Fields, name: string): Fields {
  const inner = fields[name];
  return typeof inner === 'object' && inner !== null ? (inner as Fields) : {};
}

function numberIn(value: unknown, most: number): number | null {
  return typeof value === 'number' && Math.abs(value) <= most ? value : null;
}
