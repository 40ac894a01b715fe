/** Copies of the database for readers in other processes: one copy a state, one name a reader. */
import { randomBytes } from 'node:crypto';
import { copyFile, link, mkdir, readdir, rm, stat, utimes } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { snapshotFolder } from '../query/control-client.ts';
import type { Store } from '../store/store.ts';

/** A reader opens its copy within seconds; what is older was left behind. */
const STALE_MS = 10 * 60_000;

/** The copy that readers get names of. */
interface Copy {
  path: string;
  /** Commits that it holds at least. */
  commits: number;
}

export class Snapshots {
  readonly #folder: string;
  readonly #store: Pick<Store, 'commits' | 'snapshot'>;
  readonly #sweeper: NodeJS.Timeout;
  #latest: Copy | null = null;
  #running: Promise<void> | null = null;

  private constructor(folder: string, store: Pick<Store, 'commits' | 'snapshot'>) {
    this.#folder = folder;
    this.#store = store;
    this.#sweeper = setInterval(() => void this.#sweep().catch(() => undefined), STALE_MS);
    this.#sweeper.unref();
  }

  /** Starts with an empty folder: no reader of an earlier worker is owed anything. */
  static async open(dataDir: string, store: Pick<Store, 'commits' | 'snapshot'>): Promise<Snapshots> {
    const folder = snapshotFolder(resolve(dataDir));
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { mode: 0o700 });
    return new Snapshots(folder, store);
  }

  /** A file of the caller's own that holds everything committed before the call. */
  async take(): Promise<string> {
    await this.#sweep();
    const needed = this.#store.commits;
    for (;;) {
      const copy = this.#latest;
      if (copy !== null && copy.commits >= needed) {
        const path = await this.#nameFor(copy);
        if (path !== null) return path;
        if (this.#latest === copy) this.#latest = null;
      }
      this.#running ??= this.#copy().finally(() => {
        this.#running = null;
      });
      await this.#running;
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    await this.#running?.catch(() => undefined);
    if (this.#latest !== null) await rm(this.#latest.path, { force: true });
  }

  /** A further name of a copy; null when a newer state or the sweep has just removed it. */
  async #nameFor(copy: Copy): Promise<string | null> {
    const path = this.#newPath();
    try {
      // The fallback is for file systems without hard links.
      await link(copy.path, path).catch(() => copyFile(copy.path, path));
      const now = new Date();
      await utimes(path, now, now); // a linked copy counts as new for the sweep
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  async #copy(): Promise<void> {
    const commits = this.#store.commits;
    const path = this.#newPath();
    try {
      await this.#store.snapshot(path);
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    const previous = this.#latest;
    this.#latest = { path, commits };
    if (previous !== null) await rm(previous.path, { force: true });
  }

  #newPath(): string {
    return join(this.#folder, `${randomBytes(12).toString('hex')}.duckdb`);
  }

  async #sweep(): Promise<void> {
    const oldest = Date.now() - STALE_MS;
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name);
      const found = await stat(path).catch(() => null); // its reader may just have deleted it
      if (found === null || found.mtimeMs >= oldest) continue;
      if (this.#latest?.path === path) this.#latest = null;
      await rm(path, { force: true });
    }
  }
}
