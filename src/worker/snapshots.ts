/**
 * States of the database for readers in other processes: a copy of the file, which changes only where the file did, and of its
 * write-ahead log. Each reader gets names of its own for both, which it removes.
 *
 * The log is copied instead of checkpointed: a checkpoint compresses what is newest once more, for which writers would wait.
 */
import { randomBytes } from 'node:crypto';
import { chmod, copyFile, link, mkdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { snapshotFolder } from '../query/control-client.ts';
import { type Difference, Mirror } from '../store/mirror.ts';
import type { Store, StoreFiles } from '../store/store.ts';

/** A reader is done within minutes; names that are older were left behind. */
const STALE_MS = 10 * 60_000;
/** Blocks (of 256 KiB) that are copied while writers wait: some tens of milliseconds. */
const BLOCKS_AT_ONCE = 64;
/** A file that changes faster than it is copied is copied in one piece at last. */
const MAX_PIECES = 10_000;
/** Part of the time that goes into new states where readers take one that is a little older. */
const SHARE = 0.1;

interface State {
  mirror: Mirror;
  /** The copied log; null: it was empty. */
  log: string | null;
  /** Commits that it holds. */
  commits: number;
  /** When it was taken. */
  takenAt: number;
  /** Milliseconds that taking it took. */
  costMs: number;
}

/** The names that a reader was given. */
interface Lease {
  path: string;
  mirror: Mirror;
  since: number;
}

export type SnapshotStore = Pick<Store, 'commits' | 'still'>;

export class Snapshots {
  readonly #folder: string;
  readonly #store: SnapshotStore;
  readonly #now: () => number;
  readonly #sweeper: NodeJS.Timeout;
  readonly #mirrors: Mirror[] = [];
  /** Somebody may still read these after their names are gone: they are not written any more. */
  readonly #lost = new Set<Mirror>();
  #leases: Lease[] = [];
  #latest: State | null = null;
  /** Is being filled, piece by piece. */
  #filling: Mirror | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(folder: string, store: SnapshotStore, now: () => number) {
    this.#folder = folder;
    this.#store = store;
    this.#now = now;
    this.#sweeper = setInterval(() => void this.sweep().catch(() => undefined), STALE_MS);
    this.#sweeper.unref();
  }

  /** Starts with an empty folder: no reader of an earlier worker is owed anything. */
  static async open(dataDir: string, store: SnapshotStore, now: () => number = Date.now): Promise<Snapshots> {
    const folder = snapshotFolder(resolve(dataDir));
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { mode: 0o700 });
    return new Snapshots(folder, store, now);
  }

  /**
   * Path of a database of the caller's own, with the log beside it, to be opened read-only. Removing both names gives it back.
   * It holds all that was committed before the call.
   *
   * @param maxAgeMs where it may hold what was committed so long before: many readers then hold up writers no more than one
   */
  async take(maxAgeMs = 0): Promise<string> {
    return this.#inTurn(async () => {
      await this.#sweep();
      if (this.#latest === null || !this.#isFresh(this.#latest, maxAgeMs)) await this.#renew();
      return this.#lease(this.#latest!);
    });
  }

  /** Removes what nobody needs any more. */
  async sweep(): Promise<void> {
    await this.#inTurn(() => this.#sweep());
  }

  async close(): Promise<void> {
    clearInterval(this.#sweeper);
    await this.#inTurn(async () => {
      for (const mirror of this.#mirrors) await mirror.remove();
      await this.#giveUpLatest();
    });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  #isFresh({ commits, takenAt, costMs }: State, maxAgeMs: number): boolean {
    if (commits === this.#store.commits) return true;
    return this.#now() - takenAt < Math.min(costMs / SHARE, maxAgeMs);
  }

  async #renew(): Promise<void> {
    for (let piece = 1; ; piece++) {
      const began = performance.now();
      const whole = await this.#store.still((files) => this.#advance(files, piece === MAX_PIECES, began));
      if (whole) return;
      await setImmediate(); // writers get their turn
    }
  }

  /** Copies as much as writers may wait for. @returns whether there is a new state */
  async #advance({ descriptor, log }: StoreFiles, atOnce: boolean, began: number): Promise<boolean> {
    const commits = this.#store.commits;
    const takenAt = this.#now();
    const { mirror, header, blocks } = await this.#target(descriptor);
    const whole = blocks.length <= BLOCKS_AT_ONCE || atOnce;
    // What fails halfway leaves a file that no longer goes with the log of the state before.
    if (mirror === this.#latest?.mirror && (header || blocks.length > 0)) await this.#giveUpLatest();
    await mirror.copyBlocks(descriptor, whole ? blocks : blocks.slice(0, BLOCKS_AT_ONCE));
    if (!whole) return false;
    if (header) await mirror.copyHeader(descriptor);
    const copiedLog = await this.#copyLog(log);
    await this.#giveUpLatest();
    this.#filling = null;
    this.#latest = { mirror, log: copiedLog, commits, takenAt, costMs: performance.now() - began };
    return true;
  }

  /** The copy that becomes the next state, with what it still lacks. One that somebody reads is taken only if it lacks nothing. */
  async #target(descriptor: number): Promise<Difference & { mirror: Mirror }> {
    const latest = this.#latest?.mirror;
    if (latest !== undefined && this.#filling === null) {
      const difference = latest.difference(descriptor);
      const same = !difference.header && difference.blocks.length === 0;
      const atOnce = difference.blocks.length <= BLOCKS_AT_ONCE;
      if (same || (atOnce && (await this.#isFree(latest)))) return { mirror: latest, ...difference };
    }
    this.#filling ??= (await this.#spare()) ?? (await this.#newMirror());
    return { mirror: this.#filling, ...this.#filling.difference(descriptor) };
  }

  /** Nobody has it open, or may have. */
  async #isFree(mirror: Mirror): Promise<boolean> {
    return !this.#lost.has(mirror) && (await mirror.isAlone());
  }

  async #spare(): Promise<Mirror | undefined> {
    for (const mirror of this.#mirrors)
      if (mirror !== this.#latest?.mirror && (await this.#isFree(mirror))) return mirror;
    return undefined;
  }

  async #newMirror(): Promise<Mirror> {
    const mirror = await Mirror.create(join(this.#folder, `mirror-${randomBytes(6).toString('hex')}`));
    this.#mirrors.push(mirror);
    return mirror;
  }

  /** @returns path of the copy; null: there is nothing in the log */
  async #copyLog(log: string): Promise<string | null> {
    const path = join(this.#folder, `log-${randomBytes(6).toString('hex')}`);
    try {
      await copyFile(log, path);
      await chmod(path, 0o600);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
    return path;
  }

  async #giveUpLatest(): Promise<void> {
    const log = this.#latest?.log;
    this.#latest = null;
    if (log != null) await rm(log, { force: true });
  }

  /** Names of a state for one reader. */
  async #lease({ mirror, log }: State): Promise<string> {
    const path = join(this.#folder, `${randomBytes(12).toString('hex')}.duckdb`);
    this.#leases.push({ path, mirror, since: this.#now() }); // first: what fails halfway is swept
    if (log !== null) await linkOrCopy(log, `${path}.wal`);
    await linkOrCopy(mirror.path, path);
    return path;
  }

  /** Removes names that were left behind, and copies that nobody needs. */
  async #sweep(): Promise<void> {
    const oldest = this.#now() - STALE_MS;
    for (const { path, mirror, since } of this.#leases) {
      if (since >= oldest) continue;
      if (await exists(path)) this.#lost.add(mirror);
      await rm(path, { force: true });
      await rm(`${path}.wal`, { force: true });
    }
    this.#leases = this.#leases.filter(({ since }) => since >= oldest);
    if (this.#latest !== null && this.#latest.takenAt < oldest) await this.#giveUpLatest();
    await this.#discard();
  }

  /** Keeps the latest copy and a spare; none when nobody has asked for long. */
  async #discard(): Promise<void> {
    const spare = this.#latest === null ? undefined : await this.#spare();
    for (const mirror of [...this.#mirrors]) {
      if (mirror === this.#latest?.mirror || mirror === spare) continue;
      if (!this.#lost.delete(mirror) && !(await mirror.isAlone())) continue;
      this.#mirrors.splice(this.#mirrors.indexOf(mirror), 1);
      if (mirror === this.#filling) this.#filling = null; // what failed halfway
      await mirror.remove();
    }
  }
}

/** A further name; on file systems without hard links a further copy. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
