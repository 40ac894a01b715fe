import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AllowRequest, entryOf } from '../../../src/alerts/allow-list/request.ts';
import type { PgvigilError } from '../../../src/errors.ts';

const NOW = Date.UTC(2026, 2, 1, 12);
const DAY = 86_400_000;
const DETECTORS = [
  { id: 'A01', name: 'auth.brute_force_account' },
  { id: 'X01', name: 'exfil.bulk_dump' },
];

const ALLOW: AllowRequest = {
  kind: 'allow',
  detector: 'X01',
  server: null,
  user: 'etl',
  client: null,
  database: null,
  application: null,
  entity: null,
  relation: null,
  fingerprint: null,
  reason: 'nightly export',
  author: 'dba_alice',
  startsAt: null,
  expiresAt: NOW + 30 * DAY,
};
const WINDOW: AllowRequest = {
  ...ALLOW,
  kind: 'suppress',
  user: null,
  server: 'pg-1',
  expiresAt: NOW + DAY / 6,
};

const entry = (request: AllowRequest) => entryOf(request, DETECTORS, 'allow_1', NOW);

function refusal(request: AllowRequest): string {
  try {
    entry(request);
  } catch (error) {
    const { code, message, hint } = error as PgvigilError;
    assert.ok(hint.length > 0);
    return `${code}: ${message} ${hint}`;
  }
  return 'accepted';
}

test('an entry begins now unless told otherwise, names the detector by id and the server in lower case', () => {
  const made = entry({ ...ALLOW, detector: 'exfil.bulk_dump', server: 'PG-Prod-*', reason: ' why ' });
  assert.equal(made.detector, 'X01');
  assert.equal(made.server, 'pg-prod-*');
  assert.equal(made.startsAt, NOW);
  assert.equal(made.reason, 'why');
  assert.equal(entry({ ...ALLOW, startsAt: NOW - 60 * DAY }).startsAt, NOW - 60 * DAY);
});

test('a scope that allows too much is refused, with what to name', () => {
  const none = { ...ALLOW, user: null };
  assert.match(refusal({ ...none, detector: '*' }), /^USAGE: .*allow everything.*--user/);
  assert.match(refusal(none), /^USAGE: .*all that X01 finds.*detection\.modes: \{ X01: off \}/);
  assert.match(refusal({ ...none, detector: '*', server: 'pg-1' }), /whole server.*pgvigil suppress add/);
  assert.match(
    refusal({ ...none, detector: '*', server: 'pg-1', database: 'shop' }),
    /whole server and database/,
  );
  assert.equal(refusal({ ...none, server: 'pg-1' }), 'accepted');
  assert.equal(refusal({ ...ALLOW, detector: '*' }), 'accepted');
});

test('a name that any client can give itself is not enough', () => {
  const byName = { ...ALLOW, user: null, application: 'backup-agent' };
  assert.match(refusal(byName), /any client can give itself/);
  assert.match(refusal({ ...byName, server: 'pg-1', database: 'shop' }), /any client can give itself/);
  assert.equal(refusal({ ...byName, client: '10.1.2.3' }), 'accepted');
});

test('patterns that say nothing are refused in every field', () => {
  for (const field of [
    'server',
    'user',
    'client',
    'database',
    'application',
    'entity',
    'relation',
    'fingerprint',
  ])
    for (const pattern of ['', '*', '**'])
      assert.match(refusal({ ...ALLOW, [field]: pattern }), /says nothing/, `${field} ${pattern}`);
  assert.match(refusal({ ...ALLOW, client: '0.0.0.0/0' }), /nearly everybody/);
});

test('an end is required, lies ahead, and no more than 366 days', () => {
  assert.match(refusal({ ...ALLOW, expiresAt: null }), /no end.*--expires 90d/);
  assert.match(refusal({ ...ALLOW, expiresAt: NOW }), /in the past/);
  assert.match(refusal({ ...ALLOW, startsAt: NOW + 40 * DAY }), /ends before it begins/);
  assert.match(refusal({ ...ALLOW, expiresAt: NOW + 366 * DAY + 1 }), /more than 366 days/);
  assert.equal(refusal({ ...ALLOW, expiresAt: NOW + 366 * DAY }), 'accepted');
});

test('a detector that does not exist is met with the one that was meant', () => {
  assert.match(
    refusal({ ...ALLOW, detector: 'exfil.bulk_dumb' }),
    /^NOT_FOUND: .*Did you mean exfil\.bulk_dump\?/,
  );
  assert.match(refusal({ ...ALLOW, detector: 'A1' }), /^NOT_FOUND: .*Did you mean A01\?/);
  assert.match(refusal({ ...ALLOW, detector: 'something else' }), /detectors list/);
  // The finding that alerts are held back cannot be allowed.
  assert.match(refusal({ ...ALLOW, detector: 'G01' }), /^NOT_FOUND/);
});

test('who and why are required', () => {
  assert.match(refusal({ ...ALLOW, reason: '  ' }), /no reason/);
  assert.match(refusal({ ...ALLOW, author: '' }), /no author.*--author/);
});

test('a window is for a server or a detector, and for seven days at most', () => {
  assert.equal(refusal(WINDOW), 'accepted');
  assert.equal(refusal({ ...WINDOW, server: null }), 'accepted');
  assert.equal(refusal({ ...WINDOW, detector: '*' }), 'accepted');
  assert.match(refusal({ ...WINDOW, detector: '*', server: null }), /everything quiet/);
  assert.match(refusal({ ...WINDOW, user: 'etl' }), /not for a user.*pgvigil allow add/);
  assert.match(refusal({ ...WINDOW, expiresAt: NOW + 7 * DAY + 1 }), /7 days long at most/);
  assert.equal(refusal({ ...WINDOW, startsAt: NOW + 10 * DAY, expiresAt: NOW + 17 * DAY }), 'accepted');
});
