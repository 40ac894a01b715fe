/** Parts of blobs, downloaded. */
import type { ContainerClient } from '@azure/storage-blob';
import { unquoted } from './listing.ts';
import type { Patience } from './patience.ts';
import { statusOf } from './refusal.ts';

export interface Chunk {
  bytes: Buffer;
  /** Of the blob when this was read; without quotes. */
  etag: string;
  /** When the blob was created, milliseconds since 1970. */
  created: number;
  /** Bytes of all of the blob. */
  size: number;
}

/** The connection broke before all bytes were here. */
class BrokenDownload extends Error {
  readonly code = 'ECONNRESET';
}

export class Chunks {
  readonly #container: ContainerClient;
  readonly #patience: Patience;
  readonly #size: number;

  /** @param size bytes asked for at once */
  constructor(container: ContainerClient, patience: Patience, size: number) {
    this.#container = container;
    this.#patience = patience;
    this.#size = size;
  }

  /**
   * @param etag what the blob must still have; null for whatever it is by now
   * @throws the client's errors; HTTP 412 when the blob has changed
   */
  read(name: string, offset: number, length: number, etag: string | null): Promise<Chunk> {
    return this.#patience.run(async (abortSignal) => {
      const answer = await this.#container.getBlobClient(name).download(offset, length, {
        abortSignal,
        conditions: etag === null ? {} : { ifMatch: `"${etag}"` },
        // A new attempt is Patience's.
        maxRetryRequests: 0,
      });
      const bytes = await collected(answer.readableStreamBody!, abortSignal);
      if (bytes.length !== answer.contentLength) throw new BrokenDownload();
      return {
        bytes,
        etag: unquoted(answer.etag ?? ''),
        created: answer.createdOn?.getTime() ?? 0,
        size: Number(answer.contentRange?.split('/')[1] ?? offset + bytes.length),
      };
    });
  }

  /**
   * A blob from a place on, as it is by now. Nothing where it ends before.
   *
   * @throws HTTP 412 when it changes on the way
   */
  async *from(name: string, offset: number): AsyncGenerator<Chunk> {
    let etag: string | null = null;
    for (let at = offset, size = offset + 1; at < size; ) {
      let chunk: Chunk;
      try {
        chunk = await this.read(name, at, this.#size, etag);
      } catch (error) {
        if (statusOf(error) === 416) return;
        throw error;
      }
      ({ etag, size } = chunk);
      at += chunk.bytes.length;
      yield chunk;
    }
  }
}

async function collected(stream: NodeJS.ReadableStream, signal: AbortSignal): Promise<Buffer> {
  const parts: Buffer[] = [];
  try {
    for await (const part of stream) parts.push(part as Buffer);
  } catch {
    signal.throwIfAborted();
    throw new BrokenDownload();
  }
  return Buffer.concat(parts);
}
