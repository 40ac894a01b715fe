/** The committed recording of a real PgBouncer, against what its clients really did. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { decodeMessage } from '../../../src/decode/message.ts';
import { type PgBouncerLine, readPgBouncer } from '../../../src/decode/pgbouncer/pgbouncer.ts';
import { committedRecording, factsByScene } from '../../fixtures/pgbouncer-facts.ts';

const { records, connections } = committedRecording();
const golden = new URL('../../../fixtures/pgbouncer/recorded/pgbouncer-1.18.decoded.ndjson', import.meta.url);

/** Null fields say nothing: without them a person can read the file. */
function readable(line: PgBouncerLine): object {
  const said = (object: object): object =>
    Object.fromEntries(Object.entries(object).filter(([, value]) => value !== null));
  const { fact, ...rest } = line;
  return fact === null ? said(rest) : { ...said(rest), fact: said(fact) };
}

test('the recorded lines decode as they always did (UPDATE_GOLDEN=1 rewrites)', () => {
  const lines = records.map(({ log }) => JSON.stringify(readable(readPgBouncer(log))));
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, `${lines.join('\n')}\n`);
  assert.deepEqual(lines, readFileSync(golden, 'utf8').trimEnd().split('\n'));
});

test('every connection has the facts that it gave cause for, and no others', () => {
  const signedIn = ['received app@appdb', 'disconnected app@appdb'];
  const [forgedAttempt, forgedClosing] = connections
    .filter(({ scene }) => scene === 'hostile user')
    .map(({ user }) => user);
  assert.deepEqual(factsByScene(records, connections), {
    TLS: ['received TLSv1.3 app@appdb', 'disconnected app@appdb'],
    'no TLS': signedIn,
    // The console over the same socket, too.
    '[local]': [...signedIn, 'received pgbouncer@pgbouncer', 'disconnected pgbouncer@pgbouncer'],
    'looked up': ['received analyst@looked_up', 'disconnected analyst@looked_up'],
    lost: signedIn,
    'wrong password': ['received app@appdb', 'failed bad_password app@appdb'],
    'unknown user': ['received ghost@appdb', 'failed auth_failed ghost@null'],
    // PgBouncer has forgotten the name when the look-up comes back.
    'unknown user, looked up': ['failed no_such_role null@looked_up'],
    'unknown database': ['received app@nodb', 'rejected no_such_db app@nodb'],
    'console refused': ['received app@pgbouncer', 'rejected not_permitted app@pgbouncer'],
    'left at the password prompt': ['received app@appdb'],
    'TCP probe': [],
    'not PostgreSQL': ['protocol_error incomplete_startup null@null'],
    'partial packet': [],
    replication: ['protocol_error unsupported_parameter null@null'],
    'cancel request': [],
    'hostile user': [
      `received ${forgedAttempt}@appdb`,
      `failed auth_failed ${forgedAttempt}@null`,
      `received ${forgedClosing}@appdb`,
      `failed auth_failed ${forgedClosing}@null`,
      'received we/ird @ = user@appdb',
      'failed auth_failed null@null',
      // The user whose name has a line break: its lines are cut before the address.
    ],
    'hostile database': [
      'received app@a/b@203.0.113.9:1',
      'failed bad_password null@null',
      'received app@x/y@203.0.113.9:1 closing because: z',
      'failed bad_password null@null',
      'received app@my db user=root tls=no',
      'failed bad_password app@my db user=root tls=no',
    ],
    'fills the pool': ['received app@appdb', ...signedIn, 'disconnected app@appdb'],
    'too many clients': ['limit too_many null@null'],
    'broken TLS handshake': [],
    // SIGTERM: PgBouncer ends without a word about its clients.
    'connected at the end': ['received app@appdb'],
  });
});

test('no recorded line, with or without a fact, names a client, user or database that was not there', () => {
  const real = new Map(connections.map((connection) => [connection.port, connection]));
  let judged = 0;
  for (const { log } of records) {
    const line = readPgBouncer(log);
    const port = Number(/:(\d+)$/.exec(line.sessionId ?? '')?.[1] ?? Number.NaN);
    if (line.sessionId === null || line.client === '[local]') continue;
    const truth = real.get(port);
    assert.ok(truth !== undefined && truth.client === line.client, log);
    assert.ok(line.user === null || line.user === truth.user, log);
    assert.ok(line.database === null || line.database === truth.database, log);
    judged++;
  }
  assert.ok(judged > 60, `${judged}`);
});

test('every recorded record is a record with its text, and none is rejected', () => {
  for (const record of records) {
    const decoded = decodeMessage(Buffer.from(JSON.stringify({ records: [record] })), { prefixes: [] });
    assert.deepEqual([decoded.records.length, decoded.rejects.length], [1, 0], record.log);
    assert.equal(decoded.records[0]!.category, 'PostgreSQLFlexPGBouncer');
  }
});
