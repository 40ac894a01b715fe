/** Values of constants in a parse tree that note when they are read. */
import type { A_Const } from 'libpg-query';

export interface ConstantValue {
  sval?: string;
  ival?: number;
  fval?: string;
  bsval?: string;
}

/** Takes the place of a constant's value. Its getters are on the prototype: to walk over the tree is not to read it. */
export class WatchedValue implements ConstantValue {
  readonly #value: ConstantValue;
  readonly #isPlain: boolean;
  readonly #onRead: () => void;

  /** @param isPlain the text is known to say nothing by itself, see `telling.ts` */
  constructor(value: ConstantValue, isPlain: boolean, onRead: () => void) {
    this.#value = value;
    this.#isPlain = isPlain;
    this.#onRead = onRead;
  }

  get isPlain(): boolean {
    return this.#isPlain;
  }

  // Absent properties of a constant mean zero or an empty text; the type of this class has no way to say so.
  get sval(): string {
    this.#onRead();
    return this.#value.sval as string;
  }

  get ival(): number {
    this.#onRead();
    return this.#value.ival as number;
  }

  get fval(): string {
    this.#onRead();
    return this.#value.fval as string;
  }

  get bsval(): string {
    this.#onRead();
    return this.#value.bsval as string;
  }
}

/** Text of a string constant that may say something by itself; '' for one that is known not to, and for other constants. */
export function tellingText({ sval }: A_Const): string {
  if (sval === undefined || (sval instanceof WatchedValue && sval.isPlain)) return '';
  return sval.sval ?? '';
}
