/**
 * Statements of the templates seen lately, found from a text without parsing it.
 *
 * In two steps: the shape of the text, then the values of those open literals that mattered in any text of this shape so far.
 * The features of a text are a function of its shape and of the literals that were read while they were extracted. So
 * texts that agree in both have the same features.
 */
import { LRUCache } from 'lru-cache';
import type { Statement, Template } from '../model/statement.ts';
import { VERSION } from '../version.ts';
import type { Reading } from './features.ts';
import { statementHash } from './hash.ts';
import { beginningOf, ExpectedShapes } from './shapes/expected-shapes.ts';
import { contentOf, OpenTokens } from './shapes/open-tokens.ts';
import { Shape } from './shapes/shape.ts';
import { ownCopy, type StatementText, statementText } from './statement-text.ts';

export interface CacheLimits {
  maxTemplates: number;
  /** Estimate of the memory held, in bytes. */
  maxBytes: number;
}

const DEFAULT_LIMITS: CacheLimits = { maxTemplates: 20_000, maxBytes: 128 * 1024 * 1024 };
/** Bytes of an entry besides its longest texts. */
const SHAPE_OVERHEAD = 512;
const TEMPLATE_OVERHEAD = 2_048;
const SEPARATOR = '\0';
/** One look-up in so many is made without a guess. That keeps the common shapes, and spares the others the bookkeeping. */
const AGES_EVERY = 32;

interface KnownShape {
  shape: Shape;
  beginning: string;
  /**
   * Begins the keys of the second step. When `literalsRead` grows the shape gets a new one, and what was filed under the
   * old one ages out.
   */
  id: number;
  literalsRead: readonly number[];
  /** Where no literal matters there is only one template. */
  template: Template | null;
  /** Where nothing is open there is only one text: its hash. */
  statementHash: string | null;
}

export class StatementCache {
  /** By `Shape.hash`; of shapes with the same hash the one seen last. */
  readonly #shapes: LRUCache<number, KnownShape>;
  readonly #templates: LRUCache<string, Template>;
  readonly #expected = new ExpectedShapes<KnownShape>();
  readonly #open = new OpenTokens();
  #lastId = 0;
  #finds = 0;

  constructor({ maxTemplates, maxBytes }: CacheLimits = DEFAULT_LIMITS) {
    this.#shapes = new LRUCache({
      max: maxTemplates,
      maxSize: maxBytes / 2,
      sizeCalculation: ({ shape, template }) =>
        SHAPE_OVERHEAD + 2 * shape.length + (template === null ? 0 : sizeOf(template)),
      dispose: (known) => this.#expected.drop(known),
    });
    this.#templates = new LRUCache({
      max: maxTemplates,
      maxSize: maxBytes / 2,
      sizeCalculation: (template, key) => 2 * key.length + sizeOf(template),
    });
  }

  /** The statement of a text whose template is known. Templates are shared, so do not change them. */
  find(redactedText: string): Statement | undefined {
    const text = statementText(redactedText);
    this.#finds = (this.#finds + 1) % AGES_EVERY;
    const guess = this.#finds === 0 ? undefined : this.#expected.guess(text.text);
    if (guess?.shape.expect(text, this.#open)) {
      const template = this.#templateOf(guess, text);
      if (template !== undefined) return statementOf(redactedText, text, template, guess.statementHash);
    }
    const known = this.#known(text);
    if (known === undefined) return undefined;
    const template = this.#templateOf(known, text);
    if (template === undefined) return undefined;
    if (guess === undefined) this.#expected.keep(known);
    return statementOf(redactedText, text, template, known.statementHash);
  }

  #templateOf(known: KnownShape, text: StatementText): Template | undefined {
    return known.template ?? this.#templates.get(keyOf(known, text, this.#open));
  }

  /** Files what was found in a text. */
  add(redactedText: string, { features, literalsRead }: Reading): Statement {
    const text = statementText(redactedText);
    this.#open.read(text.text);
    const shape = new Shape(text, this.#open);
    const values = valuesOf(text, this.#open, literalsRead);
    // Another version may see other features in the same texts, and a parser that ran out of time none.
    const parts = [VERSION, String(features.parseOk), shape.key, literalsRead.join(), values];
    const templateId = statementHash(parts.join(SEPARATOR));
    const template = { templateId, features, literalsRead };
    this.file(redactedText, template);
    return statementOf(redactedText, text, template, null);
  }

  /** Files a template that was found in this text earlier. */
  file(redactedText: string, template: Template): void {
    const text = statementText(redactedText);
    const known = this.#known(text);
    const numbers = [...new Set([...(known?.literalsRead ?? []), ...template.literalsRead])];
    const grown = known === undefined || numbers.length > known.literalsRead.length;
    const shape = {
      shape: known?.shape ?? new Shape(text, this.#open),
      beginning: known?.beginning ?? ownCopy(beginningOf(text.text)),
      id: grown || known === undefined ? ++this.#lastId : known.id,
      literalsRead: numbers.sort((a, b) => a - b),
      template: numbers.length === 0 ? template : null,
      statementHash: this.#open.count === 0 && !text.isCut ? statementHash(text.text) : null,
    };
    if (grown || shape.template !== null) {
      this.#shapes.set(this.#open.hash, shape);
      // What is too large for the cache is not held by the guesses either: nobody would tell them to drop it.
      if (this.#shapes.has(this.#open.hash)) this.#expected.keep(shape);
    }
    if (shape.template === null) this.#templates.set(keyOf(shape, text, this.#open), template);
  }

  /** What is known of the text's shape. Leaves its open tokens in `#open`. */
  #known(text: StatementText): KnownShape | undefined {
    this.#open.read(text.text);
    const known = this.#shapes.get(this.#open.hash);
    return known?.shape.fits(text, this.#open) ? known : undefined;
  }
}

/** Estimate, in bytes. */
function sizeOf({ features }: Template): number {
  return TEMPLATE_OVERHEAD + 2 * (features.normalized?.length ?? 0);
}

function keyOf({ id, literalsRead }: KnownShape, text: StatementText, open: OpenTokens): string {
  return String(id) + valuesOf(text, open, literalsRead);
}

function valuesOf({ text }: StatementText, open: OpenTokens, numbers: readonly number[]): string {
  let values = '';
  for (const number of numbers)
    values += SEPARATOR + contentOf(text, open.starts[number]!, open.ends[number]!);
  return values;
}

function statementOf(
  redactedText: string,
  { text }: StatementText,
  template: Template,
  hash: string | null,
): Statement {
  return {
    // Texts that hold what cannot be stored have hashes of their own.
    statementHash: text === redactedText && hash !== null ? hash : statementHash(redactedText),
    sqlText: text,
    textLength: redactedText.length,
    template,
  };
}
