/** What a schema found, for people who write YAML by hand. */
import type { z } from 'zod';

/** So many are told at once; the rest shows when these are mended. */
const MOST = 5;

/** `quiet: is missing; severity: Invalid option: …` */
export function issuesIn(error: z.ZodError): string {
  const told = error.issues.slice(0, MOST).map(({ path, message }) => {
    const problem = message.endsWith('received undefined') ? 'is missing' : message;
    return path.length === 0 ? problem : `${path.join('.')}: ${problem}`;
  });
  const more = error.issues.length - told.length;
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}
