/** Settings of a session: those that drivers read, and those that they set without meaning much by it. */
import { VERSION } from '../version.ts';
import { SqlError } from './sql-error.ts';

/** The version whose catalogs and protocol are spoken. */
const SERVER_VERSION = '15.0';
export const VERSION_TEXT = `PostgreSQL ${SERVER_VERSION} (pgvigil ${VERSION}, SQL of DuckDB)`;
/** The one database that there is. */
export const DATABASE = 'pgvigil';
/** The schema of the public views. */
export const SCHEMA = 'main';

/** A client may keep settings of its own, but not without end. */
const MAX_SETTINGS = 100;
const MAX_VALUE_LENGTH = 1_000;

interface Setting {
  name: string;
  value: string;
  /** The client is told when it changes. */
  reported?: true;
  /** What may be set; the default is one of them. Absent: anything. */
  allowed?: RegExp;
}

const SETTINGS: readonly Setting[] = [
  { name: 'server_version', value: `${SERVER_VERSION} (pgvigil ${VERSION})`, reported: true, allowed: /^$/ },
  { name: 'server_version_num', value: '150000', allowed: /^$/ },
  { name: 'server_encoding', value: 'UTF8', reported: true, allowed: /^$/ },
  { name: 'client_encoding', value: 'UTF8', reported: true, allowed: /^(?:utf-?8|unicode|default)$/i },
  { name: 'application_name', value: '', reported: true },
  { name: 'is_superuser', value: 'off', reported: true, allowed: /^$/ },
  { name: 'session_authorization', value: '', reported: true, allowed: /^$/ },
  { name: 'in_hot_standby', value: 'off', reported: true, allowed: /^$/ },
  { name: 'default_transaction_read_only', value: 'on', reported: true, allowed: /^(?:on|true|yes|1)$/i },
  { name: 'transaction_read_only', value: 'on', allowed: /^(?:on|true|yes|1)$/i },
  { name: 'integer_datetimes', value: 'on', reported: true, allowed: /^$/ },
  { name: 'standard_conforming_strings', value: 'on', reported: true, allowed: /^(?:on|true|yes|1)$/i },
  { name: 'DateStyle', value: 'ISO, MDY', reported: true, allowed: /^iso(?:, *(?:mdy|dmy|ymd))?$/i },
  { name: 'IntervalStyle', value: 'postgres', reported: true, allowed: /^postgres$/i },
  // Times are stored in UTC; other zones are accepted and not followed, see `inert`.
  { name: 'TimeZone', value: 'UTC', reported: true },
  { name: 'transaction_isolation', value: 'repeatable read' },
  { name: 'default_transaction_isolation', value: 'repeatable read' },
  { name: 'transaction_deferrable', value: 'off' },
  { name: 'statement_timeout', value: '0' },
  { name: 'lock_timeout', value: '0' },
  { name: 'idle_in_transaction_session_timeout', value: '0' },
  { name: 'search_path', value: SCHEMA },
  { name: 'extra_float_digits', value: '1' },
  { name: 'bytea_output', value: 'hex', allowed: /^hex$/i },
  { name: 'client_min_messages', value: 'notice' },
  { name: 'max_identifier_length', value: '63', allowed: /^$/ },
  { name: 'max_index_keys', value: '32', allowed: /^$/ },
  { name: 'lc_collate', value: 'C', allowed: /^$/ },
  { name: 'lc_ctype', value: 'C', allowed: /^$/ },
  { name: 'ssl', value: 'off', allowed: /^$/ },
];

const KNOWN = new Map(SETTINGS.map((setting) => [setting.name.toLowerCase(), setting]));

export class Settings {
  #values = new Map<string, string>();
  #kept: ReadonlyMap<string, string> | null = null;
  /** What RESET goes back to: what the session began with. */
  #initial: ReadonlyMap<string, string> = new Map();

  /** Values that the session begins with, already checked. */
  begin(values: Readonly<Record<string, string>>): void {
    for (const [name, value] of Object.entries(values)) this.#values.set(name, value);
    this.#initial = new Map(this.#values);
  }

  /** Null when there is no such setting. */
  get(name: string): string | null {
    const key = name.toLowerCase();
    return this.#values.get(key) ?? KNOWN.get(key)?.value ?? null;
  }

  /** All that have a value, by name. */
  all(): [string, string][] {
    const own = [...this.#values.keys()].filter((key) => !KNOWN.has(key));
    const names = [...SETTINGS.map(({ name }) => name), ...own].sort();
    return names.map((name) => [name, this.get(name)!]);
  }

  /** The reported ones, for the beginning of a session. */
  reported(): [string, string][] {
    return SETTINGS.filter(({ reported }) => reported).map(({ name }) => [name, this.get(name)!]);
  }

  /**
   * @param value null: the default
   * @returns what the client is told: a changed value that is reported, or why the change does nothing
   * @throws SqlError 22023, 25006, 42704, 55P02
   */
  set(name: string, value: string | null): { reported?: [string, string]; inert?: string } {
    const key = name.toLowerCase();
    const known = KNOWN.get(key);
    if (known === undefined && !/^[a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)?$/.test(key)) {
      throw new SqlError('42704', `unrecognized configuration parameter "${name}"`);
    }
    if (value === null) {
      this.#reset(key);
      return known?.reported ? { reported: [known.name, this.get(key)!] } : {};
    }
    if (value.length > MAX_VALUE_LENGTH) throw new SqlError('22023', `value of "${name}" is too long`);
    if (known?.allowed && !known.allowed.test(value)) throw refused(known, value);
    if (key === 'timezone') {
      return /^(?:utc|gmt|zulu|etc\/utc|0|00:00)$/i.test(value)
        ? {}
        : { inert: 'times are in UTC whatever TimeZone says' };
    }
    if (known?.allowed) return {}; // another way to write what it is already
    if (key === 'statement_timeout') milliseconds(value);
    if (!this.#values.has(key) && this.#values.size >= MAX_SETTINGS) {
      throw new SqlError('53400', `a session has at most ${MAX_SETTINGS} settings`);
    }
    this.#values.set(key, value);
    return known?.reported ? { reported: [known.name, value] } : {};
  }

  resetAll(): void {
    this.#values = new Map(this.#initial);
  }

  /** Remembers the values for `restore`: a transaction begins. */
  keep(): void {
    this.#kept = new Map(this.#values);
  }

  /** The transaction was rolled back. */
  restore(): void {
    if (this.#kept !== null) this.#values = new Map(this.#kept);
    this.#kept = null;
  }

  /** In milliseconds; 0: none. */
  get statementTimeoutMs(): number {
    return milliseconds(this.get('statement_timeout')!);
  }

  #reset(key: string): void {
    const initial = this.#initial.get(key);
    if (initial === undefined) this.#values.delete(key);
    else this.#values.set(key, initial);
  }
}

function refused({ name }: Setting, value: string): SqlError {
  if (name.endsWith('transaction_read_only')) return new SqlError('25006', 'everything here is read-only');
  return new SqlError('22023', `invalid value for parameter "${name}": "${value}"`);
}

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  ms: 1,
  s: 1_000,
  min: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

function milliseconds(value: string): number {
  const match = /^(\d{1,9})\s*(|ms|s|min|h|d)$/.exec(value.trim());
  if (match === null)
    throw new SqlError('22023', `invalid value for parameter "statement_timeout": "${value}"`);
  return Number(match[1]) * UNITS[match[2]!]!;
}
