/**
 * The shape of a text: the text without its open tokens (see `open-tokens.ts`). Texts of one shape are equal but for those.
 * Whether an open literal matters all the same (`1=1`, `SET x = 'y'`) is found when the text is parsed: see
 * `literal-reads.ts`.
 */
import type { OpenTokens } from './open-tokens.ts';
import type { StatementText } from './statement-text.ts';

/** Begins what stands in place of an open token; no text holds it. */
const MARK = 0;
const MARK_LENGTH = 2;

export class Shape {
  /** Code units of the text, with a mark and the kind in place of each open token. */
  readonly #units: Uint16Array;
  readonly #isCut: boolean;

  /** @param open what was read last from `text` */
  constructor({ text, isCut }: StatementText, { count, starts, ends, kinds, units }: OpenTokens) {
    const parts: number[][] = [];
    let copied = 0;
    for (let i = 0; i < count; i += 1) {
      parts.push([...units.subarray(copied, starts[i])], [MARK, kinds[i]!]);
      copied = ends[i]!;
    }
    this.#units = Uint16Array.from([...parts, [...units.subarray(copied, text.length)]].flat());
    this.#isCut = isCut;
  }

  /** True for a text of this shape. */
  fits({ text, isCut }: StatementText, { count, starts, ends, kinds, units }: OpenTokens): boolean {
    const own = this.#units;
    let at = 0;
    let place = 0;
    for (let i = 0; i < count; i += 1) {
      const start = starts[i]!;
      for (; at < start; at += 1, place += 1) if (own[place] !== units[at]) return false;
      if (own[place] !== MARK || own[place + 1] !== kinds[i]) return false;
      place += MARK_LENGTH;
      at = ends[i]!;
    }
    if (text.length - at !== own.length - place || isCut !== this.#isCut) return false;
    for (; place < own.length; at += 1, place += 1) if (own[place] !== units[at]) return false;
    return true;
  }

  /** The shape as one text. */
  get key(): string {
    const { buffer, byteOffset, byteLength } = this.#units;
    return (this.#isCut ? '\0' : '') + Buffer.from(buffer, byteOffset, byteLength).toString('utf16le');
  }

  /** Code units of the shape. */
  get length(): number {
    return this.#units.length;
  }
}
