/** What a rule file has that cannot be taken over. */
import { PgvigilError } from '../errors.ts';
import { printable } from '../printable.ts';

const MAX_SHOWN = 300;

/** The error of a rule that is refused; what it quotes of the rule is made safe to show. */
export function refusal(reason: string, hint: string): PgvigilError {
  return new PgvigilError('DETECTOR_INVALID', `the Sigma rule is refused: ${shown(reason)}`, hint);
}

function shown(text: string): string {
  const safe = printable(text);
  return safe.length > MAX_SHOWN ? `${safe.slice(0, MAX_SHOWN)}…` : safe;
}
