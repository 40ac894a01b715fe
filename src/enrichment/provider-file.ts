/**
 * Address ranges that cloud providers publish: Azure's ServiceTags_Public_*.json, AWS's ip-ranges.json, Google's cloud.json.
 * Pure.
 */
import { printable } from '../printable.ts';
import { parseBlocks } from './address.ts';
import type { Problem } from './problem.ts';
import type { Entry } from './range-map.ts';

export interface Place {
  provider: 'azure' | 'aws' | 'gcp';
  /** As the provider writes it, lower case: westeurope, eu-west-1; null where the file names none. */
  region: string | null;
}

export interface ParsedProvider {
  entries: Entry<Place>[];
  /** When the provider made the file, milliseconds since 1970; null where it does not say. */
  date: number | null;
  problems: Problem[];
}

type Json = Readonly<Record<string, unknown>>;

const MAX_PROBLEMS = 5;

export function parseProviderFile(text: string): ParsedProvider {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    // V8 names the place; the text around it is not shown.
    const place = /position (\d+)/.exec(String(error))?.[1];
    const line = place === undefined ? null : text.slice(0, Number(place)).split('\n').length;
    return nothing({ line, reason: 'it is not JSON' });
  }
  if (isObject(file)) {
    if (Array.isArray(file.values)) return azure(file.values);
    if (Array.isArray(file.prefixes)) {
      const isGoogle = file.prefixes.some(
        (one) => isObject(one) && ('ipv4Prefix' in one || 'ipv6Prefix' in one),
      );
      return isGoogle ? google(file, file.prefixes) : amazon(file, file.prefixes);
    }
  }
  const known = 'ServiceTags_Public of Azure, ip-ranges.json of AWS, cloud.json of Google';
  return nothing({ line: null, reason: `it is none of ${known}` });
}

/** Tags overlap: each service and each region has one. Only what names a region tells more than "Azure". */
function azure(tags: readonly unknown[]): ParsedProvider {
  const places = new Places('azure');
  for (const tag of tags) {
    const properties = isObject(tag) && isObject(tag.properties) ? tag.properties : {};
    const prefixes = Array.isArray(properties.addressPrefixes) ? properties.addressPrefixes : [];
    for (const prefix of prefixes) places.add(prefix, properties.region);
  }
  return places.result(null);
}

function amazon(file: Json, prefixes: readonly unknown[]): ParsedProvider {
  const places = new Places('aws');
  const all = [...prefixes, ...(Array.isArray(file.ipv6_prefixes) ? file.ipv6_prefixes : [])];
  for (const one of all.filter(isObject)) places.add(one.ip_prefix ?? one.ipv6_prefix, one.region);
  // 2026-06-01-12-34-56
  const parts = /^(\d{4}-\d\d-\d\d)-(\d\d)-(\d\d)-(\d\d)$/.exec(String(file.createDate));
  return places.result(parts === null ? null : dateOf(`${parts[1]}T${parts[2]}:${parts[3]}:${parts[4]}Z`));
}

function google(file: Json, prefixes: readonly unknown[]): ParsedProvider {
  const places = new Places('gcp');
  for (const one of prefixes.filter(isObject)) places.add(one.ipv4Prefix ?? one.ipv6Prefix, one.scope);
  return places.result(
    typeof file.creationTime === 'string' ? dateOf(`${file.creationTime}Z`.replace(/ZZ$/, 'Z')) : null,
  );
}

/** Gathers prefixes; equal places are one object, so that a range that several services share is kept once. */
class Places {
  readonly #provider: Place['provider'];
  readonly #entries: Entry<Place>[] = [];
  readonly #places = new Map<string, Place>();
  readonly #problems: Problem[] = [];

  constructor(provider: Place['provider']) {
    this.#provider = provider;
  }

  add(prefix: unknown, region: unknown): void {
    const blocks = typeof prefix === 'string' ? parseBlocks(prefix) : null;
    if (blocks === null) {
      const shown = printable(String(prefix).slice(0, 40));
      if (this.#problems.length < MAX_PROBLEMS)
        this.#problems.push({ line: null, reason: `"${shown}" is no CIDR` });
      return;
    }
    const name = typeof region === 'string' ? region.toLowerCase() : '';
    let value = this.#places.get(name);
    if (value === undefined) {
      value = { provider: this.#provider, region: name === '' || name === 'global' ? null : name };
      this.#places.set(name, value);
    }
    for (const block of blocks) this.#entries.push({ block, value });
  }

  result(date: number | null): ParsedProvider {
    const empty = { line: null, reason: 'it holds no address range' };
    const problems = this.#entries.length === 0 ? [empty, ...this.#problems] : this.#problems;
    return { entries: this.#entries, date, problems };
  }
}

function nothing(problem: Problem): ParsedProvider {
  return { entries: [], date: null, problems: [problem] };
}

function dateOf(text: string): number | null {
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : date;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
