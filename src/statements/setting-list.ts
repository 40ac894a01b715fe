/** The settings that a text changes, and which of them matters most. */
import type { Setting } from '../model/statement-features.ts';

/** More are not kept: a dump sets a dozen. */
export const MOST_SETTINGS = 100;

/** Settings that run code, weaken authentication or open the system catalogs, and have no name that a pattern finds. */
const DANGEROUS = new Set(
  (
    'allow_system_table_mods archive_library jit_provider logging_collector password_encryption primary_conninfo ' +
    'require_secure_transport session_replication_role ssl ssl_ciphers ssl_max_protocol_version ' +
    'ssl_min_protocol_version ssl_passphrase_command_supports_reload unix_socket_directories zero_damaged_pages *'
  ).split(' '),
);

/**
 * Adds a setting at the end. In a full list it takes the place of the last one among those that matter least, or finds
 * none: so a hundred ordinary settings before it hide no other one.
 *
 * @param name in any case
 * @param read is called only for what is kept: what it looks at tells templates apart
 */
export function addSetting(settings: Setting[], name: string, read: () => Omit<Setting, 'name'>): void {
  if (name === '') return;
  const lower = lowerCase(name);
  if (settings.length >= MOST_SETTINGS) {
    const weights = settings.map((setting) => weight(setting.name));
    const least = Math.min(...weights);
    if (least >= weight(lower)) return;
    settings.splice(weights.lastIndexOf(least), 1);
  }
  const { value, scope } = read();
  settings.push({ name: lower, value, scope });
}

/** The one that matters most for security, so that `SET pgaudit.log = 'none'` hides behind no other; of equals the first. */
export function weightiest(settings: readonly Setting[]): Setting | null {
  let found: Setting | null = null;
  for (const setting of settings)
    if (found === null || weight(setting.name) > weight(found.name)) found = setting;
  return found;
}

/** As PostgreSQL compares names of settings, whatever the locale: `guc_name_compare` in guc.c. */
function lowerCase(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function weight(name: string): number {
  if (name.startsWith('pgaudit.')) return 4;
  if (name.startsWith('log_') || DANGEROUS.has(name)) return 3;
  if (/_(?:command|library|libraries|library_path|control_path|file)$/.test(name)) return 3;
  if (name === 'role' || name === 'session_authorization' || name === 'row_security') return 2;
  return name === 'search_path' || name === 'application_name' ? 0 : 1;
}
