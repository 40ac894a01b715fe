/** Configuration: file, then environment, then flags, checked as a whole and frozen. */
import { readFile } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { kindOf } from './alerts/channels/kinds.ts';
import type { ChannelOptions as ChannelValues } from './config/channels.ts';
import { type Finding, findingsOf, keyPath } from './config/issues.ts';
import type { SecretRef } from './config/references.ts';
import { type ConfigValues, configSchema } from './config/schema.ts';
import { messageOf, PgvigilError } from './errors.ts';

export { CONFIG_REFERENCE, type ConfigKey } from './config/reference.ts';

export type { SecretRef } from './config/references.ts';
export { resolveSecret } from './config/secrets.ts';

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** Checked, complete, frozen. Paths are absolute; secrets are references (`resolveSecret`). */
export type Config = DeepReadonly<ConfigValues>;

/** One entry of `channels`. */
export type ChannelOptions = Config['channels'][number];

/** Used when it exists and no other file is named. */
const DEFAULT_FILE = 'pgvigil.yaml';

export interface ConfigSources {
  /** `--config`. */
  configPath?: string | undefined;
  flags?: { data?: string | undefined; logLevel?: string | undefined } | undefined;
  env: Readonly<Record<string, string | undefined>>;
  /** Folder that flags and environment variables are relative to. */
  cwd: string;
}

/** A value that does not come from the file, with the name of where it was set. */
interface Override {
  path: readonly [string, ...string[]];
  value: string;
  origin: string;
}

/**
 * Reads and checks the configuration. An empty environment variable counts as not set.
 *
 * @throws PgvigilError CONFIG_INVALID with every wrong key, where it was set and what is allowed
 */
export async function loadConfig(sources: ConfigSources): Promise<Config> {
  const file = await readConfigFile(sources);
  const overrides = overridesOf(sources);
  const input = overrides.reduce((values, { path, value }) => withValue(values, path, value), file.values);
  const checked = configSchema.safeParse(input);
  if (!checked.success) {
    const findings = checked.error.issues.flatMap((issue) => findingsOf(issue, input));
    throw invalid(findings, file.name, overrides);
  }
  return deepFreeze(absolutePaths(checked.data, file.folder));
}

interface ConfigFile {
  /** As shown in messages. */
  name: string;
  folder: string;
  values: unknown;
}

async function readConfigFile({ configPath, cwd }: ConfigSources): Promise<ConfigFile> {
  const path = resolve(cwd, configPath ?? DEFAULT_FILE);
  const name = configPath ?? basename(path);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (configPath === undefined && (error as NodeJS.ErrnoException).code === 'ENOENT') {
      return { name, folder: cwd, values: {} };
    }
    throw new PgvigilError(
      'CONFIG_INVALID',
      `${name}: cannot be read: ${messageOf(error)}`,
      'Check --config.',
      error,
    );
  }
  const document = parseDocument(text, { prettyErrors: false });
  const broken = document.errors[0];
  if (broken !== undefined) {
    const line = text.slice(0, broken.pos[0]).split('\n').length;
    throw new PgvigilError(
      'CONFIG_INVALID',
      // The parser's own text may quote the line, and a line may hold a secret in the wrong place.
      `${name}: line ${line} is not valid YAML (${broken.code})`,
      'Check indentation, quotes and that no key stands twice.',
    );
  }
  let values: unknown;
  try {
    values = document.toJS({ maxAliasCount: 50 }) ?? {};
  } catch {
    throw new PgvigilError(
      'CONFIG_INVALID',
      `${name}: YAML aliases cannot be resolved`,
      'Write the values out.',
    );
  }
  return { name, folder: dirname(path), values };
}

function overridesOf({ flags, env, cwd }: ConfigSources): Override[] {
  const overrides: Override[] = [];
  const add = (path: Override['path'], value: string | undefined, origin: string) => {
    if (value) overrides.push({ path, value, origin });
  };
  const absolute = (path: string | undefined) => (path ? resolve(cwd, path) : undefined);
  add(['data'], absolute(env.PGVIGIL_DATA), 'PGVIGIL_DATA');
  add(['log', 'level'], env.PGVIGIL_LOG_LEVEL, 'PGVIGIL_LOG_LEVEL');
  add(['data'], absolute(flags?.data), '--data');
  add(['log', 'level'], flags?.logLevel, '--log-level');
  return overrides;
}

/** A copy of `values` with `value` at `path`. What is not a section is left for the schema to refuse. */
function withValue(values: unknown, [key, ...rest]: Override['path'], value: string): unknown {
  const section = values ?? {};
  if (typeof section !== 'object' || Array.isArray(section)) return values;
  const [next, ...further] = rest;
  const inner = (section as Record<string, unknown>)[key];
  return { ...section, [key]: next === undefined ? value : withValue(inner, [next, ...further], value) };
}

function absolutePaths(values: ConfigValues, folder: string): ConfigValues {
  const at = (path: string) => resolve(folder, path);
  const ref = (secret: SecretRef): SecretRef => ('file' in secret ? { file: at(secret.file) } : secret);
  const { eventHub, detection, enrichment, links, api, wire } = values;
  return {
    ...values,
    data: at(values.data),
    ...(eventHub?.connectionString && {
      eventHub: { ...eventHub, connectionString: ref(eventHub.connectionString) },
    }),
    detection: { ...detection, detectorFolders: detection.detectorFolders.map(at) },
    enrichment: {
      ...enrichment,
      ...(enrichment.country !== undefined && { country: at(enrichment.country) }),
      ...(enrichment.asn !== undefined && { asn: at(enrichment.asn) }),
      providers: enrichment.providers.map(at),
      threatLists: enrichment.threatLists.map(({ name, path }) => ({ name, path: at(path) })),
    },
    channels: values.channels.map((channel) => absoluteChannel(channel, at)),
    ...(api?.tls && { api: { ...api, tls: { cert: at(api.tls.cert), key: at(api.tls.key) } } }),
    ...(wire?.tls && { wire: { ...wire, tls: { cert: at(wire.tls.cert), key: at(wire.tls.key) } } }),
    ...(links && { links: { ...links, secret: ref(links.secret) } }),
  };
}

/** Secrets in files, the certificates, and what the kind knows as paths; `-` is no path. */
function absoluteChannel(channel: ChannelValues, at: (path: string) => string): ChannelValues {
  const paths = new Set<string>([...kindOf(channel.type).paths, 'ca']);
  const entries = Object.entries(channel).map(([key, value]) => {
    if (typeof value === 'string' && paths.has(key) && value !== '-') return [key, at(value)];
    if (isFileRef(value)) return [key, { file: at(value.file) }];
    return [key, value];
  });
  return Object.fromEntries(entries) as ChannelValues;
}

function isFileRef(value: unknown): value is { file: string } {
  return (
    typeof value === 'object' && value !== null && typeof (value as { file?: unknown }).file === 'string'
  );
}

function invalid(findings: Finding[], fileName: string, overrides: Override[]): PgvigilError {
  const lines = findings.map(({ path, problem }) => {
    const key = keyPath(path);
    // Flags come last and win: the last override of a key is the value that was checked.
    const origin = overrides.findLast((override) => override.path.join('.') === key)?.origin;
    return `${origin ?? fileName}: ${key || 'the file'} ${problem}`;
  });
  const hints = [...new Set(findings.flatMap(({ hint }) => hint ?? []))];
  return new PgvigilError(
    'CONFIG_INVALID',
    lines.join('\n'),
    hints.join(' ') || 'Every key is explained in docs/configuration.md.',
  );
}

function deepFreeze<T>(value: T): DeepReadonly<T> {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value as DeepReadonly<T>;
}
