import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { SourceMessage } from '../../src/model/message.ts';
import type { Position } from '../../src/model/position.ts';
import { readFileMessages } from '../../src/sources/file.ts';

/** What a store does with a source: it keeps messages and, with them, the position of the last one. */
export class Shelf {
  readonly positions = new Map<string, Position>();
  readonly stored: SourceMessage[] = [];

  readonly position = (source: string) => this.positions.get(source);

  get lines(): string[] {
    return this.stored.map(({ body }) => Buffer.from(body).toString());
  }

  keep(messages: SourceMessage[]): void {
    for (const message of messages) {
      const last = this.positions.get(message.source);
      assert.ok(last === undefined || last.sequenceNumber < message.sequenceNumber, 'positions move forward');
      this.positions.set(message.source, message);
      this.stored.push(message);
    }
  }

  /** Reads a file to its end; returns what was new in it. */
  async read(path: string, batchBytes?: number): Promise<{ lines: string[]; unfinishedBytes: number }> {
    const known = this.stored.length;
    let unfinishedBytes = 0;
    for await (const batch of readFileMessages(path, this.position, batchBytes)) {
      this.keep(batch.messages);
      unfinishedBytes = batch.unfinishedBytes;
    }
    return { lines: this.lines.slice(known), unfinishedBytes };
  }
}

/** A folder for the files of a test file; removed when its tests have run. */
export class TestFolder {
  path = '';
  #files = 0;

  constructor() {
    before(async () => {
      this.path = await mkdtemp(join(tmpdir(), 'pgvigil-file-'));
    });
    after(() => rm(this.path, { recursive: true }));
  }

  /** Path of a new file. */
  async fileOf(content: string | Buffer): Promise<string> {
    const path = join(this.path, `${++this.#files}.json`);
    await writeFile(path, content);
    return path;
  }
}

export const record = (number: number): string =>
  JSON.stringify({ records: [{ number, text: 'SELECT 1 -- ☃' }] });

export const records = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, index) => record(from + index));

export const text = (lines: string[]): string => lines.map((line) => `${line}\n`).join('');
