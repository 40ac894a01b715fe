/** Paths with `*` (no `/`), `?` (one character, no `/`) and `**` (any folders): what shells expand, for when they did not. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

export function isPattern(path: string): boolean {
  return /[*?]/.test(path);
}

/** Paths of the files and folders that fit, in no order. Like a shell, `*` does not fit names that begin with a dot. */
export async function expandPattern(pattern: string): Promise<string[]> {
  const isAbsolute = pattern.startsWith('/');
  const parts = pattern.split('/').filter((part) => part !== '' && part !== '.');
  return expand(isAbsolute ? '/' : '', parts);
}

async function expand(base: string, parts: readonly string[]): Promise<string[]> {
  const [part, ...rest] = parts;
  if (part === undefined) return [base];
  if (!isPattern(part)) return expand(join(base, part), rest);
  // Folders that are gone or closed to us hold nothing that fits.
  const entries = await readdir(base || '.', { withFileTypes: true }).catch(() => []);
  const found: string[] = [];
  if (part === '**') {
    found.push(...(rest.length === 0 ? [] : await expand(base, rest)));
    for (const entry of entries) {
      if (entry.name.startsWith('.')) continue;
      // Not through links, which may lead in circles.
      if (entry.isDirectory()) found.push(...(await expand(join(base, entry.name), parts)));
      else if (rest.length === 0) found.push(join(base, entry.name));
    }
    return found;
  }
  const fits = partPattern(part);
  for (const { name } of entries) {
    if (!fits.test(name) || (name.startsWith('.') && !part.startsWith('.'))) continue;
    if (rest.length === 0) found.push(join(base, name));
    else found.push(...(await expand(join(base, name), rest)));
  }
  return found;
}

function partPattern(part: string): RegExp {
  const source = part
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 'su');
}
