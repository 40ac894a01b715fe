/** Damages messages the way transport, hand and attackers do: on bytes, on JSON, and inside the texts. */
import { HOSTILE_TEXTS, KEYS, NUMBERS, VALUES } from './hostile.ts';
import type { Random } from './random.ts';

/** Bytes that mean something to JSON or to a log line. */
const SYNTAX = '"[]{}:,\\\n\t\'=-. ';
const INVALID_UTF8 = ['ff', 'c080', 'eda080', 'f8888080', 'e282', 'efbfbd', 'efbbbf', '1f8b'].map((hex) =>
  Buffer.from(hex, 'hex'),
);
/** What grows does not grow beyond this, bytes. */
const LONGEST = 64 * 1024;

type Mutation = (random: Random, message: Buffer, corpus: readonly Buffer[]) => Buffer;

const flipBytes: Mutation = (random, message) => {
  const flipped = Buffer.from(message);
  for (let count = 1 + random.below(4); count > 0; count--)
    flipped[random.below(flipped.length)] = random.below(256);
  return flipped;
};

const cutOut: Mutation = (random, message) => {
  const start = random.below(message.length);
  const end = random.below(3) === 0 ? message.length : start + random.below(message.length - start);
  return replaceBytes(message, start, end, '');
};

const splice: Mutation = (random, message, corpus) => {
  const other = random.pick(corpus);
  return Buffer.concat([
    message.subarray(0, random.below(message.length + 1)),
    other.subarray(random.below(other.length)),
  ]);
};

const insertSyntax: Mutation = (random, message) => insert(random, message, random.pick([...SYNTAX]));

const removeSyntax: Mutation = (random, message) => {
  const at = message.indexOf(random.pick([...SYNTAX]), random.below(message.length));
  return at < 0 ? message : replaceBytes(message, at, at + 1, '');
};

const insertControl: Mutation = (random, message) =>
  insert(random, message, random.below(2) === 0 ? String.fromCharCode(random.below(33)) : '\x7f');

const insertInvalidUtf8: Mutation = (random, message) => insert(random, message, random.pick(INVALID_UTF8));

const repeatChunk: Mutation = (random, message) => {
  const start = random.below(message.length);
  const chunk = message.subarray(start, start + 1 + random.below(64));
  const times = random.below(20) === 0 ? LONGEST / chunk.length : random.below(8);
  return replaceBytes(message, start, start, Buffer.alloc(chunk.length * Math.floor(times), chunk));
};

/** Inside a JSON string, so that the message stays JSON. */
const insertHostile: Mutation = (random, message) => {
  const text = JSON.stringify(random.pick(HOSTILE_TEXTS)).slice(1, -1);
  return replaceBytes(message, ...somewhereInText(random, message), text);
};

const renameKey: Mutation = (random, message) => {
  const [start, end] = nextMatch(random, message, /"[\w]+"(?=\s*:)/g);
  return start === end ? message : replaceBytes(message, start, end, JSON.stringify(random.pick(KEYS)));
};

const replaceNumber: Mutation = (random, message) => {
  const [start, end] = nextMatch(random, message, /\d+/g);
  return replaceBytes(message, start, end, random.pick(NUMBERS));
};

const replaceValue: Mutation = (random, message) => {
  const [start, end] = nextMatch(random, message, /(?<=":\s*)(?:"(?:[^"\\]|\\.)*"|-?\d+|\{|\[)/g);
  return start === end ? message : replaceBytes(message, start, end, random.pick(VALUES));
};

const nest: Mutation = (random, message) => {
  const depth = random.below(10) === 0 ? 5_000 : 1 + random.below(40);
  const [open, close] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
    ['{"records":[', ']}'],
  ] as const);
  const nested = open.repeat(depth) + random.pick(['', '1', '"x"', '{}']) + close.repeat(depth);
  const [start, end] = nextMatch(random, message, /(?<=":\s*)"(?:[^"\\]|\\.)*"/g);
  return replaceBytes(message, start, end, nested);
};

/** The start of another message's line in place of this one's. */
const swapPrefix: Mutation = (random, message, corpus) => {
  const start = message.indexOf('"message":"');
  const other = random.pick(corpus);
  const from = other.indexOf('"message":"');
  if (start < 0 || from < 0) return message;
  const length = 11 + random.below(120);
  return replaceBytes(message, start, start + length, other.subarray(from, from + length));
};

/** As another envelope: bare, in arrays, as lines, twice, with a byte order mark. */
const wrapAgain: Mutation = (random, message, corpus) => {
  const text = message.toString('latin1');
  const other = random.pick(corpus).toString('latin1');
  const bare = text.replace(/^\{"records":\s*\[/, '').replace(/\]\}$/, '');
  const wrapped = random.pick([
    bare,
    `[${bare}]`,
    `[${text}]`,
    `[${text},${other}]`,
    `${text}\n${other}`,
    `${text}\r\n${other}\n`,
    `${bare}\n${bare}\n`,
    `${bare},${bare}`,
    `\xef\xbb\xbf${text}`,
    `{"records":[${bare},null,1,${bare}]}`,
    `{"records":${text}}`,
    `${text}${text}`,
    JSON.stringify(text),
  ]);
  return Buffer.from(wrapped, 'latin1');
};

/** Mostly leave JSON as it was, so that what is inside gets read. */
const INSIDE: readonly Mutation[] = [
  ...[insertHostile, insertHostile, insertHostile, renameKey, replaceNumber, replaceValue, swapPrefix],
  ...[nest, wrapAgain],
];
const OUTSIDE: readonly Mutation[] = [
  ...[flipBytes, cutOut, splice, insertSyntax, removeSyntax, insertControl, insertInvalidUtf8, repeatChunk],
];

/** A message of the corpus after one to four mutations. The same for the same state of `random`. */
export function mutate(random: Random, corpus: readonly Buffer[]): Buffer {
  let message = random.pick(corpus);
  const mutations = random.below(2) === 0 ? INSIDE : [...INSIDE, ...OUTSIDE];
  for (let count = 1 + random.below(4); count > 0 && message.length > 0; count--)
    message = random
      .pick(mutations)(random, message, corpus)
      .subarray(0, LONGEST * 2);
  return message;
}

function insert(random: Random, message: Buffer, text: string | Buffer): Buffer {
  const at = random.below(message.length + 1);
  return replaceBytes(message, at, at, text);
}

function replaceBytes(message: Buffer, start: number, end: number, by: string | Buffer): Buffer {
  const middle = typeof by === 'string' ? Buffer.from(by) : by;
  return Buffer.concat([message.subarray(0, start), middle, message.subarray(end)]);
}

/** A place in the text of the line, mostly; else anywhere. */
function somewhereInText(random: Random, message: Buffer): [start: number, end: number] {
  const line = message.indexOf('"message":"');
  const start = line >= 0 && random.below(4) > 0 ? line + 11 : random.below(message.length);
  const close = message.indexOf('"', start);
  const at = start + random.below(Math.max(1, close - start));
  return [at, random.below(4) === 0 ? Math.min(message.length, at + random.below(8)) : at];
}

/** Where `pattern` matches next from a random place; an empty stretch there when it does not. */
function nextMatch(random: Random, message: Buffer, pattern: RegExp): [start: number, end: number] {
  const at = random.below(message.length);
  const found = new RegExp(pattern).exec(message.toString('latin1', at));
  return found === null ? [at, at] : [at + found.index, at + found.index + found[0].length];
}
