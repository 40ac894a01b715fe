/**
 * Features of a failure whose statement the server did not log, read from the error message.
 */
import type { StatementFeatures } from '../model.ts';
import { finish, newDraft } from './draft.ts';
import { messageHash } from './hash.ts';
import { MESSAGE_RULES } from './message-rules.ts';

/**
 * Features of a failed statement without its text.
 *
 * @param sqlstate five characters, e.g. `42501`
 * @param message primary message, redacted, in English (`lc_messages`); other languages give a row without features
 */
export function featuresFromMessage(sqlstate: string, message: string): StatementFeatures {
  const text = message.slice(0, 4_096);
  const draft = newDraft();
  for (const { pattern, note } of MESSAGE_RULES) {
    const match = pattern.exec(text);
    if (match !== null) note(draft, match[1] ?? '');
  }
  draft.statementCount = 1;
  return finish(draft, {
    statementHash: messageHash(`${sqlstate} ${normalizedMessage(text)}`),
    sqlText: null,
    textLength: 0,
    parseOk: false,
    fingerprint: null,
    normalized: null,
    tailRedacted: false,
  });
}

/**
 * The message without what differs between failures of one kind: place, offending value or token. Names of objects stay,
 * because features are made of them.
 */
function normalizedMessage(message: string): string {
  const value = /^(invalid input syntax for [^:"]{1,64}: )"(PostgreSQL \d|~|q[zxjkvbp]{3}q)?/.exec(message);
  const general = value === null ? message : `${value[1]}${value[2] === undefined ? '?' : '!'}`;
  return general
    .replace(/ at or near "[\s\S]*/, ' at or near ?')
    .replace(/ at character \d+$/, '')
    .replace(/\s+/g, ' ')
    .trim();
}
