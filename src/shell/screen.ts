/** Where a shell shows its answers: the terminal, or a pager where they are taller than it. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { writeText } from '../query/formats.ts';

export type Output = Writable & { isTTY?: boolean; columns?: number; rows?: number };

/** Of a terminal that does not tell its size. */
const COLUMNS = 80;
const ROWS = 24;

export interface ScreenOptions {
  output: Output;
  env: Readonly<Record<string, string | undefined>>;
  /** Leaves the keyboard to somebody else while `work` runs. */
  handOver: (work: () => Promise<void>) => Promise<void>;
}

export class Screen {
  readonly #output: Output;
  readonly #options: ScreenOptions;

  constructor(options: ScreenOptions) {
    this.#output = options.output;
    this.#options = options;
  }

  /** Columns; null where nothing has to fit. */
  get width(): number | null {
    return this.#output.isTTY ? this.#output.columns || COLUMNS : null;
  }

  /** @param paged use the pager where the text is taller than the terminal */
  async show(pieces: AsyncIterable<string>, paged: boolean): Promise<void> {
    const command = paged && this.#output.isTTY ? pagerCommand(this.#options.env) : null;
    if (command === null) return writeText(pieces, this.#output);
    const iterator = pieces[Symbol.asyncIterator]();
    try {
      const head: string[] = [];
      for (let room = (this.#output.rows || ROWS) - 1; room >= 0; ) {
        const next = await iterator.next();
        if (next.done === true) return await writeText(joined(head), this.#output);
        head.push(next.value);
        room -= height(next.value, this.width ?? COLUMNS);
      }
      await this.#options.handOver(() => throughPager(command, joined(head, iterator)));
    } finally {
      await iterator.return?.();
    }
  }
}

async function* joined(head: readonly string[], rest?: AsyncIterator<string>): AsyncGenerator<string> {
  yield* head;
  if (rest === undefined) return;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}

/** Lines that a text takes at most; characters of two columns are rare enough. */
function height(text: string, width: number): number {
  const lines = text.split('\n').slice(0, -1);
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / width)), 0);
}

/** What the person wants to read with; null where that is nothing, or is not there. */
export function pagerCommand(env: Readonly<Record<string, string | undefined>>): string | null {
  const command = (env.PGVIGIL_PAGER ?? env.PAGER ?? 'less -SFRX').trim();
  const [program] = command.split(/\s+/);
  if (program === undefined || program === '') return null;
  const found = spawnSync('sh', ['-c', 'command -v -- "$1"', 'sh', program], { stdio: 'ignore' });
  return found.status === 0 ? command : null;
}

/** The command is the person's own words, and run as the shell runs them. */
async function throughPager(command: string, pieces: AsyncIterable<string>): Promise<void> {
  const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'inherit', 'inherit'] });
  const ended = once(child, 'close');
  try {
    await writeText(pieces, child.stdin);
  } finally {
    child.stdin.end();
    await ended;
  }
}
