/** What was typed, to be typed again: kept in a file for its owner only, without what looks like a secret. */
import { appendFile, chmod, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join } from 'node:path';
import { namesSecret, REDACTED } from '../decode/redaction/redact.ts';
import { cleanText } from '../decode/redaction/text.ts';
import { messageOf } from '../errors.ts';
import { printable } from '../printable.ts';
import { onOneLine } from './statements.ts';

/** Entries that are kept. */
export const MAX_ENTRIES = 1_000;

export function historyPath(env: Readonly<Record<string, string | undefined>>): string {
  const state = env.XDG_STATE_HOME ?? '';
  return join(isAbsolute(state) ? state : join(homedir(), '.local', 'state'), 'pgvigil', 'history');
}

export class History {
  readonly #path: string;
  readonly #entries: string[];
  #broken: string | null = null;

  private constructor(path: string, entries: string[]) {
    this.#path = path;
    this.#entries = entries;
  }

  /** Reads the file and shortens it. One that cannot be used is no obstacle: `problem` says why. */
  static async load(path: string): Promise<History> {
    const history = new History(path, []);
    await history.#orWithout(async () => {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      const lines = (await readOrEmpty(path)).split('\n').filter((line) => line !== '');
      const kept = lines.slice(-MAX_ENTRIES);
      if (kept.length < lines.length) {
        await writeFile(`${path}.new`, kept.map((line) => `${line}\n`).join(''), { mode: 0o600 });
        await rename(`${path}.new`, path);
      }
      // What drives a terminal cannot have been typed.
      history.#entries.push(...kept.filter((line) => printable(line) === line).reverse());
    });
    return history;
  }

  /** Newest first. */
  get entries(): readonly string[] {
    return this.#entries;
  }

  /** Why nothing is kept; null: it is. */
  get problem(): string | null {
    return this.#broken;
  }

  /** Keeps a statement or command, unless it begins with a space, is as the last, or does not go on one line. */
  async add(text: string): Promise<void> {
    const entry = text.startsWith(' ') ? null : text.startsWith('\\') ? text : onOneLine(text);
    if (entry === null || entry.trim() === '' || entry === this.#entries[0] || printable(entry) !== entry)
      return;
    this.#entries.unshift(entry);
    this.#entries.length = Math.min(this.#entries.length, MAX_ENTRIES);
    if (this.#broken !== null) return;
    await this.#orWithout(async () => {
      await appendFile(this.#path, `${withoutSecrets(entry)}\n`, { mode: 0o600 });
      await chmod(this.#path, 0o600);
    });
  }

  async #orWithout(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#broken = messageOf(error);
    }
  }
}

function withoutSecrets(entry: string): string {
  const [, start = '', name = ''] = /^(\\set\s+(\S+)\s+)\S/.exec(entry) ?? [];
  return namesSecret(name) ? start + REDACTED : cleanText(entry);
}

async function readOrEmpty(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
