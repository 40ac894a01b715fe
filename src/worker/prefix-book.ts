/** The log_line_prefix values that lines are read with: those of the configuration, and those found from the lines. */
import { decodeMessage } from '../decode/message.ts';
import { type FoundPrefix, PrefixFinder } from '../decode/prefix/finder.ts';
import { compilePrefix, type PrefixPattern } from '../decode/prefix/prefix.ts';
import type { DecodedMessage } from '../model/message.ts';

export class PrefixBook {
  readonly #configured: readonly PrefixPattern[];
  /** By server: the configured ones, then its own. */
  readonly #byServer = new Map<string, readonly PrefixPattern[]>();
  readonly #finder = new PrefixFinder();
  #news: FoundPrefix[] = [];

  /**
   * @param configured values of the configuration, tried on every server
   * @param found values that were found before, by server
   */
  constructor(configured: readonly string[], found: readonly { server: string; format: string }[]) {
    this.#configured = configured.map(compilePrefix);
    for (const { server, format } of found) this.#add(server, format);
  }

  /** `decodeMessage` with what is known. A message that leads to a new prefix is read with it at once. Never throws. */
  decode(body: Uint8Array): DecodedMessage {
    const decoded = this.#decode(body);
    const found = new Set<string>();
    for (const line of decoded.unexplained) {
      // What is left of the message will be explained by what has just been found.
      if (found.has(line.server)) continue;
      const prefix = this.#finder.observe(line);
      if (prefix === null) continue;
      found.add(line.server);
      this.#add(prefix.server, prefix.format);
      this.#news.push(prefix);
    }
    return found.size > 0 ? this.#decode(body) : decoded;
  }

  /** Prefixes that were found since the last call. */
  takeNews(): FoundPrefix[] {
    const news = this.#news;
    this.#news = [];
    return news;
  }

  #decode(body: Uint8Array): DecodedMessage {
    return decodeMessage(body, {
      prefixes: this.#configured,
      prefixesOf: (server) => this.#byServer.get(server),
    });
  }

  #add(server: string, format: string): void {
    const known = this.#byServer.get(server) ?? this.#configured;
    if (known.some((pattern) => pattern.format === format)) return;
    this.#byServer.set(server, [...known, compilePrefix(format)]);
  }
}
