/**
 * CSV as append_valid_csv of pgaudit.c writes it: a field is quoted when it holds a comma, a quote or a line break, and
 * never otherwise; a quote inside is doubled. Line breaks inside quotes belong to their field.
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const ZERO = 0x30;

/** Walks over the fields of one record, one `next()` each. Never fails: what breaks the rules shows in its flags. */
export class CsvCursor {
  readonly text: string;
  /** Where the next field begins; beyond the end of the text after the last one. */
  at: number;
  /** The last field opened a quote that never closed: it runs to the end of the text. */
  unclosed = false;
  /** A field went on after its closing quote. */
  broken = false;

  constructor(text: string, at: number) {
    this.text = text;
    this.at = at;
  }

  /** No field is left. */
  get done(): boolean {
    return this.at > this.text.length;
  }

  /** The next field without its quotes; as it stands when it goes on after its closing quote. */
  next(): string {
    const { text, at } = this;
    const first = text.charCodeAt(at);
    if (first === COMMA) {
      this.at = at + 1;
      return '';
    }
    if (first === QUOTE) return this.#quoted(at);
    const end = endOf(text, at);
    this.at = end + 1;
    return text.slice(at, end);
  }

  /**
   * The next field as the count that it is: 64-bit in PostgreSQL, printed without sign or leading zeros. Null for another
   * text, and beyond what a number holds exactly.
   */
  nextCount(): number | null {
    const { text, at } = this;
    let end = at;
    let count = 0;
    let code = text.charCodeAt(end);
    while (code >= ZERO && code <= ZERO + 9) {
      count = count * 10 + (code - ZERO);
      code = text.charCodeAt(++end);
    }
    if (end === at || (code !== COMMA && end < text.length)) {
      this.next();
      return null;
    }
    this.at = end + 1;
    const hasLeadingZero = text.charCodeAt(at) === ZERO && end - at > 1;
    return hasLeadingZero || count > Number.MAX_SAFE_INTEGER ? null : count;
  }

  #quoted(start: number): string {
    const { text } = this;
    let close = text.indexOf('"', start + 1);
    let doubled = false;
    while (close >= 0 && text.charCodeAt(close + 1) === QUOTE) {
      doubled = true;
      close = text.indexOf('"', close + 2);
    }
    if (close < 0) {
      this.unclosed = true;
      close = text.length;
    }
    const end = endOf(text, close + 1);
    this.at = end + 1;
    if (end > close + 1) {
      this.broken = true;
      return text.slice(start, end);
    }
    const field = text.slice(start + 1, close);
    return doubled ? field.replaceAll('""', '"') : field;
  }
}

/** Where a field that is at `at` outside quotes ends. */
function endOf(text: string, at: number): number {
  const comma = text.indexOf(',', at);
  return comma < 0 ? Math.max(at, text.length) : comma;
}

/** True when append_valid_csv would quote the field. */
export function needsQuotes(field: string): boolean {
  return field.includes(',') || field.includes('"') || field.includes('\n') || field.includes('\r');
}

/** The field as append_valid_csv writes it. */
export function writeCsvField(field: string): string {
  return needsQuotes(field) ? `"${field.replaceAll('"', '""')}"` : field;
}
