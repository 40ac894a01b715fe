/** Channel that writes each message as a line of JSON, to a file that other programs follow or to standard output. */
import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { z } from 'zod';
import { messageOf, PgvigilError } from '../../errors.ts';
import { printableJson } from '../../printable.ts';
import {
  CHANNEL_EVENTS,
  type Channel,
  channelKind,
  type DeliveryResult,
  type OutgoingMessage,
} from './channel.ts';

const STANDARD_OUTPUT = '-';

export const file = channelKind({
  type: 'file',
  shape: {
    path: z
      .string()
      .min(1)
      .meta({ allowed: 'a path, or - for standard output' })
      .describe(
        'File that each message is appended to as a line of JSON (mode 0600), or - for standard output.',
      ),
  },
  paths: ['path'],
  events: CHANNEL_EVENTS,
  async open({ path }, { name }) {
    if (path === STANDARD_OUTPUT) return new FileChannel(name, path);
    const channel = new FileChannel(name, path);
    await channel.tryToOpen();
    return channel;
  },
});

/**
 * Opens the file for each message, so that a log rotation may move it at any time, and has it on disk before it counts as
 * delivered. The line is `{"id": …, "message": …}`.
 */
class FileChannel implements Channel {
  readonly name: string;
  readonly target: string;

  constructor(name: string, path: string) {
    this.name = name;
    this.target = path;
  }

  /** @throws PgvigilError FILE_UNREADABLE */
  async tryToOpen(): Promise<void> {
    try {
      await (await this.#open()).close();
    } catch (error) {
      throw new PgvigilError(
        'FILE_UNREADABLE',
        `channel ${this.name} cannot write ${this.target}: ${messageOf(error)}`,
        'Check the path and its permissions.',
        error,
      );
    }
  }

  async deliver({ id, json }: OutgoingMessage, signal: AbortSignal): Promise<DeliveryResult> {
    const line = `{"id":${JSON.stringify(id)},"message":${printableJson(json)}}\n`;
    const bodyHash = createHash('sha256').update(line).digest('hex');
    if (signal.aborted) {
      return { outcome: 'aborted', status: null, bodyHash: null, error: 'stopped before it was written' };
    }
    try {
      await this.#write(line);
      return { outcome: 'delivered', status: null, bodyHash };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      return {
        outcome: 'retry',
        status: null,
        bodyHash,
        error: `${this.target}: ${code ?? 'it cannot be written'}`,
        retryAfterMs: null,
      };
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  async #write(line: string): Promise<void> {
    if (this.target === STANDARD_OUTPUT) {
      await new Promise<void>((resolve, reject) => {
        process.stdout.write(line, (error) => (error ? reject(error) : resolve()));
      });
      return;
    }
    const handle = await this.#open();
    try {
      // A crash, or a full disk, may have left half a line: it stays alone on its line.
      await handle.appendFile((await endsMidLine(handle)) ? `\n${line}` : line);
      await handle.datasync();
    } finally {
      await handle.close();
    }
  }

  #open(): Promise<FileHandle> {
    return open(this.target, 'a+', 0o600);
  }
}

async function endsMidLine(handle: FileHandle): Promise<boolean> {
  const { size } = await handle.stat();
  if (size === 0) return false;
  const { buffer } = await handle.read({ buffer: Buffer.alloc(1), position: size - 1 });
  return buffer[0] !== 0x0a;
}
