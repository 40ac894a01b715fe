/**
 * Cuts the text of a blob into documents, each with its place. Pure.
 *
 * A document is a line, of any JSON. Where the first line is no JSON on its own and the text begins with `{"records":[`, as
 * archives were written before November 2018, on one line or pretty printed, a document is an element of that array; what
 * follows the array are lines again. Memory: the longest document, at most 16 MiB and a chunk; a longer one is cut.
 */
import { Elements } from './elements.ts';
import type { Layout } from './mark.ts';

/** The same limit as of files: far above any record. */
const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;
/** An envelope on one line is cut into its records if it is longer; the decoder opens a shorter one at once. */
const MAX_FIRST_LINE = 1024 * 1024;
/** More than anyone puts before and between the brackets that an envelope begins with. */
const HEAD_BYTES = 4096;
const ENVELOPE = /^(?:\u00ef\u00bb\u00bf)?\s*\{\s*"records"\s*:\s*\[/;
const EMPTY = Buffer.alloc(0);
const LF = 10;
const BOM_BYTES = 3;

/** A part of the text. */
export interface Document {
  /** Offset of `raw`, in bytes. */
  start: number;
  /** All bytes since the document before. */
  raw: Buffer;
  /** What there is to decode; empty between documents. */
  body: Buffer;
  /** Of what follows. */
  layout: Layout;
}

export class Documents {
  #layout: Layout | null;
  /** Offset of `#rest`. */
  #at: number;
  /** What is not cut yet. */
  #rest: Buffer[] = [];
  #restBytes = 0;
  readonly #elements = new Elements();

  /**
   * @param at where the text goes on, bytes
   * @param layout what it was found to be; null at its beginning
   */
  constructor(at: number, layout: Layout | null) {
    this.#at = at;
    this.#layout = layout;
  }

  /** Bytes that no document has been made of. */
  get unfinished(): { start: number; bytes: number } {
    const text = Buffer.concat(this.#rest);
    const blank = text.length - text.toString('latin1').trimStart().length;
    return { start: this.#at + blank, bytes: text.length - blank };
  }

  /** The documents that end in what follows. */
  *push(chunk: Buffer): Generator<Document> {
    if (this.#layout !== null) yield* this.#cut(chunk);
    else {
      this.#keep(chunk);
      yield* this.#begin(false);
    }
  }

  /** The documents that end with the text. */
  *end(): Generator<Document> {
    if (this.#layout === null) yield* this.#begin(true);
    const rest = this.#joined();
    if (this.#layout === 'envelope' || !isJson(rest)) return;
    this.#rest = [];
    yield this.#document(rest, trimmed(rest));
  }

  *#begin(isAll: boolean): Generator<Document> {
    const head = this.#joined();
    this.#layout = layoutOf(head, isAll);
    if (this.#layout === null) return;
    this.#rest = [];
    this.#restBytes = 0;
    const opening = this.#layout === 'lines' ? 0 : openingOf(head);
    if (opening > 0) yield this.#document(head.subarray(0, opening), EMPTY);
    yield* this.#cut(head.subarray(opening));
  }

  *#cut(chunk: Buffer): Generator<Document> {
    let from = 0;
    while (from < chunk.length) {
      const room = MAX_DOCUMENT_BYTES - this.#restBytes;
      const part = chunk.subarray(from, from + room);
      const end = this.#layout === 'envelope' ? this.#elements.end(part) : part.indexOf(LF) + 1 || -1;
      if (end >= 0) {
        this.#keep(part.subarray(0, end));
        from += end;
        yield* this.#take(true);
      } else {
        this.#keep(part);
        from += part.length;
        // At a fixed length, not at the end of a chunk: read again, the pieces must be the same.
        if (part.length === room) yield* this.#take(false);
      }
    }
  }

  *#take(ended: boolean): Generator<Document> {
    const raw = this.#joined();
    this.#rest = [];
    this.#restBytes = 0;
    if (this.#layout === 'lines') {
      yield this.#document(raw, ended ? trimmed(raw) : raw);
      return;
    }
    const body = ended ? this.#elements.body(raw) : raw;
    if (this.#elements.isOver) this.#layout = 'lines';
    yield this.#document(raw, body);
  }

  #document(raw: Buffer, body: Buffer): Document {
    const start = this.#at;
    this.#at += raw.length;
    return { start, raw, body, layout: this.#layout! };
  }

  #keep(part: Buffer): void {
    this.#rest.push(part);
    this.#restBytes += part.length;
  }

  #joined(): Buffer {
    if (this.#rest.length !== 1) this.#rest = [Buffer.concat(this.#rest)];
    return this.#rest[0]!;
  }
}

/** null while it cannot be told. */
function layoutOf(head: Buffer, isAll: boolean): Layout | null {
  if (openingOf(head) === 0) return isAll || head.length >= HEAD_BYTES || !mayOpen(head) ? 'lines' : null;
  const from = head.indexOf('{');
  const end = head.indexOf(LF, from);
  const firstLine = (end < 0 ? head.length : end) - from;
  if (firstLine > MAX_FIRST_LINE) return 'envelope';
  if (end < 0) return isAll ? 'lines' : null;
  return isJson(head.subarray(from, end)) ? 'lines' : 'envelope';
}

/** Length of `{"records":[` and what stands before it; 0 where a text does not begin so. */
function openingOf(head: Buffer): number {
  return ENVELOPE.exec(head.toString('latin1', 0, HEAD_BYTES))?.[0].length ?? 0;
}

/** Whether a text that is known in part may go on as `{"records":[`. */
function mayOpen(head: Buffer): boolean {
  return (
    head.length < BOM_BYTES || '{"records":['.startsWith(head.toString('utf8').replace(/[\s\ufeff]+/g, ''))
  );
}

/** Whether a text is a JSON object or array: a number or a word may be the beginning of a longer one. */
function isJson(text: Buffer): boolean {
  try {
    return typeof JSON.parse(new TextDecoder().decode(text)) === 'object';
  } catch {
    return false;
  }
}

function trimmed(line: Buffer): Buffer {
  let end = line.length;
  while (end > 0 && (line[end - 1] === 13 || line[end - 1] === LF)) end--;
  return line.subarray(0, end);
}
