/**
 * Guesses the shape of a text from how it begins: programs send the same beginnings again and again. Who uses a guess must
 * prove it (`Shape.expect`), so a wrong one costs only time.
 */
import { endOfToken } from './open-tokens.ts';
import type { Shape } from './shape.ts';

/** A beginning shorter than this says little: what follows the open token behind it is taken instead. */
const MIN_BEGINNING = 16;
const MAX_BEGINNING = 256;
/** Open tokens that are passed to find a beginning that says something. */
const MAX_PASSED = 4;
/** One character, at which an open token may begin. */
const MAY_BEGIN = /'|\/(?=\*)|(?<![\w$.\u0080-\uffff])\.(?=\d)|(?<![\w$\u0080-\uffff])\d/g;

interface Expected {
  shape: Shape;
  /** `beginningOf` a text of this shape. */
  beginning: string;
}

/** By beginning, what is known of one shape that begins so. */
export class ExpectedShapes<T extends Expected> {
  readonly #byBeginning = new Map<string, T>();

  guess(text: string): T | undefined {
    return this.#byBeginning.get(beginningOf(text));
  }

  /** What to guess from now on for texts that begin so. */
  keep(known: T): void {
    if (known.shape.isExpectable) this.#byBeginning.set(known.beginning, known);
  }

  drop(known: T): void {
    if (this.#byBeginning.get(known.beginning) === known) this.#byBeginning.delete(known.beginning);
  }
}

/** The same for nearly all texts of a shape that `isExpectable`, and another one for most others. Holds on to the text. */
export function beginningOf(text: string): string {
  let at = 0;
  for (let passed = 0; ; passed += 1) {
    MAY_BEGIN.lastIndex = at;
    const start = MAY_BEGIN.test(text) ? MAY_BEGIN.lastIndex - 1 : text.length;
    if (start - at >= MIN_BEGINNING || start === text.length || passed === MAX_PASSED)
      return text.slice(at, Math.min(start, at + MAX_BEGINNING));
    at = endOfToken(text, start);
    if (at < 0) return '';
  }
}
