import { END } from '../calendar.ts';
import type { LogLine } from '../server.ts';
import { readTranscripts } from '../transcripts.ts';
import { workOfOffice } from './office.ts';
import { workOfShop } from './shop.ts';

/** Four weeks of ordinary work on two servers, in order of time. The same lines each time. */
export function simulateWork(): LogLine[] {
  const all = readTranscripts();
  return [workOfShop(all), workOfOffice(all)]
    .flatMap(({ lines }) => lines)
    .filter(({ time }) => time < END)
    .sort((one, other) => one.time - other.time);
}
