/** Who may cancel what: the number and the secret that each session was given. */
import { randomInt, timingSafeEqual } from 'node:crypto';

const MAX_PID = 0x7fff_ffff;

interface Entry {
  secret: Buffer;
  cancel: () => void;
}

export class CancelKeys {
  readonly #entries = new Map<number, Entry>();

  /** A number and a secret for a session. */
  add(cancel: () => void): { pid: number; secret: number } {
    let pid: number;
    do pid = randomInt(1, MAX_PID);
    while (this.#entries.has(pid));
    const secret = randomInt(-0x8000_0000, 0x7fff_ffff);
    this.#entries.set(pid, { secret: bytesOf(secret), cancel });
    return { pid, secret };
  }

  remove(pid: number): void {
    this.#entries.delete(pid);
  }

  /** Cancels what a session runs; false where number and secret do not fit. */
  cancel(pid: number, secret: number): boolean {
    const entry = this.#entries.get(pid);
    if (entry === undefined || !timingSafeEqual(entry.secret, bytesOf(secret))) return false;
    entry.cancel();
    return true;
  }
}

function bytesOf(secret: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(secret);
  return bytes;
}
