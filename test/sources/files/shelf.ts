import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import type { SourceMessage } from '../../../src/model/message.ts';
import type { Position } from '../../../src/model/position.ts';
import { type FileHistoryOptions, fileHistory } from '../../../src/sources/files/history.ts';
import type { History, HistoryBatch, HistoryEvent, Reading } from '../../../src/sources/history.ts';

/** What a store does with a source: it keeps messages and, with them, the position of the last one. */
export class Shelf {
  readonly positions = new Map<string, Position>();
  readonly stored: SourceMessage[] = [];

  readonly events: HistoryEvent[] = [];

  readonly position = (source: string) => this.positions.get(source);

  /** A reading of everything. */
  reading(changes: Partial<Reading> = {}): Reading {
    return {
      position: this.position,
      since: 0,
      until: Number.POSITIVE_INFINITY,
      signal: new AbortController().signal,
      onEvent: (event) => this.events.push(event),
      ...changes,
    };
  }

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

  /** Reads a history to its end; returns the bodies that were new in it. */
  async take(history: History, changes: Partial<Reading> = {}): Promise<string[]> {
    const known = this.stored.length;
    for await (const batch of history.read(this.reading(changes))) this.keep(batch.messages);
    return this.lines.slice(known);
  }

  /** Reads a file as a new process does, to its end; returns what was new in it. */
  async read(path: string, batchBytes?: number): Promise<{ lines: string[]; unfinishedBytes: number }> {
    this.events.length = 0;
    const lines = await this.take(historyOf(path, batchBytes === undefined ? {} : { batchBytes }));
    const [left] = this.events.flatMap((event) => (event.kind === 'left-out' ? [event.what] : []));
    const bytes = /the last ([\d,]+) bytes/.exec(left ?? '')?.[1]?.replaceAll(',', '');
    return { lines, unfinishedBytes: Number(bytes ?? 0) };
  }
}

export function historyOf(path: string, options: FileHistoryOptions = {}): History {
  return fileHistory([path], { server: 'db1', ...options });
}

/** The batches of a file that a store without anything reads. */
export function batchesOf(path: string, batchBytes: number): AsyncGenerator<HistoryBatch> {
  const read = historyOf(path, { batchBytes }).read(new Shelf().reading());
  return read as AsyncGenerator<HistoryBatch>;
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
