import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Azurite, skipAzurite } from './azurite.ts';

const SLOW = process.env.PGVIGIL_SLOW === '1' ? false : 'takes a minute; set PGVIGIL_SLOW=1';
const READER = fileURLToPath(new URL('memory-reader.ts', import.meta.url));
const BLOB_BYTES = 300 * 1024 * 1024;
/** Chunks and a batch take 20 MB; most is what Node has not collected yet, whatever the size of the blob. */
const LIMIT_MB = 190;

const azurite = new Azurite();

describe('a blob of 300 MB', { skip: skipAzurite || SLOW, timeout: 300_000 }, () => {
  const record = JSON.stringify({ category: 'PostgreSQLLogs', text: 'x'.repeat(700) });
  const shapes: [string, string, string, string][] = [
    ['of lines', '', '\n', ''],
    ['of one envelope on one line', '{"records":[', ',', `${record}]}`],
  ];
  for (const [shape, head, separator, foot] of shapes) {
    it(`${shape} is read with the memory of a few chunks`, async (t) => {
      const container = await azurite.container();
      const blob = container.getAppendBlobClient('logs.json');
      await blob.create();
      const count = Math.floor((4 * 1024 * 1024 - 100) / (record.length + 1));
      const block = `${record}${separator}`.repeat(count);
      let records = foot === '' ? 0 : 1;
      if (head !== '') await blob.appendBlock(head, head.length);
      for (let bytes = 0; bytes < BLOB_BYTES; bytes += block.length) {
        await blob.appendBlock(block, block.length);
        records += count;
      }
      if (foot !== '') await blob.appendBlock(foot, foot.length);
      const { accountName } = azurite.credential;
      const { stdout } = await promisify(execFile)(process.execPath, [
        '--import',
        './test/typescript.mjs',
        READER,
        container.url,
        accountName,
        azurite.key,
      ]);
      t.diagnostic(stdout);
      const { messages, bytes, peakMb, beforeMb } = JSON.parse(stdout);
      assert.equal(messages, records);
      assert.equal(bytes, records * record.length);
      assert.ok(peakMb - beforeMb < LIMIT_MB, `${peakMb - beforeMb} MB`);
    });
  }
});
