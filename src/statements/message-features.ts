/**
 * Features of a failure whose statement the server did not log, read from the error message.
 */
import type { Statement } from '../model/statement.ts';
import type { StatementFeatures } from '../model/statement-features.ts';
import { finish, newDraft } from './draft.ts';
import { messageHash } from './hash.ts';
import { MESSAGE_RULES } from './message-rules.ts';

const MAX_MESSAGE = 4_096;

/**
 * A failed statement without its text. Failures of one kind are one statement.
 *
 * @param sqlstate five characters, e.g. `42501`
 * @param message primary message, redacted, in English (`lc_messages`); other languages give a row without features
 */
export function statementOfMessage(sqlstate: string, message: string): Statement {
  const text = message.slice(0, MAX_MESSAGE);
  const hash = messageHash(`${sqlstate} ${normalizedMessage(text)}`);
  const template = { templateId: hash, features: featuresOfMessage(text), literalsRead: [] };
  return { statementHash: hash, sqlText: null, textLength: 0, template };
}

/** What a primary message tells of the statement that failed. */
export function featuresOfMessage(message: string): StatementFeatures {
  const text = message.slice(0, MAX_MESSAGE);
  const draft = newDraft();
  for (const { pattern, note } of MESSAGE_RULES) {
    const match = pattern.exec(text);
    if (match !== null) note(draft, match[1] ?? '');
  }
  draft.statementCount = 1;
  return finish(draft, { parseOk: false, fingerprint: null, normalized: null, tailRedacted: false });
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
