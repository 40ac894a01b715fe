import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { connectionOf, decode, decodeOne, NAMING, NO_PREFIXES, PID, START, serverRecord } from '../build.ts';

const SESSION = {
  id: '6a45d422.1513f3',
  user: 'bob',
  database: 'shop',
  client: '203.0.113.9',
  application: 'psql',
};

const record = (message: string, session: object = SESSION, more: object = {}) =>
  serverRecord({ errorLevel: 'LOG', sqlerrcode: '00000', message, ...more, pgvigil_session: session });

describe('a record with the fields of its session', () => {
  it('has them as they are, its message whole, and no prefix', () => {
    const { prefix, message, sessionId, pid, prefixUser, prefixDatabase, prefixClient, prefixApplication } =
      decodeOne(record('checkpoint starting: time'));
    assert.deepEqual(
      [prefix, message, sessionId, pid, prefixUser, prefixDatabase, prefixClient, prefixApplication],
      [null, 'checkpoint starting: time', SESSION.id, PID, 'bob', 'shop', '203.0.113.9', 'psql'],
    );
  });

  it('believes no text that looks like a prefix, whoever chose it', () =>
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('LOG:  ', START, '\n', 'AUDIT: ', ',', 'x') }),
        (name) => {
          const one = decodeOne(
            record(`${START}LOG:  connection received: host=::1 port=1`, { ...SESSION, user: `u${name}` }),
          );
          assert.equal(one.prefixUser, `u${name}`);
          assert.equal(one.fact, null);
        },
      ),
    ));

  it('tells a user named like a part of a connection line from that part', () => {
    const session = { ...SESSION, user: 'x database=y', database: 'z' };
    const event = connectionOf(
      decodeOne(record('connection authorized: user=x database=y database=z', session)),
    );
    assert.deepEqual([event.user, event.database], ['x database=y', 'z']);
  });

  it('has secrets in its names blanked as everywhere', () => {
    const one = decodeOne(record('text', { ...SESSION, application: "password='hunter2'" }));
    assert.doesNotMatch(JSON.stringify(one), /hunter2/);
  });

  it('is not made up from what is no object or no session id', () => {
    for (const session of ['x', 7, [], null]) {
      const { records, rejects } = decode(record('text', session as unknown as object));
      assert.deepEqual([records.length, rejects[0]?.code], [0, 'PREFIX_MISMATCH']);
    }
    assert.equal(decodeOne(record('text', { ...SESSION, id: 'x', user: 7 })).sessionId, null);
    assert.equal(decodeOne(record('text', { ...SESSION, user: 7 })).prefixUser, null);
  });
});

describe('a CONTEXT that may be an entry of its own', () => {
  const raised = (prefix: string) =>
    serverRecord({
      errorLevel: 'LOG',
      message: `${prefix}LOG:  AUDIT: SESSION,1,1,READ,SELECT,,,select 1,<not logged>`,
      pgvigil_context: 'PL/pgSQL function f() line 1 at RAISE',
    });

  it('counts where the prefix holds no name: nobody can have made it up', () => {
    const one = decodeOne(raised(START), NO_PREFIXES);
    assert.deepEqual([one.fact, one.context], [null, 'PL/pgSQL function f() line 1 at RAISE']);
  });

  it('does not count where it holds one: no audit row is hidden by a name', () => {
    const one = decodeOne(raised(`${START}user=u,db=d,app=a,client=::1 `), NAMING);
    assert.deepEqual([one.fact?.kind, one.context], ['audit', null]);
  });
});

it('an entry that a source refused is a reject with its reason and its text', () => {
  const refused = { reason: 'Its row has 3 columns.', text: 'a,b,c {"category":"PostgreSQLLogs"}' };
  const { records, rejects } = decode({ pgvigil_refused: refused });
  assert.deepEqual(records, []);
  assert.deepEqual(
    rejects.map(({ code, reason }) => [code, reason]),
    [['NOT_A_RECORD', refused.reason]],
  );
  assert.match(Buffer.from(rejects[0]!.raw).toString(), /a,b,c/);
});
