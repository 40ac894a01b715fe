/** Finds where the elements of a JSON array end, in text that comes in pieces. Looks at brackets and strings only. */

const [TAB, LF, CR, SPACE, QUOTE, COMMA, BACKSLASH] = [9, 10, 13, 32, 34, 44, 92];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];

export class Elements {
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** An element has begun. */
  #begun = false;
  #isClosed = false;
  #isOver = false;

  /** The array has ended, or what stands in it is no JSON. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /**
   * Length of what belongs to the element at hand, counted from the start of `part`; -1 where it goes on. A line break inside a
   * string, which JSON does not allow, ends the element and the array: the end of the string is missing.
   */
  end(part: Buffer): number {
    for (let index = 0; index < part.length; index++) {
      const length = this.#step(part[index]!, index);
      if (length !== null) {
        this.#begun = false;
        this.#depth = 0;
        this.#inString = false;
        this.#escaped = false;
        return length;
      }
    }
    return -1;
  }

  /** An element without what separates it from its neighbours; empty for what is between. */
  body(raw: Buffer): Buffer {
    let [from, to] = [0, raw.length];
    while (from < to && isBetween(raw[from]!)) from++;
    while (to > from && isBetween(raw[to - 1]!)) to--;
    const body = raw.subarray(from, to);
    return this.#isClosed && /^\]\s*\}?$/.test(body.toString('latin1', 0, 64)) ? body.subarray(0, 0) : body;
  }

  /** Length of the element if it ends with this byte, at `index`. */
  #step(byte: number, index: number): number | null {
    if (this.#inString) return this.#stepInString(byte, index);
    if (this.#isClosed) {
      if (byte === SPACE || byte === LF || byte === CR || byte === TAB) return null;
      this.#isOver = true;
      return byte === CLOSE_OBJECT ? index + 1 : index;
    }
    switch (byte) {
      case QUOTE:
        this.#inString = true;
        this.#begun = true;
        return null;
      case OPEN_OBJECT:
      case OPEN_ARRAY:
        this.#depth++;
        this.#begun = true;
        return null;
      case CLOSE_OBJECT:
      case CLOSE_ARRAY:
        if (this.#depth > 0) return --this.#depth === 0 ? index + 1 : null;
        // A number or word before the end is an element of its own.
        if (this.#begun) return byte === CLOSE_ARRAY ? index : null;
        if (byte === CLOSE_ARRAY) this.#isClosed = true;
        else this.#begun = true;
        return null;
      case COMMA:
        return this.#depth === 0 && this.#begun ? index + 1 : null;
      default:
        if (byte !== SPACE && byte !== LF && byte !== CR && byte !== TAB) this.#begun = true;
        return null;
    }
  }

  #stepInString(byte: number, index: number): number | null {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) this.#inString = false;
    else if (byte === LF) {
      this.#isOver = true;
      return index + 1;
    }
    return null;
  }
}

function isBetween(byte: number): boolean {
  return byte === SPACE || byte === LF || byte === CR || byte === TAB || byte === COMMA;
}
