/** A01, A02 and A03: passwords guessed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alertsFrom, MINUTE, refusals, refused, SECOND, signIn, T0 } from './support.ts';

const ATTACKER = '203.0.113.7';
const app = { user: 'app_rw', client: ATTACKER };
const names = ['postgres', 'admin', 'root', 'test', 'azureuser', 'app', 'backup'];
const spray = (users: readonly string[], tries: number, everyMs = 20 * SECOND) =>
  users.flatMap((user, index) => refusals(T0 + index * SECOND, tries, everyMs, { user, client: ATTACKER }));

test('A01: twelve refused passwords of one account from one address in four minutes', async (t) => {
  const alerts = await alertsFrom(t, 'A01', refusals(T0, 12, 20 * SECOND, app));
  assert.equal(alerts.length, 1);
  const [alert] = alerts;
  assert.equal(alert?.entity, 'app_rw@203.0.113.7');
  assert.equal(alert?.severity, 'medium');
  assert.equal(alert?.evidence_count, 12n);
  assert.equal(alert?.observed, 12);
  assert.match(alert?.summary ?? '', /^12 sign-ins as app_rw from 203\.0\.113\.7 refused$/);
});

test('A01: a role that does not exist is guessed at with low severity', async (t) => {
  const [alert] = await alertsFrom(t, 'A01', refusals(T0, 12, SECOND, app, 'no_such_role'));
  assert.equal(alert?.severity, 'low');
  assert.match(alert?.summary ?? '', /does not exist/);
});

test('A01 is silent: one failure less, the same failures over more than the window, other addresses', async (t) => {
  assert.deepEqual(await alertsFrom(t, 'A01', refusals(T0, 9, SECOND, app)), []);
  assert.deepEqual(await alertsFrom(t, 'A01', refusals(T0, 12, 67 * SECOND, app)), []);
  const addresses = Array.from({ length: 12 }, (_, index) =>
    refused(T0 + index * SECOND, { session: `s.${index}`, user: 'app_rw', client: `203.0.113.${index}` }),
  );
  assert.deepEqual(await alertsFrom(t, 'A01', addresses.flat()), []);
});

test('A01: sign-ins that were refused for another reason are no guesses', async (t) => {
  const lines = refusals(T0, 12, SECOND, app).map((line) => {
    const fact = line.record.fact;
    if (fact?.kind !== 'connection' || fact.event !== 'failed') return line;
    return {
      ...line,
      record: { ...line.record, fact: { ...fact, event: 'rejected' as const, reason: 'no_hba' } },
    };
  });
  assert.deepEqual(await alertsFrom(t, 'A01', lines), []);
});

test('A01: the same attack on two servers is two alerts, half of it on each is none', async (t) => {
  const on = (server: string, count: number) => refusals(T0, count, SECOND, { ...app, server });
  const alerts = await alertsFrom(t, 'A01', [...on('pg-a', 10), ...on('pg-b', 10)]);
  assert.deepEqual(
    alerts.map((alert) => [alert.server, alert.evidence_count]),
    [
      ['pg-a', 10n],
      ['pg-b', 10n],
    ],
  );
  assert.deepEqual(await alertsFrom(t, 'A01', [...on('pg-a', 9), ...on('pg-b', 9)]), []);
});

test('A02: a sign-in after five refused passwords of the account', async (t) => {
  const success = signIn(T0 + 10 * MINUTE, { session: 'ok.1', ...app });
  const [alert] = await alertsFrom(t, 'A02', [...refusals(T0, 5, SECOND, app), ...success]);
  assert.equal(alert?.severity, 'high');
  assert.match(alert?.summary ?? '', /app_rw signed in from 203\.0\.113\.7 after 5 refused passwords/);
});

test('A02: a sign-in from the address that tried many accounts, with an account it had not tried', async (t) => {
  const success = signIn(T0 + 10 * MINUTE, { session: 'ok.1', user: 'reporting', client: ATTACKER });
  const [alert] = await alertsFrom(t, 'A02', [...spray(names.slice(0, 6), 1), ...success]);
  assert.equal(alert?.entity, 'reporting@203.0.113.7');
  assert.match(alert?.summary ?? '', /after 6 refused passwords for 6 accounts/);
});

test('A02 is silent: four typos, failures too long ago, success first, success elsewhere', async (t) => {
  const success = (at: number, client = ATTACKER) => signIn(at, { session: 'ok.1', user: 'app_rw', client });
  const failures = (count: number) => refusals(T0, count, SECOND, app);
  assert.deepEqual(await alertsFrom(t, 'A02', [...failures(4), ...success(T0 + MINUTE)]), []);
  assert.deepEqual(await alertsFrom(t, 'A02', [...failures(9), ...success(T0 + 61 * MINUTE)]), []);
  assert.deepEqual(await alertsFrom(t, 'A02', [...failures(9), ...success(T0 - MINUTE)]), []);
  assert.deepEqual(await alertsFrom(t, 'A02', [...failures(9), ...success(T0 + MINUTE, '198.51.100.1')]), []);
});

test('A03: one try each for seven accounts from one address', async (t) => {
  const alerts = await alertsFrom(t, 'A03', spray(names, 1));
  assert.equal(alerts.length, 1);
  const [alert] = alerts;
  assert.equal(alert?.entity, ATTACKER);
  assert.equal(alert?.observed, 7);
  assert.equal(alert?.user_name, null); // there are several
  assert.match(alert?.summary ?? '', /7 sign-ins as 7 different users/);
});

test('A03 is silent: five accounts, or six accounts over more than the window', async (t) => {
  assert.deepEqual(await alertsFrom(t, 'A03', spray(names.slice(0, 5), 2)), []);
  const slow = names
    .slice(0, 6)
    .flatMap((user, index) => refusals(T0 + index * 7 * MINUTE, 1, 0, { user, client: ATTACKER }));
  assert.deepEqual(await alertsFrom(t, 'A03', slow), []);
});

test('guessing at one account is A01 and not A03; a spray is A03 and not A01', async (t) => {
  const brute = refusals(T0, 30, SECOND, app);
  assert.deepEqual(await alertsFrom(t, 'A03', brute), []);
  assert.equal((await alertsFrom(t, 'A01', brute)).length, 1);
  const sprayed = spray(names, 2);
  assert.deepEqual(await alertsFrom(t, 'A01', sprayed), []);
  assert.equal((await alertsFrom(t, 'A03', sprayed)).length, 1);
});

test('guessing at many accounts, ten tries each, is A01 for each and not A03', async (t) => {
  const many = spray(names, 10, 10 * SECOND);
  // The first tries of all accounts together do look like a spray, so the accounts come one after the other.
  const ordered = names.flatMap((user, index) =>
    refusals(T0 + index * 3 * MINUTE, 10, SECOND, { user, client: ATTACKER }),
  );
  assert.equal((await alertsFrom(t, 'A01', many)).length, 7);
  assert.deepEqual(await alertsFrom(t, 'A03', ordered), []);
});
