/** String constants that say something by themselves, wherever in a statement they stand. */
import { addHosts } from '../extractors/hosts.ts';
import { isRansomText } from '../extractors/ransom.ts';

/** Shorter than the shortest connection string. */
export const MIN_TELLING = 6;
/** What `addHosts` and `isRansomText` look for is in no text without one of these. Ordinary data rarely has one. */
const MAY_TELL = /host|:\/\/|\\\\|data|table|file|backup|(?<![a-z0-9])dbs?(?![a-z0-9])/i;

/** True for a text that names a host or reads like a ransom note. */
export function isTelling(text: string): boolean {
  if (text.length < MIN_TELLING || !MAY_TELL.test(text)) return false;
  if (isRansomText(text)) return true;
  const hosts = new Set<string>();
  addHosts(text, hosts);
  return hosts.size > 0;
}
