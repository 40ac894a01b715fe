/** What the fuzzer starts from: every record of the fixtures as a small message of its own, and every message whole. */
import { readdirSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const FIXTURES = new URL('../../fixtures/', import.meta.url);

/** Longer messages are left out: many small ones find more in the same time. */
const LONGEST = 16 * 1024;

/** Messages that differ by more than their numbers, in the same order each time. */
export function readCorpus(): Buffer[] {
  const texts = new Map<string, string>();
  const add = (text: string): void => void texts.set(text.replace(/[\da-f]*\d[\da-f]*/g, '0'), text);
  for (const name of readdirSync(FIXTURES, { recursive: true, encoding: 'utf8' }).sort()) {
    if (name.includes('node_modules') || !/\.ndjson(?:\.gz)?$/.test(name)) continue;
    const bytes = readFileSync(new URL(name, FIXTURES));
    const text = (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
    for (const line of text.split('\n')) {
      add(line);
      for (const record of recordsOf(line)) add(JSON.stringify({ records: [record] }));
    }
  }
  return [...texts.values()]
    .filter((text) => text !== '' && text.length <= LONGEST)
    .map((text) => Buffer.from(text));
}

/** None where the line is not an envelope: the samples hold broken ones on purpose. */
function recordsOf(line: string): unknown[] {
  try {
    const { records } = JSON.parse(line) as { records?: unknown };
    return Array.isArray(records) ? records : [];
  } catch {
    return [];
  }
}
