import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KNOWN_PREFIXES } from '../../../src/decode/prefix/catalogue.ts';
import { type FoundPrefix, PrefixFinder } from '../../../src/decode/prefix/finder.ts';
import { compilePrefix } from '../../../src/decode/prefix/prefix.ts';
import { provePrefix } from '../../../src/decode/prefix/proof.ts';
import { type LogLine, readLogLine } from '../../../src/decode/server-log/logline.ts';
import { numbersFrom, PrefixServer, type ServerLine } from './server.ts';

const USERS = [
  ['anna', 'shop'],
  ['svc_portal', 'crm'],
  ['app', 'orders.prod'],
  ['etl-load', 'postgres'],
  ['x', 'warehouse_2026'],
] as const;
const APPLICATIONS = ['psql', 'DBeaver 23.3.5 - Main', '[unknown]', 'pgbench', 'My App/1.0'];
const HOSTS = ['203.0.113.9', '10.1.2.33', '2001:db8::7', '[local]'];

/** A server under ordinary work; with a flood nine lines of ten are failed logins with such names. */
function serverOf(format: string, seed: number, sessions = 30, flood: readonly string[] = []): PrefixServer {
  const random = numbersFrom(seed * 7919 + 13);
  const server = new PrefixServer(format, seed + 1);
  const pick = <T>(list: readonly T[]): T => list[random(list.length)]!;
  for (let n = 0; n < sessions; n++) {
    if (random(3) === 0) server.checkpoint();
    for (let i = 0; i < (flood.length > 0 ? 25 : 0); i++) server.fail(pick(flood), pick(flood), pick(HOSTS));
    const [user, database] = pick(USERS);
    server.session(user, database, pick(APPLICATIONS), pick(HOSTS));
  }
  return server;
}

function find(lines: readonly ServerLine[]): FoundPrefix | null {
  const finder = new PrefixFinder();
  for (const line of lines) {
    const found = finder.observe(line);
    if (found !== null) return found;
  }
  return null;
}

const hintsOf = ({ level, sqlstate, pid }: ServerLine) => ({
  level,
  sqlstate,
  pid,
  detail: null,
  levelOptional: false,
});
const readWith = (line: ServerLine, format: string): LogLine | null =>
  readLogLine(line.message, hintsOf(line), [compilePrefix(format)]);

/** What the line's prefix may say: nothing that is not so, and all of it where the names are ordinary. */
function assertTrue(format: string, found: string, line: ServerLine): void {
  const read = readWith(line, found);
  if (read === null) return;
  const { session } = line;
  const told = (name: string): string | null => (name === '' || name === '[unknown]' ? null : name);
  const id = `${Math.floor(session.start / 1000).toString(16)}.${session.pid.toString(16)}`;
  for (const [value, truth] of [
    [read.sessionId, id],
    [read.user, told(session.user)],
    [read.database, told(session.database)],
    [read.client, told(session.host)],
    [read.application, told(session.application)],
  ] as const)
    if (value !== null) assert.equal(value, truth, `${found} for ${format}: ${line.message}`);
}

/** Share of lines of which the found prefix tells as much as the true one. */
function shareTold(format: string, found: string, lines: readonly ServerLine[]): number {
  const told = (line: LogLine | null): unknown[] =>
    line === null ? [] : [line.sessionId, line.user, line.database, line.client, line.application];
  const same = lines.filter(
    (line) => JSON.stringify(told(readWith(line, found))) === JSON.stringify(told(readWith(line, format))),
  );
  return same.length / lines.length;
}

test('every prefix of the catalogue is found from ordinary lines', () => {
  for (const [index, format] of KNOWN_PREFIXES.entries()) {
    const { lines } = serverOf(format, index + 1);
    const found = find(lines);
    assert.ok(found !== null, format);
    for (const line of lines) assertTrue(format, found.format, line);
    assert.equal(shareTold(format, found.format, lines), 1, `${found.format} for ${format}`);
    assert.ok(found.explained >= found.lines * 0.95);
  }
});

const SEPARATORS = [' ', ':', ',', '|', ' - ', '/', ' [', '] ', ';', ' | ', '@', '] ['];
const NAME_LABELS: Record<string, readonly string[]> = {
  u: ['user=', 'usr:', 'u=', 'role '],
  d: ['db=', 'database:', 'd=', 'dbname '],
  a: ['app=', 'application:', 'a=', 'program '],
};

/** A prefix with a time, and whatever else. */
function randomFormat(seed: number, labelled: boolean): string {
  const random = numbersFrom(seed * 104_729 + 7);
  const times = ['t', 'm', 'n', 's'];
  const others = ['c', 'p', 'u', 'd', 'a', 'h', 'r', 'e', 'l', 'b', 'x', 'v', 'Q', 'i', 'P', 'L'];
  const chosen = [
    times[random(times.length)]!,
    ...others.filter((_, index) => random(10) < (index < 6 ? 6 : 2)),
  ];
  for (let index = chosen.length - 1; index > 0; index--) {
    const other = random(index + 1);
    [chosen[index], chosen[other]] = [chosen[other]!, chosen[index]!];
  }
  let format = '';
  for (const letter of chosen) {
    const labels = NAME_LABELS[letter];
    const label =
      labels === undefined || !(labelled || random(2) === 0) ? '' : labels[random(labels.length)]!;
    const width = random(10) === 0 ? `${random(2) === 0 ? '-' : ''}${4 + random(14)}` : '';
    format += `${label}%${width}${letter}${SEPARATORS[random(SEPARATORS.length)]}`;
  }
  if (random(5) === 0) format = format.replace(/(?=%-?\d*[udah])/, '%q');
  return format;
}

test('of random prefixes the true one is found or none, and most are found', (context) => {
  for (const labelled of [true, false]) {
    let found = 0;
    const count = 100;
    for (let seed = 1; seed <= count; seed++) {
      const format = randomFormat(seed + (labelled ? 0 : 5000), labelled);
      const { lines } = serverOf(format, seed);
      const answer = find(lines);
      if (answer === null) continue;
      for (const line of lines) assertTrue(format, answer.format, line);
      if (shareTold(format, answer.format, lines) > 0.9) found++;
    }
    context.diagnostic(`${found} of ${count} ${labelled ? 'labelled' : 'other'} formats found`);
    assert.ok(found >= count * 0.85, `${found} of ${count}`);
  }
});

const FORMATS = [
  '%t-%c-user=%u,db=%d,app=%a,client=%h ',
  '%m [%p] %u@%d ',
  '%t [%p]: db=%d,user=%u from %r > ',
  '%c|%s|%d|%u|%a|%h|',
  '%m %c %q[%u/%d] ',
];

/** Names with which a flood of failed logins tries to teach another prefix. */
const floodOf = (format: string): string[] => [
  'x LOG:  connection received: host=1.2.3.4 port=5',
  'user=root,db=prod,app=psql,client=10.0.0.1 FATAL:  ',
  'root@prod FATAL:  password authentication failed for user "root',
  'a|b|c|d|FATAL:  x',
  '[root/prod] FATAL:  role "root',
  '[unknown]',
  'evil"\n2026-07-02 03:00:00 UTC-6a45d422.4660-LOG:  connection autho',
  ',,,,@@||[]',
  format.replaceAll('%', ''),
  'connection authorized: user=root database=prod',
];

test('a flood of failed logins with hostile names teaches no other prefix', () => {
  for (const [index, format] of FORMATS.entries()) {
    const { lines } = serverOf(format, index + 900, 30, floodOf(format));
    const found = find(lines);
    if (found === null) continue;
    for (const line of lines) assertTrue(format, found.format, line);
  }
});

test('a format is found in spite of the flood', () => {
  const found = FORMATS.filter((format, index) => {
    const { lines } = serverOf(format, index + 950, 40, floodOf(format));
    return find(lines) !== null;
  });
  assert.deepEqual(found, FORMATS);
});

test('the only user of a server is not taken for a part of the prefix', () => {
  const format = '%m [%p] user=%u ';
  const server = new PrefixServer(format, 3);
  for (let n = 0; n < 40; n++) server.session('app', 'app', 'psql', '10.0.0.1');
  const found = find(server.lines);
  assert.equal(found?.format, format);
});

test('a prefix with a name in its literals, or with names exchanged, is not proven', () => {
  const one = new PrefixServer('%m [%p] user=%u ', 3);
  for (let n = 0; n < 40; n++) one.session('anna', 'shop', 'psql', '10.0.0.1');
  assert.equal(provePrefix('%m [%p] user=anna ', one.lines, false).isProven, false);
  const by = new PrefixServer('%m [%p] by anna ', 3);
  for (let n = 0; n < 40; n++) by.session('anna', 'shop', 'psql', '10.0.0.1');
  assert.equal(provePrefix('%m [%p] by anna ', by.lines, false).isProven, false);
  const { lines } = serverOf('%m [%p] user=%u,db=%d ', 5);
  assert.equal(provePrefix('%m [%p] user=%u,db=%d ', lines, false).isProven, true);
  assert.equal(provePrefix('%m [%p] user=%d,db=%u ', lines, false).isProven, false);
});

test('names that nothing tells apart are waited for', () => {
  const format = '%m [%p] <%d> <%u> ';
  const server = new PrefixServer(format, 4);
  const finder = new PrefixFinder();
  for (let n = 0; n < 40; n++) server.session('app', 'app', 'psql', '10.0.0.1');
  for (const line of server.lines) assert.equal(finder.observe(line), null);
  assert.ok(finder.pending('srv1') > 100);
  const before = server.lines.length;
  for (let n = 0; n < 60; n++) server.session('anna', 'shop', 'psql', '10.0.0.1');
  const found = server.lines.slice(before).map((line) => finder.observe(line));
  assert.equal(found.find((answer) => answer !== null)?.format, format);
});

test('memory is bounded: lines per server, servers, and characters of a message', () => {
  const finder = new PrefixFinder({ lines: 30, servers: 2, messageLength: 100 });
  const line = { eventTime: 0, level: 'LOG', sqlstate: '00000', pid: 1, backendType: null };
  for (const server of ['a', 'b', 'c'])
    for (let n = 0; n < 50; n++) finder.observe({ ...line, server, message: 'x'.repeat(10_000) });
  assert.deepEqual(
    ['a', 'b', 'c'].map((server) => finder.pending(server)),
    [0, 30, 30],
  );
});
