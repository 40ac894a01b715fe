import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { decodeMessage } from '../../src/decode/message.ts';
import { compilePrefix } from '../../src/decode/prefix/prefix.ts';
import type { DecodedMessage } from '../../src/model/message.ts';

const folder = new URL('../../fixtures/', import.meta.url);
const samples = new URL('golden/azure-samples.ndjson', folder);
/** What each sample shows. 1 to 44 are of every form that public sources show; letters are for what they do not. */
const names = new URL('golden/azure-samples.names.json', folder);
const golden = new URL('golden/azure-samples.decoded.json', folder);

/** The prefixes that the samples were logged with, beside the default. */
const prefixes = [
  '%t:%r:%u@%d:[%p]:%a:%e',
  '%m [%p] [user=%u,db=%d,app=%a] ',
  '%t %p %l-1 db-%d,user-%u,app-%a,client-%h ',
  '%t-%c-user=%u,db=%d,app=%a,client=%h ',
].map(compilePrefix);

const linesOf = (text: string): string[] => text.split('\n').filter((line) => line !== '');

const readable = (sample: string, { records, rejects }: DecodedMessage): unknown => ({
  sample,
  // Null fields say nothing: without them a person can read the file.
  records: records.map((record) => withoutNull({ ...record, fact: record.fact && withoutNull(record.fact) })),
  rejects: rejects.map((reject) => ({ ...reject, raw: Buffer.from(reject.raw).toString() })),
});

const withoutNull = (object: object): unknown =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));

test('real and documented Azure records decode as they always did (UPDATE_GOLDEN=1 rewrites)', () => {
  const lines = linesOf(readFileSync(samples, 'utf8'));
  const labels = JSON.parse(readFileSync(names, 'utf8')) as string[];
  assert.equal(lines.length, labels.length);
  const decoded = lines.map((line, index) =>
    readable(labels[index]!, decodeMessage(Buffer.from(line), { prefixes })),
  );
  const actual = `${JSON.stringify(decoded, null, 2)}\n`;
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, actual);
  assert.deepEqual(JSON.parse(actual), JSON.parse(readFileSync(golden, 'utf8')));
});

test('every record of the recorded server decodes, and every connection line gives a fact', () => {
  const text = gunzipSync(readFileSync(new URL('recorded/flexible-15.ndjson.gz', folder))).toString('utf8');
  const messages = linesOf(text);
  const expected = messages.reduce(
    (sum, line) => sum + (JSON.parse(line) as { records: unknown[] }).records.length,
    0,
  );
  const decoded = messages.map((line) => decodeMessage(Buffer.from(line), { prefixes: [] }));
  const records = decoded.flatMap((message) => message.records);
  assert.deepEqual(
    decoded.flatMap((message) => message.rejects.map((reject) => reject.code)),
    [],
  );
  assert.equal(records.length, expected);
  for (const record of records) {
    assert.match(record.sessionId ?? '', /^[0-9a-f]+\.[0-9a-f]+$/);
    const isConnection = /^(?:replication )?(?:connection (?:rec|auth)|disconnection)/.test(
      record.message ?? '',
    );
    if (isConnection) assert.equal(record.fact?.kind, 'connection', record.message ?? '');
    const event = record.fact?.kind === 'connection' ? record.fact : null;
    if (event?.event === 'authorized' || event?.event === 'disconnected')
      assert.notEqual(event.user, null, record.message ?? '');
    if (record.fact?.kind === 'audit') assert.equal(record.fact.truncated, false, record.message ?? '');
    if (record.level === 'ERROR') assert.equal(record.fact?.kind, 'failure');
  }
});
