/** The files that addresses are looked up in, as the configuration names them. Nothing is fetched. */
import { basename } from 'node:path';
import { PgvigilError } from '../errors.ts';
import type { Sources, ThreatList } from './describe.ts';
import { GeoDatabase } from './geo-database.ts';
import { type Contents, MountedFile } from './mounted-file.ts';
import { type NetworkSetting, networkMap } from './networks.ts';
import { type Place, parseProviderFile } from './provider-file.ts';
import { type Entry, RangeMap } from './range-map.ts';
import { parseThreatList } from './threat-list.ts';

/** The configuration's sections `enrichment` and `networks`. Paths are absolute. */
export interface EnrichmentSettings {
  readonly enrichment: {
    readonly country?: string | undefined;
    readonly asn?: string | undefined;
    readonly providers: readonly string[];
    readonly threatLists: readonly { readonly name: string; readonly path: string }[];
  };
  readonly networks: readonly NetworkSetting[];
}

export interface FileStatus {
  kind: 'country' | 'asn' | 'provider' | 'threat list';
  /** Of a threat list; else that of the file. */
  name: string;
  path: string;
  entries: number;
  /** Of the data, milliseconds since 1970; null while none could be read. */
  date: number | null;
  problems: PgvigilError[];
}

const MIB = 1024 * 1024;
const MAX_DATABASE_BYTES = 1024 * MIB;
const MAX_TEXT_BYTES = 64 * MIB;

type ListFile = MountedFile<Entry<null>[]>;

export class EnrichmentFiles {
  readonly #settings: EnrichmentSettings;
  readonly #country: MountedFile<GeoDatabase> | null;
  readonly #asn: MountedFile<GeoDatabase> | null;
  readonly #providers: MountedFile<Entry<Place>[]>[];
  readonly #lists: { name: string; file: ListFile }[];
  #sources: Sources;

  private constructor(settings: EnrichmentSettings) {
    const { country, asn, providers, threatLists } = settings.enrichment;
    this.#settings = settings;
    this.#country = country === undefined ? null : new MountedFile(country, MAX_DATABASE_BYTES, database);
    this.#asn = asn === undefined ? null : new MountedFile(asn, MAX_DATABASE_BYTES, database);
    this.#providers = providers.map(
      (path) => new MountedFile(path, MAX_TEXT_BYTES, (bytes) => provider(path, bytes)),
    );
    this.#lists = threatLists.map(({ name, path }) => ({
      name,
      file: new MountedFile(path, MAX_TEXT_BYTES, list),
    }));
    this.#sources = this.#gather();
  }

  /** Reads all files. Those that cannot be read are told by `status`. */
  static async open(settings: EnrichmentSettings): Promise<EnrichmentFiles> {
    const files = new EnrichmentFiles(settings);
    await files.refresh();
    return files;
  }

  get sources(): Sources {
    return this.#sources;
  }

  /** Same for the same data and the same networks: what was looked up with it need not be looked up again. */
  get version(): string {
    return JSON.stringify([
      this.#settings.networks,
      this.#settings.enrichment.threatLists,
      this.#all().map(({ file }) => file.version),
    ]);
  }

  get status(): FileStatus[] {
    return this.#all().map(({ kind, name, file }) => ({
      kind,
      name,
      path: file.path,
      entries: file.entries,
      date: file.date,
      problems: file.problems.map(
        ({ line, reason }) =>
          new PgvigilError(
            'ENRICHMENT_INVALID',
            `${file.path}${line === null ? '' : `:${line}`}: ${reason}`,
            `${kind} ${name}: correct or replace the file; it is read again when it changes. ${file.value === null ? 'Until then nothing is known from it.' : 'The rest of it, or what it held before, is in use.'}`,
          ),
      ),
    }));
  }

  /** Reads the files that changed; true when other data is in force. Never throws. */
  async refresh(): Promise<boolean> {
    const changed = await Promise.all(this.#all().map(({ file }) => file.refresh()));
    if (!changed.includes(true)) return false;
    this.#sources = this.#gather();
    return true;
  }

  #all(): { kind: FileStatus['kind']; name: string; file: MountedFile<unknown> }[] {
    const named = (kind: FileStatus['kind'], file: MountedFile<unknown> | null) =>
      file === null ? [] : [{ kind, name: basename(file.path), file }];
    return [
      ...named('country', this.#country),
      ...named('asn', this.#asn),
      ...this.#providers.flatMap((file) => named('provider', file)),
      ...this.#lists.map(({ name, file }) => ({ kind: 'threat list' as const, name, file })),
    ];
  }

  #gather(): Sources {
    return {
      country: this.#country?.value ?? null,
      asn: this.#asn?.value ?? null,
      providers: new RangeMap(this.#providers.flatMap((file) => file.value ?? [])),
      lists: new RangeMap(
        this.#lists.flatMap(({ name, file }) => {
          const value: ThreatList = { name, date: file.date ?? 0 };
          return (file.value ?? []).map(({ block }) => ({ block, value }));
        }),
      ),
      networks: networkMap(this.#settings.networks),
      hasTrusted: this.#settings.networks.some(({ trusted }) => trusted),
    };
  }
}

function database(bytes: Buffer): Contents<GeoDatabase> {
  const value = new GeoDatabase(bytes);
  return { value, entries: value.size, date: value.date, problems: [] };
}

function provider(path: string, bytes: Buffer): Contents<Entry<Place>[]> {
  const { entries, date, problems } = parseProviderFile(bytes.toString('utf8'));
  return { value: entries, entries: entries.length, date: date ?? dateInName(path), problems };
}

/** Microsoft writes the date of its file into the name alone: ServiceTags_Public_20260601.json. */
function dateInName(path: string): number | null {
  const match = /_(\d{4})(\d\d)(\d\d)\.json$/.exec(path);
  const date = match === null ? Number.NaN : Date.parse(`${match[1]}-${match[2]}-${match[3]}T00:00:00Z`);
  return Number.isNaN(date) ? null : date;
}

function list(bytes: Buffer): Contents<Entry<null>[]> {
  const { blocks, problems } = parseThreatList(bytes.toString('utf8'));
  return {
    value: blocks.map((block) => ({ block, value: null })),
    entries: blocks.length,
    date: null,
    problems,
  };
}
