import assert from 'node:assert/strict';
import { appendFile, open, rename, rm, stat, truncate, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { fileHistory } from '../../../src/sources/files/history.ts';
import { historyOf, records, Shelf, TestFolder, text } from './shelf.ts';

const folder = new TestFolder();

/** The messages of server lines, without what the decoder makes of them. */
const messagesOf = (bodies: string[]): string[] =>
  bodies.map((body) => JSON.parse(body).properties?.message ?? JSON.parse(body).pgvigil_refused.text);

const csvRow = (message: string): string =>
  `2026-11-28 07:00:49.042 UTC,,,17,,6b0a7c21.8e5,4,,2026-11-28 07:00:49 UTC,,0,LOG,00000,"${message}",,,,,,,,,"","checkpointer",,0\n`;
const line = (message: string): string => `2026-11-28 07:00:49.042 UTC [17] LOG:  ${message}\n`;

/** The entry that is last may be older than the second in which a server may still write to it. */
async function atRest(path: string): Promise<void> {
  const old = new Date(Date.now() - 60_000);
  await utimes(path, old, old);
}

/** Writes over the start of a file, without another size or time. */
async function overwrite(path: string, content: string): Promise<void> {
  const { atime, mtime } = await stat(path);
  const file = await open(path, 'r+');
  await file.write(content, 0);
  await file.close();
  await utimes(path, atime, mtime);
}

describe('a file that is followed', () => {
  it('is not opened again as long as it has its size and time', async () => {
    const path = await folder.fileOf(text(records(0, 3)));
    await utimes(path, 1000, 1000);
    const shelf = new Shelf();
    const history = historyOf(path);
    assert.equal((await shelf.take(history)).length, 3);
    await overwrite(path, 'X'.repeat(10));
    assert.deepEqual(await shelf.take(history), []);
    // Another process reads it, and finds another file.
    assert.equal((await shelf.take(historyOf(path))).length, 3);
  });

  it('is read from where it stands when it has grown, not from its start', async () => {
    const path = await folder.fileOf(text(records(0, 40)));
    const shelf = new Shelf();
    const history = historyOf(path);
    await shelf.take(history);
    await overwrite(path, 'X'.repeat(10));
    await appendFile(path, text(records(40, 42)));
    assert.deepEqual(await shelf.take(history), records(40, 42));
    assert.equal(shelf.positions.size, 1);
  });

  it('is read as a new process reads it: the positions are the same', async () => {
    const path = await folder.fileOf('');
    const followed = new Shelf();
    const history = historyOf(path);
    const [one, two, three, four] = records(0, 4);
    // Some lines get their end only with the next.
    for (const more of [`${one}\n`, two!, `\r\n${three}`, '\n\n', `${four}\n`]) {
      await appendFile(path, more);
      await followed.take(history);
      const fresh = new Shelf();
      await fresh.take(historyOf(path));
      assert.deepEqual([...followed.positions.values()].map(place), [...fresh.positions.values()].map(place));
    }
    assert.deepEqual(followed.lines, records(0, 4));
  });

  it('is another file when its last line was whole and grows on', async () => {
    const path = await folder.fileOf(`${text(records(0, 2))}17`);
    const shelf = new Shelf();
    const history = historyOf(path);
    assert.equal((await shelf.take(history)).at(-1), '17');
    await appendFile(path, `4\n${text(records(2, 3))}`);
    const wanted = [...records(0, 2), '174', ...records(2, 3)];
    assert.deepEqual(await shelf.take(history), wanted);
    assert.deepEqual(await shelf.take(historyOf(path)), []);
  });

  it('is read anew by a store that lost what was handed out', async () => {
    const path = await folder.fileOf(text(records(0, 3)));
    const history = historyOf(path);
    await new Shelf().take(history);
    assert.deepEqual(await new Shelf().take(history), records(0, 3));
  });

  it('goes on under its new name when it is rotated, and with the new file', async () => {
    const path = join(folder.path, 'rotated.log');
    await writeFile(path, line('one'));
    await atRest(path);
    const shelf = new Shelf();
    const history = fileHistory([`${folder.path}/rotated.log*`], { server: 'db1' });
    assert.deepEqual(messagesOf(await shelf.take(history)), [line('one').trimEnd()]);
    await appendFile(path, line('two'));
    await rename(path, `${path}.1`);
    await atRest(`${path}.1`);
    await writeFile(path, line('three'));
    await atRest(path);
    const texts = messagesOf(await shelf.take(history)).map((message) => message.slice(-5));
    assert.deepEqual(texts.sort(), ['  two', 'three']);
    await rm(`${path}.1`);
    await rm(path);
  });

  it('is another file when it is cut short in place, also once it is longer than before', async () => {
    const path = await folder.fileOf(text(records(0, 3)));
    const shelf = new Shelf();
    const history = historyOf(path);
    await shelf.take(history);
    await truncate(path, 0);
    await appendFile(path, text(records(50, 60)));
    assert.deepEqual(await shelf.take(history), records(50, 60));
  });

  it('is packed at last, and nothing of it comes twice', async () => {
    const path = await folder.fileOf(csvRow('one') + csvRow('two'));
    const shelf = new Shelf();
    await shelf.take(historyOf(path));
    const packed = await folder.fileOf(gzipSync(csvRow('one') + csvRow('two') + csvRow('three')));
    assert.deepEqual(messagesOf(await shelf.take(historyOf(packed))), ['three']);
  });

  it('fails again with its damage, unread, until it changes', async () => {
    const whole = gzipSync(text(records(0, 2000)));
    const path = await folder.fileOf(whole.subarray(0, whole.length - 8));
    const shelf = new Shelf();
    const history = historyOf(path);
    await assert.rejects(shelf.take(history), /unexpected end of file/);
    const { length } = shelf.stored;
    assert.ok(length > 0);
    await assert.rejects(shelf.take(history), /unexpected end of file/);
    assert.equal(shelf.stored.length, length);
    await writeFile(path, whole);
    await shelf.take(history);
    assert.equal(shelf.stored.length, 2000);
  });
});

const place = ({
  source,
  sequenceNumber,
  offset,
}: {
  source: string;
  sequenceNumber: number;
  offset: string;
}) => ({
  source,
  sequenceNumber,
  offset,
});

describe('the end of a log that is being written', () => {
  it('waits as long as quotes of a csvlog are open, wherever the file ends', async () => {
    const rows = csvRow('one') + csvRow('a ""b"",\nc').replace('4', '5') + csvRow('three');
    for (let at = 0; at < rows.length; at += 7) {
      const path = await folder.fileOf(rows.slice(0, at));
      const shelf = new Shelf();
      const history = historyOf(path);
      await shelf.take(history);
      await appendFile(path, rows.slice(at));
      await shelf.take(history);
      assert.deepEqual(messagesOf(shelf.lines), ['one', 'a "b",\nc', 'three'], `cut at ${at}`);
      assert.deepEqual(await shelf.take(historyOf(path)), [], `cut at ${at}`);
    }
  });

  it('waits for further lines of a stderr log as long as it is younger than a second', async () => {
    const path = await folder.fileOf(line('one') + line('two'));
    const shelf = new Shelf();
    const history = historyOf(path);
    assert.deepEqual(messagesOf(await shelf.take(history)), [line('one').trimEnd()]);
    assert.equal(shelf.events.length, 1);
    await appendFile(path, '\tof two\n');
    await atRest(path);
    assert.deepEqual(messagesOf(await shelf.take(history)), [`${line('two')}of two`]);
    assert.deepEqual(await shelf.take(historyOf(path)), []);
  });

  it('is handed out without another change once it is at rest', async () => {
    const path = await folder.fileOf(line('one'));
    const shelf = new Shelf();
    const history = historyOf(path);
    const deadline = Date.now() + 10_000;
    while (shelf.stored.length === 0 && Date.now() < deadline) {
      await shelf.take(history);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.deepEqual(messagesOf(shelf.lines), [line('one').trimEnd()]);
  });

  it('is left out where it is half a line, which is said', async () => {
    for (const half of [line('two').trimEnd(), csvRow('two').trimEnd()]) {
      const path = await folder.fileOf((half.includes('[') ? line('one') : csvRow('one')) + half);
      await atRest(path);
      const shelf = new Shelf();
      assert.equal((await shelf.take(historyOf(path))).length, 1);
      assert.match(JSON.stringify(shelf.events), /left-out.*the last \d+ bytes/);
    }
  });
});

describe('a reading that is stopped', () => {
  it('ends, and goes on from what is stored', async () => {
    const rows = Array.from({ length: 500 }, (_, index) => csvRow(`row ${index}`));
    const path = await folder.fileOf(rows.join(''));
    const shelf = new Shelf();
    for (let round = 0; round < 200 && shelf.stored.length < 500; round++) {
      const stop = new AbortController();
      for await (const batch of historyOf(path, { batchBytes: 20_000 }).read(
        shelf.reading({ signal: stop.signal }),
      )) {
        shelf.keep(batch.messages);
        stop.abort();
      }
    }
    assert.deepEqual(
      messagesOf(shelf.lines),
      rows.map((_, index) => `row ${index}`),
    );
  });
});
