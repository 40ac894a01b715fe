/**
 * The shape of a text: the text without its open tokens (see `open-tokens.ts`). Texts of one shape are equal but for those.
 * Whether an open literal matters all the same (`1=1`, `SET x = 'y'`) is found when the text is parsed: see
 * `literal-reads.ts`.
 */

import { ownCopy, type StatementText } from '../statement-text.ts';
import { COMMENT, endOfOpen, type OpenKind, type OpenTokens, STRING } from './open-tokens.ts';

/** Begins what stands in place of an open token, before its kind; no text holds it. */
const MARK = '\0';
const MARK_LENGTH = 2;
/** In `a.5` the number is `.5`, but in `a5.5` the word is `a5`. */
const JOINS_NUMBER = /[\w$.\u0080-\uffff]$/;

export class Shape {
  /** The text, with marks. One string, because shapes in use are many, and each look at another place in memory takes time. */
  readonly #marked: string;
  readonly #isCut: boolean;
  /** True when each open token begins and ends in any text just as the parts around it say. */
  readonly isExpectable: boolean;

  /** @param open what was read last from `text` */
  constructor({ text, isCut }: StatementText, { count, starts, ends, kinds }: OpenTokens) {
    let marked = '';
    let copied = 0;
    for (let i = 0; i < count; i += 1) {
      marked += text.slice(copied, starts[i]) + MARK + String.fromCharCode(kinds[i]!);
      copied = ends[i]!;
    }
    this.#marked = ownCopy(marked + text.slice(copied));
    this.#isCut = isCut;
    this.isExpectable = isExpectable(this.#marked);
  }

  /** True for a text of this shape. @param open what was read last from the text */
  fits({ text, isCut }: StatementText, { count, starts, ends, kinds }: OpenTokens): boolean {
    const marked = this.#marked;
    let at = 0;
    let place = 0;
    for (let i = 0; i < count; i += 1) {
      const end = place + starts[i]! - at;
      if (!marked.startsWith(MARK, end) || marked.charCodeAt(end + 1) !== kinds[i]) return false;
      if (text.slice(at, starts[i]) !== marked.slice(place, end)) return false;
      at = ends[i]!;
      place = end + MARK_LENGTH;
    }
    return isCut === this.#isCut && text.slice(at) === marked.slice(place);
  }

  /**
   * `fits` for a text of which nothing is known yet; on success `open` has its open tokens. Looks for these where the shape
   * has them, which takes much less time than to look at all tokens. That is enough: the segments are alike, so one token
   * after the other is read as in the text that the shape was made of. Only where `isExpectable`.
   */
  expect({ text, isCut }: StatementText, open: OpenTokens): boolean {
    const marked = this.#marked;
    if (isCut !== this.#isCut) return false;
    open.reset();
    let at = 0;
    let place = 0;
    while (true) {
      const mark = marked.indexOf(MARK, place);
      if (mark < 0) return text.slice(at) === marked.slice(place);
      const start = at + mark - place;
      if (text.slice(at, start) !== marked.slice(place, mark)) return false;
      const kind = marked.charCodeAt(mark + 1) as OpenKind;
      at = endOfOpen(text, start, kind);
      if (at < 0) return false;
      open.add(kind, start, at);
      place = mark + MARK_LENGTH;
    }
  }

  /** The shape as one text. */
  get key(): string {
    return (this.#isCut ? MARK : '') + this.#marked;
  }

  /** Code units of the shape. */
  get length(): number {
    return this.#marked.length;
  }
}

function isExpectable(marked: string): boolean {
  // Behind a string with a letter in front, a string on the next line has its escapes.
  if (marked.includes("'")) return false;
  const [first, ...others] = marked.split(MARK);
  let before = first!;
  for (const other of others) {
    const kind = other.charCodeAt(0);
    if (kind !== STRING && kind !== COMMENT && JOINS_NUMBER.test(before)) return false;
    before = other.slice(1);
  }
  return true;
}
