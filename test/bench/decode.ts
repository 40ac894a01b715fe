/**
 * How fast messages are decoded, compared with bare JSON.parse over the same bytes in the same process:
 * `npm run bench`, or `npm run bench -- --check` to end with code 1 below the target.
 *
 * The corpus is the committed recording, over and over, without a copy of it. Time is CPU time of the whole process,
 * so that garbage collection on another core counts too: it says what one core does, also on a busy machine.
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { decodeMessage } from '../../src/decode/message.ts';

const RECORDING = new URL('../../fixtures/recorded/flexible-15.ndjson.gz', import.meta.url);
/** What a round decodes at least, bytes. */
const CORPUS = 200e6;
const ROUNDS = 7;
/** Share of the speed of JSON.parse that decode has to reach. */
const TARGET = 0.5;

const decoder = new TextDecoder();
const parse = (message: Uint8Array): unknown => JSON.parse(decoder.decode(message));
const decode = (message: Uint8Array): unknown => decodeMessage(message, { prefixes: [] });

function recordedMessages(): Uint8Array[] {
  const bytes = gunzipSync(readFileSync(RECORDING));
  const messages: Uint8Array[] = [];
  for (let start = 0, end = bytes.indexOf(10); end >= 0; start = end + 1, end = bytes.indexOf(10, start))
    messages.push(bytes.subarray(start, end));
  return messages;
}

/** Every record as a message of its own, by what it turned out to be. */
function messagesByKind(messages: readonly Uint8Array[]): Map<string, Uint8Array[]> {
  const kinds = new Map<string, Uint8Array[]>([
    ['connection', []],
    ['audit', []],
    ['other', []],
  ]);
  for (const message of messages)
    for (const record of (parse(message) as { records: unknown[] }).records) {
      const alone = Buffer.from(JSON.stringify({ records: [record] }));
      const kind = decodeMessage(alone, { prefixes: [] }).records[0]?.fact?.kind ?? 'other';
      (kinds.get(kind) ?? kinds.get('other')!).push(alone);
    }
  return kinds;
}

/** Microseconds of CPU that `work` takes for all messages, `times` over. */
function cpuTime(
  work: (message: Uint8Array) => unknown,
  messages: readonly Uint8Array[],
  times: number,
): number {
  const before = process.cpuUsage();
  for (let time = 0; time < times; time++) for (const message of messages) work(message);
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

interface Round {
  parse: number;
  decode: number;
}

/** Both kinds of work in turn, so that a slow moment of the machine meets both; the first round warms up. */
function measure(messages: readonly Uint8Array[], times: number, rounds: number): Round[] {
  const measured: Round[] = [];
  for (let round = 0; round <= rounds; round++) {
    const parsed = cpuTime(parse, messages, times);
    const decoded = cpuTime(decode, messages, times);
    if (round > 0) measured.push({ parse: parsed, decode: decoded });
  }
  return measured;
}

function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]!;
}

/** One line of a table: a label, then right-aligned numbers. */
function row(label: string, ...cells: string[]): string {
  return label.padEnd(12) + cells.map((cell) => cell.padStart(12)).join('');
}

const { values: flags } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
const messages = recordedMessages();
const size = messages.reduce((sum, message) => sum + message.length, 0);
const times = Math.ceil(CORPUS / size);
const byKind = messagesByKind(messages);
const records = [...byKind.values()].reduce((sum, alone) => sum + alone.length, 0);
const megabytes = (size * times) / 1e6;

console.log(
  `${megabytes.toFixed(0)} MB a round: ${records * times} records in ${messages.length * times} messages`,
);
console.log(`(the recording ${times} times); CPU time, Node ${process.version}\n`);
console.log(row('', 'parse', 'decode', 'decode', 'decode', 'decode'));
console.log(row('round', 'MB/s', 'MB/s', 'records/s', 'us/record', 'of parse'));
const print = (label: string, round: Round): void =>
  console.log(
    row(
      label,
      ((megabytes * 1e6) / round.parse).toFixed(0),
      ((megabytes * 1e6) / round.decode).toFixed(0),
      ((records * times * 1e6) / round.decode).toFixed(0),
      (round.decode / (records * times)).toFixed(2),
      (round.parse / round.decode).toFixed(2),
    ),
  );
const rounds = measure(messages, times, ROUNDS);
for (const [index, round] of rounds.entries()) print(`${index + 1}`, round);
print('median', {
  parse: median(rounds.map((round) => round.parse)),
  decode: median(rounds.map((round) => round.decode)),
});

console.log(`\n${row('one record', 'records', 'parse us', 'decode us', 'of parse')}`);
for (const [kind, alone] of byKind) {
  const own = measure(alone, Math.ceil(40_000 / alone.length), 3);
  const count = alone.length * Math.ceil(40_000 / alone.length);
  const parsed = median(own.map((round) => round.parse)) / count;
  const decoded = median(own.map((round) => round.decode)) / count;
  console.log(
    row(kind, `${alone.length}`, parsed.toFixed(2), decoded.toFixed(2), (parsed / decoded).toFixed(2)),
  );
}

const ratio = median(rounds.map((round) => round.parse / round.decode));
const met = ratio >= TARGET;
console.log(
  `\ndecode reaches ${ratio.toFixed(2)} of JSON.parse (target ${TARGET.toFixed(2)}): ${met ? 'met' : 'not met'}`,
);
if (flags.check && !met) process.exitCode = 1;
