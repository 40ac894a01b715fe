/**
 * How fast statements are understood: `npm run bench`, or `npm run bench -- --check` to end with code 1 below the target.
 *
 * Known: 5,000 templates, every literal fresh, so that no text comes twice; from the text to its statement, with the hash of
 * the text (which SHA-256 alone shows the machine's speed by). New: one text of each template, beside what bare libpg-query takes for the same texts. CPU time of the whole
 * process, which says what one core does also on a busy machine.
 */
import { parseArgs } from 'node:util';
import { fingerprintSync, loadModule, normalizeSync, parseSync } from 'libpg-query';
import { readText } from '../../src/statements/features.ts';
import { statementHash } from '../../src/statements/hash.ts';
import { loadParser } from '../../src/statements/parser/parser.ts';
import { StatementCache } from '../../src/statements/statement-cache.ts';
import { statementText } from '../../src/statements/statement-text.ts';
import { applicationText } from './application.ts';

const TEMPLATES = 5_000;
const TEXTS = 200_000;
const ROUNDS = 7;
/** Statements of known templates per second of CPU. */
const TARGET = 200_000;

/** Texts of one round, flat in memory as those are that a message brings. */
function texts(count: number, round: number): string[] {
  return Array.from({ length: count }, (_, i) =>
    Buffer.from(applicationText((i * 7_919) % TEMPLATES, round * count + i)).toString(),
  );
}

/** Texts per second of CPU. */
function rateOf(texts: readonly string[], work: (text: string) => unknown): number {
  const before = process.cpuUsage();
  for (const text of texts) work(text);
  const { user, system } = process.cpuUsage(before);
  return (texts.length * 1e6) / (user + system);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
await loadParser();
await loadModule();

const cache = new StatementCache();
const first = texts(TEMPLATES, 0);
for (const text of first) cache.add(text, readText(statementText(text)));

const known: number[] = [];
const hashed: number[] = [];
for (let round = 1; round <= ROUNDS; round += 1) {
  const fresh = texts(TEXTS, round);
  let missed = 0;
  known.push(
    rateOf(fresh, (text) => {
      if (cache.find(text) === undefined) missed += 1;
    }),
  );
  hashed.push(rateOf(fresh, statementHash));
  if (missed > 0) throw new Error(`${missed} of ${TEXTS} texts were not known by their template`);
}
const parsed = { pgvigil: [] as number[], parse: [] as number[], all: [] as number[] };
for (let round = 0; round < ROUNDS; round += 1) {
  parsed.pgvigil.push(rateOf(first, (text) => readText(statementText(text))));
  parsed.parse.push(rateOf(first, (text) => parseSync(text)));
  parsed.all.push(rateOf(first, (text) => [parseSync(text), fingerprintSync(text), normalizeSync(text)]));
}

const perSecond = (figures: readonly number[]) =>
  `${Math.round(median(figures)).toLocaleString('en')} statements/s of one core (${figures.length} rounds, ${Math.round(Math.min(...figures)).toLocaleString('en')} to ${Math.round(Math.max(...figures)).toLocaleString('en')})`;
console.log(`statements of ${TEMPLATES.toLocaleString('en')} known templates: ${perSecond(known)}`);
console.log(`  for scale, SHA-256 of the same texts and nothing else: ${perSecond(hashed)}`);
console.log(`new templates, all features: ${perSecond(parsed.pgvigil)}`);
console.log(`  bare libpg-query, parse only: ${perSecond(parsed.parse)}`);
console.log(`  bare libpg-query, parse, fingerprint, normalize: ${perSecond(parsed.all)}`);
const share = median(parsed.pgvigil) / median(parsed.all);
console.log(`  share of the bare library's speed with the same three calls: ${share.toFixed(2)}`);
if (values.check && median(known) < TARGET) {
  console.error(`below the target of ${TARGET.toLocaleString('en')}`);
  process.exitCode = 1;
}
