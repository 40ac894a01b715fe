/** The promise: the fast way to read a message gives what the full way gives, whatever the bytes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { learnTemplate, readTemplated } from '../../../src/decode/envelope/template.ts';
import { decodeInFull, decodeMessage } from '../../../src/decode/message.ts';
import { compilePrefix } from '../../../src/decode/prefix/prefix.ts';
import { messageOf } from '../../fuzz/campaign.ts';
import { readCorpus } from '../../fuzz/corpus.ts';
import { lineRecord } from '../build.ts';

const OPTIONS = { prefixes: [compilePrefix('%m [%p] ')] };

function assertSame(body: Uint8Array, what: string): void {
  assert.deepEqual(decodeMessage(body, OPTIONS), decodeInFull(body, OPTIONS), what);
}

const record = (changes: object = {}, name = 'srv1') => ({
  ...lineRecord('LOG', 'connection received: host=10.0.0.1 port=5000'),
  resourceId: `/SUBSCRIPTIONS/0/FLEXIBLESERVERS/${name.toUpperCase()}`,
  time: '2026-07-02T03:00:06.469Z',
  LogicalServerName: name,
  ...changes,
});
/** Keys in the order in which Flexible Server sends them. */
const usual = (changes: object = {}, name = 'srv1') => {
  const { category, properties, ...rest } = record({}, name) as Record<string, unknown>;
  return { category, properties, ...rest, ...changes };
};
/** `JSON.stringify` leaves out what is undefined. */
const unnamed = (name: string) => usual({ LogicalServerName: undefined }, name);
const envelope = (...records: object[]) => JSON.stringify({ records });

/** Learning has a price: what is met often enough is learned for certain. */
function learn(body: string): void {
  for (let time = 0; time < 64; time++) learnTemplate(body);
}

test('the records of a server that was met before are read fast', () => {
  learn(envelope(usual()));
  const shapes = readTemplated(envelope(usual(), usual({ time: '2026-07-02T03:00:07Z' })));
  assert.deepEqual(
    shapes?.map(({ server, category, azureTime }) => [server, category, azureTime]),
    [
      ['srv1', 'PostgreSQLLogs', Date.UTC(2026, 6, 2, 3, 0, 6, 469)],
      ['srv1', 'PostgreSQLLogs', Date.UTC(2026, 6, 2, 3, 0, 7)],
    ],
  );
  assert.notEqual(readTemplated(JSON.stringify(usual())), null, 'one record alone, as in an archive');
  assert.equal(readTemplated(envelope(usual({}, 'srv2'))), null, 'another server');
});

test('what is not quite as known is read in full, with the same result', () => {
  learn(envelope(usual()));
  const good = JSON.stringify(usual());
  const text = 'x"},"resourceId":"/SUBSCRIPTIONS/0/FLEXIBLESERVERS/EVIL","time":"2020-01-01T00:00:00Z"}';
  const properties = (changes: object) => {
    const { properties } = usual() as { properties: object };
    return { ...properties, ...changes };
  };
  const bodies: [what: string, body: string][] = [
    ['end of a record inside a text', envelope(usual({ properties: properties({ detail: text }) }))],
    ['an object inside properties', envelope(usual({ properties: properties({ x: { y: 1 }, z: [{}] }) }))],
    ['a record inside properties', envelope(usual({ properties: properties({ x: usual() }) }))],
    ['properties that are a list', envelope(usual({ properties: [1] }))],
    ['no properties', envelope(usual({ properties: null }))],
    [
      'a time with an escape',
      envelope(usual({ time: '2026-07-02T03:00:06.469Z' })).replace('T03', '\\u005403'),
    ],
    ['no time', envelope(usual({ time: 'soon' }))],
    ['the time twice', envelope(usual()).replace('"time":', '"time":"2020-01-01T00:00:00Z","time":')],
    ['the time after all again', envelope(usual()).replace(/\}\]\}$/, ',"time":"2020-01-01T00:00:00Z"}]}')],
    [
      'properties twice',
      envelope(usual()).replace('"properties":', '"properties":{"message":"a"},"properties":'),
    ],
    ['a key more at the end', envelope(usual()).replace(/\]\}$/, '],"records":[]}')],
    ['a list inside the record', JSON.stringify({ ...usual(), records: [usual({}, 'srv2')] })],
    ['text behind', `${envelope(usual())} x`],
    ['two messages in one', `${envelope(usual())}\n${envelope(usual())}`],
    ['two records in two lines', `${good}\n${good}\n`],
    ['one record and a line break', `${good}\n`],
    ['blanks between records', `{ "records" : [ ${good} , ${good} ] }`],
    ['a blank after the comma', `{"records":[${good}, ${good}]}`],
    ['a comma too many', `{"records":[${good},]}`],
    ['cut in the middle', envelope(usual(), usual()).slice(0, -60)],
    ['no end', `{"records":[${good}`],
    ['only a bracket missing', `{"records":[${good}]`],
    ['an unknown prefix', envelope(usual({ properties: properties({ message: 'LOG:  x' }) }))],
    ['a raw control character', envelope(usual()).replace('connection', 'conn\u0001ection')],
    ['a byte order mark', `\ufeff${envelope(usual())}`],
    ['a byte order mark inside', `{"records":\ufeff[${good}]}`],
    ['a byte order mark at the end', `${envelope(usual())}\ufeff`],
    [
      'two servers that only their resource ids name',
      envelope(unnamed('srv1'), unnamed('srv2'), unnamed('srv1')),
    ],
    ['two servers', envelope(usual(), usual({}, 'srv2'), usual())],
    ['a standby', envelope(usual({ ReplicaRole: 'Secondary', OriginalPrimaryServerName: 'srv1' }))],
    ['another category', envelope(usual({ category: 'PostgreSQLFlexSessions' }))],
    ['nothing', '{"records":[]}'],
    ['an empty text', ''],
  ];
  for (const [what, body] of bodies) {
    assertSame(Buffer.from(body), what);
    learn(body);
    assertSame(Buffer.from(body), `${what}, once it was met`);
    learn(envelope(usual()));
    assertSame(Buffer.from(body), `${what}, among usual ones`);
  }
});

test('5,000 damaged messages decode alike on both ways', () => {
  const corpus = readCorpus();
  let fast = 0;
  for (let number = 0; number < 5_000; number++) {
    const body = messageOf(41, number, corpus);
    assertSame(body, `seed 41, number ${number}`);
    if (readTemplated(new TextDecoder().decode(body)) !== null) fast++;
    // So that the damaged ones meet what they were made of.
    if (number % 8 === 0) decodeMessage(corpus[(number / 8) % corpus.length]!, OPTIONS);
  }
  assert.ok(fast > 100, `${fast} of them were read fast`);
});
