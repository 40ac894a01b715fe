/** Keys of statement texts. */
import { hash } from 'node:crypto';

/** First 32 hex digits (128 bits) of SHA-256 over the UTF-8 text; a lone surrogate counts as U+FFFD. */
export function statementHash(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32);
}

/** Key of a failure of which only the message is known; never equal to the key of a text by accident of content. */
export function messageHash(normalizedMessage: string): string {
  return statementHash(`msg:${normalizedMessage}`);
}
