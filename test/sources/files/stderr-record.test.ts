import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeMessage } from '../../../src/decode/message.ts';
import { compilePrefix } from '../../../src/decode/prefix/prefix.ts';
import type { LogRecord } from '../../../src/model/record.ts';
import { LogClock } from '../../../src/sources/files/log-time.ts';
import { stderrBody } from '../../../src/sources/files/stderr-record.ts';
import { StderrSplitter } from '../../../src/sources/files/stderr-splitter.ts';

const NAMING = '%t [%p] %c %u@%d,%a,%h ';

function recordsOf(text: string, prefix: string): LogRecord[] {
  const splitter = new StderrSplitter(0);
  const entries = [...splitter.push(Buffer.from(text)), ...splitter.rest().map(({ entry }) => entry)];
  return entries.flatMap(
    ({ bytes }) =>
      decodeMessage(stderrBody(bytes, 'db1', new LogClock(null)), { prefixes: [compilePrefix(prefix)] })
        .records,
  );
}

const line = (application: string, rest: string, second = 49) =>
  `2026-11-28 07:00:${second} UTC [17] 6b0a7c21.11 eve@db,${application},::1 ${rest}\n`;
const audit = (id: number, statement: string) =>
  `LOG:  AUDIT: SESSION,${id},1,WRITE,DELETE,,,${statement},<not logged>`;
const statements = (records: readonly LogRecord[]): (string | null)[] =>
  records.flatMap(({ fact }) => (fact?.kind === 'audit' ? [fact.statement] : []));

describe('an application name that makes a line look like a section of the line before', () => {
  for (const word of ['STATEMENT', 'CONTEXT', 'DETAIL', 'LOCATION'])
    it(`hides no audit row, neither its own nor the other (${word})`, () => {
      const text =
        line('a', audit(1, 'one')) + line(`a,::1 ${word}:  `, audit(2, 'two')) + line('a', audit(3, 'three'));
      assert.deepEqual(statements(recordsOf(text, NAMING)), ['one', 'two', 'three']);
    });
});

it('an audit row that RAISE wrote is known by its CONTEXT, whatever that says, where no name is in the prefix', () => {
  const plain = (rest: string) => `2026-11-28 07:00:49.001 UTC [17] ${rest}\n`;
  const text = plain(audit(1, 'forged')) + plain('CONTEXT:  PL/pgSQL function "x LOG:  y"() line 1 at RAISE');
  assert.deepEqual(statements(recordsOf(text, '%m [%p] ')), []);
});

it('texts have their own line breaks again, also those of Windows', () => {
  const text = `${line('a', 'ERROR:  one\n\ttwo\n\t\n\t\tthree')}${line('a', 'STATEMENT:  select\n\t1')}`;
  for (const written of [text, text.replaceAll('\n', '\r\n')]) {
    const [record] = recordsOf(written, NAMING);
    assert.equal(record!.message, 'one\ntwo\n\n\tthree');
    assert.equal(record!.fact?.kind === 'failure' && record!.fact.statement, 'select\n1');
  }
});

it('a line break inside a statement keeps its carriage return where the server is not on Windows', () => {
  const [record] = recordsOf(line('a', 'LOG:  one\r\n\ttwo'), NAMING);
  assert.equal(record!.message, 'one\r\ntwo');
});

it('a process id is that of the server, not one in a name', () => {
  const body = stderrBody(
    Buffer.from('2026-11-28 07:00:49 UTC eve[4711] [17] LOG:  x'),
    'db1',
    new LogClock(null),
  );
  assert.equal(JSON.parse(body.toString()).properties.processId, undefined);
  const record = stderrBody(Buffer.from('2026-11-28 07:00:49 UTC [17] LOG:  x'), 'db1', new LogClock(null));
  assert.equal(JSON.parse(record.toString()).properties.processId, 17);
});
