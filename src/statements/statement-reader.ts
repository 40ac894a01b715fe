/** Statement texts → statements. A text of a known template is not parsed; the others are, in a thread of their own. */
import type { Statement, Template } from '../model/statement.ts';
import { ParserHost, type ParserOptions } from './parser-host.ts';
import { OpenTokens } from './shapes/open-tokens.ts';
import { type CacheLimits, StatementCache } from './statement-cache.ts';
import { statementText } from './statement-text.ts';

export interface ReaderOptions extends ParserOptions {
  limits?: CacheLimits;
}

export class StatementReader {
  readonly #parser: ParserHost;
  readonly #cache: StatementCache;

  private constructor(parser: ParserHost, limits: CacheLimits | undefined) {
    this.#parser = parser;
    this.#cache = new StatementCache(limits);
  }

  /** Resolves when the parser is loaded. */
  static async start({ limits, ...options }: ReaderOptions = {}): Promise<StatementReader> {
    return new StatementReader(await ParserHost.start(options), limits);
  }

  /** Files templates that were found earlier, each with a text of it. */
  warm(known: Iterable<{ sqlText: string; template: Template }>): void {
    for (const { sqlText, template } of known) this.#cache.file(sqlText, template);
  }

  /** The statement of a redacted text if its template is known, without waiting. */
  known(redactedText: string): Statement | undefined {
    return this.#cache.find(redactedText);
  }

  /** The statements of redacted texts, by text. Never rejects for what is in them. */
  async read(redactedTexts: Iterable<string>): Promise<Map<string, Statement>> {
    const found = new Map<string, Statement>();
    const unknown = new Set(redactedTexts);
    // One of each shape first: most others are known then.
    await this.#parse(unknown, found, true);
    await this.#parse(unknown, found, false);
    return found;
  }

  async close(): Promise<void> {
    await this.#parser.close();
  }

  /** Moves texts from `unknown` to `found`. */
  async #parse(unknown: Set<string>, found: Map<string, Statement>, onePerShape: boolean): Promise<void> {
    const open = new OpenTokens();
    const shapes = new Set<number>();
    const chosen = [...unknown].filter((redactedText) => {
      const statement = this.#cache.find(redactedText);
      if (statement !== undefined) {
        found.set(redactedText, statement);
        return false;
      }
      if (!onePerShape) return true;
      open.read(statementText(redactedText).text);
      return !shapes.has(open.hash) && shapes.add(open.hash);
    });
    const readings = await this.#parser.read(chosen.map(statementText));
    for (const [i, redactedText] of chosen.entries())
      found.set(redactedText, this.#cache.add(redactedText, readings[i]!));
    for (const redactedText of found.keys()) unknown.delete(redactedText);
  }
}
