/** The promise: patience with a service that is busy, and a clear word about one that refuses, without a secret in it. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { inspect } from 'node:util';
import { generate } from 'selfsigned';
import { PgvigilError } from '../../../src/errors.ts';
import { countedRows, DAY, historyOf, numbersOf, Shelf, serviceForTests, upTo } from './rig.ts';
import { error, WORKSPACE } from './service.ts';

const fresh = serviceForTests();

async function refused(reading: Promise<unknown>): Promise<PgvigilError> {
  try {
    await reading;
  } catch (thrown) {
    assert.ok(thrown instanceof PgvigilError, inspect(thrown));
    return thrown;
  }
  throw new assert.AssertionError({ message: 'nothing was refused' });
}

describe('a service that is busy', () => {
  for (const [fault, status] of [
    ['throttled', 429],
    ['busy', 503],
  ] as const)
    test(`is given the time that it asks for, and this is seen (${status})`, async () => {
      const service = fresh();
      service.retryAfter = '1';
      service.fault = (number) => (number === 2 ? fault : null);
      service.tables.set('PGSQLServerLogs', countedRows(3, DAY, 1));
      const shelf = new Shelf();
      const started = performance.now();
      await shelf.read(historyOf(service));
      assert.ok(performance.now() - started >= 990);
      assert.deepEqual(numbersOf(shelf), upTo(3));
      assert.equal(shelf.events.length, 1);
      const [event] = shelf.events;
      assert.ok(
        event?.kind === 'waiting' && event.forMs === 1_000 && event.reason.includes(`HTTP ${status}`),
      );
      // A survey, rows, and rows again: the client does not repeat anything by itself.
      assert.equal(service.asked.length, 3);
    });

  test('is asked ever less often, and given up when patience ends', async () => {
    const service = fresh();
    service.fault = (number) => (number > 1 ? 'bad-gateway' : null);
    service.tables.set('PGSQLServerLogs', countedRows(3, DAY, 1));
    const shelf = new Shelf();
    const outcome = await refused(
      shelf.read(historyOf(service, { limits: { patienceMs: 200, pauseMs: 2 } })),
    );
    assert.equal(outcome.code, 'SOURCE_REFUSED');
    assert.match(outcome.message, /does not answer: HTTP 502/);
    const pauses = shelf.events.map((event) => (event.kind === 'waiting' ? event.forMs : Number.NaN));
    assert.deepEqual(
      pauses,
      pauses.map((_, index) => 2 * 2 ** index),
    );
    assert.ok(pauses.length >= 3);
    service.fault = () => null;
    await shelf.read(historyOf(service));
    assert.deepEqual(numbersOf(shelf), upTo(3));
  });

  for (const fault of ['drop', 'drop-midway', 'stall-midway', 'not-json'] as const)
    test(`is asked again when it fails with: ${fault}`, async () => {
      const service = fresh();
      service.fault = (number) => (number < 5 && number % 2 === 1 ? fault : null);
      service.tables.set('PGSQLServerLogs', countedRows(3, DAY, 1));
      const shelf = new Shelf();
      await shelf.read(historyOf(service));
      assert.deepEqual(numbersOf(shelf), upTo(3));
      assert.deepEqual(
        shelf.events.map(({ kind }) => kind),
        ['waiting', 'waiting'],
      );
    });
});

describe('a service that refuses is told with what to do', () => {
  const cases: [string, number, object | string, RegExp, RegExp][] = [
    [
      'an identity without a role',
      403,
      error('InsufficientAccessError', 'The provided credentials have insufficient access'),
      /HTTP 403: The provided credentials/,
      /Log Analytics Reader/,
    ],
    [
      'a workspace that is not there',
      404,
      error('WorkspaceNotFoundError', 'could not be found'),
      /404/,
      /not its name/,
    ],
    ['an endpoint that is another', 404, '', /404/, /endpoint/],
    ['a token for something else', 401, error('InvalidTokenError', 'wrong audience'), /401/, /audience/],
    [
      'a query that it does not take',
      400,
      error('BadArgumentError', 'x', { code: 'SyntaxError' }),
      /400/,
      /update/,
    ],
  ];
  for (const [name, status, body, message, hint] of cases)
    test(name, async () => {
      const service = fresh();
      service.refusal = { status, body };
      const outcome = await refused(new Shelf().read(historyOf(service)));
      assert.equal(outcome.code, 'SOURCE_REFUSED');
      assert.match(outcome.message, message);
      assert.ok(outcome.message.includes(WORKSPACE));
      assert.match(outcome.hint, hint);
      assert.equal(service.asked.length, 1);
    });

  test('after what could be read', async () => {
    const service = fresh();
    service.tables.set('PGSQLServerLogs', countedRows(100, DAY, 60_000));
    service.fault = (number) => {
      if (number === 3) service.refusal = { status: 403, body: error('InsufficientAccessError', 'no more') };
      return null;
    };
    const shelf = new Shelf();
    const reading = shelf.read(historyOf(service, { limits: { sliceRows: 20 } }));
    assert.match((await refused(reading)).message, /no more/);
    assert.ok(numbersOf(shelf).length > 0);
  });

  test('an identity that cannot sign in', async () => {
    const service = fresh();
    for (const name of [
      'CredentialUnavailableError',
      'AggregateAuthenticationError',
      'AuthenticationError',
    ]) {
      const credential = {
        getToken: async () => {
          throw Object.assign(new Error('nobody is signed in'), { name });
        },
      };
      const outcome = await refused(new Shelf().read(historyOf(service, { credential })));
      assert.equal(outcome.code, 'SOURCE_REFUSED');
      assert.match(`${outcome.message} ${outcome.hint}`, /nobody is signed in.*az login/);
    }
  });

  test('without the token, even where the service repeats it', async () => {
    const service = fresh();
    const leak = error('BadArgumentError', `bad header: Bearer ${service.token}`, {
      code: 'X',
      message: `token ${service.token}`,
    });
    for (const status of [400, 401, 403, 500]) {
      service.refusal = { status, body: leak };
      const shelf = new Shelf();
      const outcome = await refused(shelf.read(historyOf(service, { limits: { patienceMs: 10 } })));
      const said = inspect([outcome, shelf.events], { depth: 20, showHidden: true });
      assert.equal(said.includes(service.token), false, said);
    }
  });

  test('a certificate that nobody vouches for', async () => {
    const service = fresh();
    const { cert } = await generate([{ name: 'commonName', value: 'localhost' }], { keyType: 'ec' });
    const outcome = await refused(
      new Shelf().read(historyOf(service, { ca: cert, limits: { patienceMs: 10 } })),
    );
    assert.match(outcome.message, /self-signed certificate/);
    assert.deepEqual(service.asked, []);
  });
});

test('what cannot be right is refused before anything is asked, and stands in no query', () => {
  const service = fresh();
  const wrong = (options: object) =>
    assert.throws(() => historyOf(service, options), { name: 'PgvigilError', code: 'CONFIG_INVALID' });
  for (const workspaceId of ['', 'my-workspace', `${WORKSPACE}/../x`, `/subscriptions/0/${WORKSPACE}`])
    wrong({ workspaceId });
  for (const endpoint of ['', 'http://localhost', 'https://user:secret@host', 'https://host/v1', 'ftp://x'])
    wrong({ endpoint });
  for (const table of ['SecretTable', 'PGSQLServerLogs | union Other', 'pgsqlserverlogs'])
    wrong({ tables: [table] });
  for (const server of [
    "x' or 1 == 1 //",
    'a',
    '',
    'srv_1',
    'srv1\n| union Other',
    '-srv',
    `s${'x'.repeat(63)}`,
  ])
    wrong({ servers: [server] });
});
