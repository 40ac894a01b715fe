import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it, type TestContext } from 'node:test';
import { inspect } from 'node:util';
import { AuthenticationError, CredentialUnavailableError } from '@azure/identity';
import type { ChannelContext } from '../../../src/alerts/channels/channel.ts';
import type { Identity } from '../../../src/alerts/channels/identity.ts';
import { openSentinel, sentinel } from '../../../src/alerts/channels/sentinel.ts';
import { sentinelRow } from '../../../src/alerts/channels/sentinel-row.ts';
import { PgvigilError } from '../../../src/errors.ts';
import { packagePath } from '../../../src/paths.ts';
import { NOW } from '../support.ts';
import { conforms, contextWith, send } from './conformance.ts';
import { assertGolden } from './golden.ts';
import { DIGEST, HOSTILE_MESSAGE, LARGEST_MESSAGE, MESSAGES, OPENED } from './messages.ts';
import { type Answer, HTTP_FAULTS, HttpReceiver, type Received } from './receiver.ts';

const RULE = 'dcr-0123456789abcdef0123456789abcdef';
const STREAM = 'Custom-PgvigilAlerts_CL';
const TOKEN = 'eyJhbGciOiJub25lIn0.a-token-of-this-test.signature';
const SECRET = 'a-client-secret~of-this-test';

interface Column {
  name: string;
  type: string;
}

const docs = readFileSync(packagePath('docs/sentinel.md'), 'utf8');
const [template, analyticsRule] = [...docs.matchAll(/```json\n([\s\S]*?)```/g)].map(
  ([, text]) => JSON.parse(text ?? '') as Template,
) as [Template, Template];
interface Template {
  variables: { columns: Column[] };
}
const columns = template.variables.columns;

/** Answers as the service does, which knows the columns of the rule in the documentation. */
function answerOf({ method, path, headers, body }: Received): Answer {
  if (method !== 'POST') return { status: 405 };
  if (headers.authorization !== `Bearer ${TOKEN}`) return failed(401, 'InvalidToken', 'The token is invalid');
  const { pathname, searchParams } = new URL(path, 'https://localhost');
  const isKnown = pathname === `/dataCollectionRules/${RULE}/streams/${STREAM}`;
  if (!isKnown || searchParams.get('api-version') !== '2023-01-01') {
    return failed(404, 'NotFound', 'Data collection rule or stream was not found');
  }
  if (headers['content-encoding'] !== 'gzip' || headers['content-type'] !== 'application/json') {
    return failed(400, 'InvalidRequest', 'The body is not JSON');
  }
  if (Buffer.byteLength(body) > 1024 * 1024) return failed(413, 'ContentLengthLimitExceeded', 'Too large');
  const rows = JSON.parse(body) as Record<string, unknown>[];
  for (const row of rows) {
    const wrong = columns.find(({ name, type }) => !fits(row[name], type));
    if (wrong !== undefined) return failed(400, 'InvalidRecord', `${wrong.name} is not ${wrong.type}`);
  }
  return { status: 204 };
}

function failed(status: number, code: string, message: string): Answer {
  const headers = { 'content-type': 'application/json' };
  return { status, headers, text: JSON.stringify({ error: { code, message } }) };
}

function fits(value: unknown, type: string): boolean {
  if (value === null) return true;
  if (type === 'dynamic') return Array.isArray(value);
  if (type === 'long') return Number.isInteger(value);
  if (type === 'real') return typeof value === 'number';
  if (type === 'datetime') return typeof value === 'string' && !Number.isNaN(Date.parse(value));
  return type === 'string' && typeof value === 'string';
}

const IDENTITY: Identity = {
  credential: {
    getToken: () => Promise.resolve({ token: TOKEN, expiresOnTimestamp: Date.now() + 3_600_000 }),
  },
  secrets: [SECRET],
};

async function open(
  t: TestContext,
  check = answerOf,
  changes: Partial<ChannelContext> = {},
  identity: Identity = IDENTITY,
) {
  const receiver = await HttpReceiver.start(t, check, { tls: true });
  const channel = await openSentinel(
    { endpoint: receiver.origin, ruleId: RULE, stream: STREAM },
    contextWith({ ca: receiver.ca, ...changes }),
    identity,
  );
  t.after(() => channel.close());
  return { receiver, channel };
}

conforms('sentinel', {
  // The service answers 204, which has no body to come slowly.
  faults: HTTP_FAULTS.filter((fault) => fault !== 'drip'),
  async rig(t, changes) {
    const { receiver, channel } = await open(t, answerOf, changes);
    return {
      channel,
      taken: () =>
        receiver.taken.map(({ body }) => {
          const [row] = JSON.parse(body) as { MessageId: string }[];
          return { id: row?.MessageId ?? '', text: body };
        }),
      failNext: (...faults) => receiver.failNext(...faults),
      secrets: [TOKEN, SECRET],
    };
  },
});

describe('a row of Sentinel', () => {
  for (const type of ['alert.opened', 'alert.closed', 'alert.digest'] as const) {
    it(`for ${type} is as the golden file has it`, () => {
      const row = sentinelRow(MESSAGES[type], 'msg_1', new Date(NOW));
      assertGolden(`sentinel-${type.slice('alert.'.length)}.json`, JSON.stringify(row, null, 2));
    });
  }

  it('has the columns of the table and the data collection rule in the documentation', () => {
    const names = columns.map(({ name }) => name);
    for (const message of [...Object.values(MESSAGES), HOSTILE_MESSAGE, LARGEST_MESSAGE]) {
      const row: Record<string, unknown> = sentinelRow(message, 'msg_1', new Date(NOW));
      assert.deepEqual(Object.keys(row), names);
      for (const { name, type } of columns) assert.ok(fits(row[name], type), `${name} is not ${type}`);
    }
    const described = [...docs.matchAll(/^\| (\w+) \| (datetime|string|long|real|dynamic) \| ./gm)];
    assert.deepEqual(
      described.map(([, name, type]) => ({ name, type })),
      columns,
    );
  });

  it('has the columns that the analytics rule and the queries name', () => {
    const names = new Set(columns.map(({ name }) => name));
    const rule = JSON.stringify(analyticsRule);
    const named = [
      ...[...rule.matchAll(/"(?:columnName|alert\w+ColumnName)":"(\w+)"/g)],
      ...[...rule.matchAll(/\{\{(\w+)\}\}/g)],
    ].map(([, name]) => name ?? '');
    const details = /"customDetails":(\{[^}]*\})/.exec(rule)?.[1] ?? '{}';
    const customDetails = JSON.parse(details) as Record<string, string>;
    const projected = /\| project ([\w, ]+)/.exec(docs)?.[1]?.split(', ') ?? [];
    assert.ok(named.length >= 7 && Object.keys(customDetails).length >= 5 && projected.length >= 5);
    for (const name of [...named, ...Object.values(customDetails), ...projected]) {
      assert.ok(names.has(name), name);
    }
  });

  it('has a time when the message has none', () => {
    const row = sentinelRow({ ...DIGEST, timestamp: null }, 'msg_1', new Date(NOW));
    assert.equal(row.TimeGenerated, new Date(NOW).toISOString());
  });
});

describe('the sentinel channel', () => {
  it('tells the hash of the rows before they were compressed', async (t) => {
    const { receiver, channel } = await open(t);
    const result = await send(channel, OPENED);
    const [{ body, headers }] = receiver.taken as [Received];
    assert.equal(result.bodyHash, createHash('sha256').update(body).digest('hex'));
    assert.deepEqual([result.outcome, result.status], ['delivered', 204]);
    assert.match(headers['user-agent'] ?? '', /^pgvigil\/0\.1\.0 /);
  });

  it('makes one request for one attempt, and reads what the service means', async (t) => {
    const echoed = `no: ${TOKEN} ${SECRET}`;
    const cases: [Answer, string, RegExp][] = [
      [
        failed(401, 'InvalidToken', echoed),
        'retry',
        /answered 401: the token is not accepted: .* \(no: … …\)$/,
      ],
      [failed(403, 'OperationFailed', echoed), 'retry', /needs Monitoring Metrics Publisher on/],
      [failed(404, 'NotFound', echoed), 'retry', /answered 404: check endpoint, ruleId and stream/],
      [
        failed(400, 'InvalidRecord', 'Observed is not real'),
        'refused',
        /answered 400: Observed is not real$/,
      ],
      [failed(413, 'ContentLengthLimitExceeded', 'Too large'), 'refused', /answered 413: Too large$/],
      [failed(500, 'InternalServerError', 'sorry'), 'retry', /answered 500: sorry$/],
      [{ status: 200 }, 'retry', /answered 200/],
    ];
    for (const [answer, outcome, error] of cases) {
      const { receiver, channel } = await open(t, () => answer);
      const result = await send(channel, OPENED);
      assert.ok(result.outcome === outcome && 'error' in result, inspect(result));
      assert.match(result.error, error);
      assert.ok(!result.error.includes(TOKEN) && !result.error.includes(SECRET));
      assert.equal(receiver.requests.length, 1);
    }
  });

  it('waits as long as the service asks', async (t) => {
    const busy = (): Answer => ({ status: 503, headers: { 'retry-after': '60' } });
    const { receiver, channel } = await open(t, busy);
    const result = await send(channel, OPENED);
    assert.ok(result.outcome === 'retry' && result.retryAfterMs === 60_000, inspect(result));
    assert.equal(receiver.requests.length, 1);
  });

  it('says in short why there is no token, and tries again', async (t) => {
    const entra = { error: 'invalid_client', error_description: `AADSTS7000215: Invalid secret ${SECRET}` };
    for (const [error, shown] of [
      [new CredentialUnavailableError(`no managed identity ${SECRET}`), 'CredentialUnavailableError'],
      [new AuthenticationError(400, { ...entra, error_codes: [] } as never), 'AADSTS7000215'],
    ] as const) {
      const credential = { getToken: () => Promise.reject(error) };
      const { receiver, channel } = await open(t, answerOf, {}, { credential, secrets: [SECRET] });
      const result = await send(channel, OPENED);
      assert.ok(result.outcome === 'retry' && result.status === null, inspect(result));
      assert.match(result.error, new RegExp(`: no token for the identity \\(${shown}\\)$`));
      assert.equal(receiver.requests.length, 0);
    }
  });

  it('ends with its time limit and its signal, also when no token comes', async (t) => {
    const credential = { getToken: () => new Promise<never>(() => undefined) };
    const { channel } = await open(t, answerOf, { timeoutMs: 100 }, { credential, secrets: [] });
    const late = await send(channel, OPENED);
    assert.ok(late.outcome === 'retry');
    assert.match(late.error, /no answer within 100 ms$/);
    const stopped = await send(channel, OPENED, 'msg_1', AbortSignal.timeout(20));
    assert.equal(stopped.outcome, 'aborted');
  });

  it('trusts no certificate that is not given, and no private address that is not allowed', async (t) => {
    const { channel } = await open(t, answerOf, { ca: undefined });
    const untrusted = await send(channel, OPENED);
    assert.ok(untrusted.outcome === 'retry');
    assert.match(untrusted.error, /: DEPTH_ZERO_SELF_SIGNED_CERT$/);
    const { channel: guarded, receiver } = await open(t, answerOf, { allowPrivate: [] });
    const refused = await send(guarded, OPENED);
    assert.ok(refused.outcome === 'retry');
    assert.match(refused.error, /a loopback address: allow it with allowPrivate/);
    assert.equal(receiver.requests.length, 0);
  });

  it('goes through no proxy of the environment', async (t) => {
    process.env.HTTPS_PROXY = 'http://127.0.0.1:9';
    t.after(() => delete process.env.HTTPS_PROXY);
    const { channel } = await open(t);
    assert.equal((await send(channel, OPENED)).outcome, 'delivered');
  });

  it('is opened with a whole identity or the default one', async () => {
    const options = { endpoint: 'https://x.ingest.monitor.azure.com', ruleId: RULE, stream: STREAM };
    const whole = {
      tenantId: 'example.com',
      clientId: '00000000-0000-0000-0000-000000000000',
      clientSecret: { env: 'SECRET' },
    };
    for (const identity of [{}, whole]) {
      const channel = await sentinel.open({ ...options, ...identity }, contextWith({}, { SECRET }));
      assert.equal(channel.target, 'x.ingest.monitor.azure.com');
      assert.ok(!inspect(channel, { depth: 10, showHidden: true }).includes(SECRET));
      await channel.close();
    }
    await assert.rejects(
      sentinel.open({ ...options, tenantId: 'example.com' }, contextWith({})),
      (error) => error instanceof PgvigilError && error.code === 'CONFIG_INVALID',
    );
  });
});
