/** Statements that failed, and settings that changed. */
import type { Failure, SettingChange } from '../../model/fact.ts';

/**
 * The failure that a line of level ERROR, FATAL or PANIC reports; null for other levels.
 * @param statement the STATEMENT of the line, where the server shipped it
 */
export function readFailure(
  level: string,
  sqlstate: string | null,
  text: string,
  statement: string | null,
): Failure | null {
  if (level !== 'ERROR' && level !== 'FATAL' && level !== 'PANIC') return null;
  return {
    kind: 'failure',
    // XX000, internal_error, is what PostgreSQL itself reports where no code was given.
    sqlstate: sqlstate ?? 'XX000',
    // The cursor position: a part of the text on stderr, apart in other formats.
    message: withoutPosition(text),
    statement,
  };
}

function withoutPosition(text: string): string {
  const at = text.lastIndexOf(' at character ');
  return at < 0 || !/^\d{1,10}$/.test(text.slice(at + 14)) ? text : text.slice(0, at);
}

const CHANGED = '" changed to "';
const RESET = '" removed from configuration file, reset to default';

/** `parameter "x" changed to "y"` and its like, which the postmaster logs after a reload (guc-file.l, guc.c). */
export function readSettingChange(level: string, text: string): SettingChange | null {
  const start = 'parameter "';
  if (level !== 'LOG' || !text.startsWith(start)) return null;
  if (text.endsWith(RESET))
    return { kind: 'setting', parameter: text.slice(start.length, -RESET.length), value: null };
  const end = text.indexOf(CHANGED);
  if (end < 0 || !text.endsWith('"')) return null;
  return {
    kind: 'setting',
    parameter: text.slice(start.length, end),
    value: text.slice(end + CHANGED.length, -1),
  };
}
