/** A file that the user mounted, followed as it changes. What it held last is kept while it cannot be read. */
import { readFile, stat } from 'node:fs/promises';
import { messageOf } from '../errors.ts';
import type { Problem } from './problem.ts';

/** What is made of a file's bytes. */
export interface Contents<T> {
  value: T;
  entries: number;
  /** When the data was made, milliseconds since 1970; null: the file's own time counts. */
  date: number | null;
  problems: Problem[];
}

export class MountedFile<T> {
  readonly path: string;
  readonly #parse: (bytes: Buffer) => Contents<T>;
  readonly #maxBytes: number;
  #contents: Contents<T> | null = null;
  #problems: Problem[] = [];
  #changed: number | null = null;
  /** Size and time of what was looked at last. */
  #seen = '';
  /** Size and time of what is in force. */
  #version = '';

  /** @param parse may throw */
  constructor(path: string, maxBytes: number, parse: (bytes: Buffer) => Contents<T>) {
    this.path = path;
    this.#maxBytes = maxBytes;
    this.#parse = parse;
  }

  get value(): T | null {
    return this.#contents?.value ?? null;
  }

  get entries(): number {
    return this.#contents?.entries ?? 0;
  }

  /** Of the data in force, milliseconds since 1970; null when there is none. */
  get date(): number | null {
    return this.#contents === null ? null : (this.#contents.date ?? this.#changed);
  }

  get problems(): readonly Problem[] {
    return this.#problems;
  }

  /** Same for the same data. */
  get version(): string {
    return `${this.path} ${this.#version}`;
  }

  /** Reads the file if it changed; true when other data is in force. Never throws. */
  async refresh(): Promise<boolean> {
    try {
      const file = await stat(this.path);
      const seen = `${file.size} ${file.mtimeMs}`;
      if (seen === this.#seen) return false;
      this.#seen = seen;
      if (!file.isFile()) throw new Error('it is no file');
      if (file.size > this.#maxBytes) throw new Error(`it is larger than ${this.#maxBytes} bytes`);
      const contents = this.#parse(await readFile(this.path));
      this.#problems = contents.problems;
      // Nothing but problems, as a download that was cut off: what was known stays.
      if (contents.entries === 0 && contents.problems.length > 0) return false;
      this.#contents = contents;
      this.#changed = file.mtimeMs;
      this.#version = seen;
      return true;
    } catch (error) {
      this.#problems = [{ line: null, reason: messageOf(error) }];
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') this.#seen = '';
      return false;
    }
  }
}
