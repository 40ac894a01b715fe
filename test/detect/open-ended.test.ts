/** The promise: an account that sends more than baselines keep does not go unwatched without a word. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Learner } from '../../src/baselines/learner.ts';
import { FIRST_DAY, FOREVER, SETTINGS, sessionAt } from '../baselines/support.ts';
import { temporaryStore } from '../store/support.ts';
import { audited, DAY, detection, detectorOf, HOUR, SECOND, signIn, storedAlerts, write } from './support.ts';

/** Shapes that are kept of one account; 2,000 as shipped. */
const KEPT = 5;

test('I04: an account that became open-ended is a medium finding for a week, and then is not judged any more', async (t) => {
  const store = await temporaryStore(t);
  const learner = await Learner.open(store, SETTINGS, FOREVER, KEPT);
  const looking = detection(store, [await detectorOf('I04')], {
    learn: async (until) => {
      await learner.learn(until);
    },
  });
  const work = async (day: number, ...columns: string[]) => {
    const at = FIRST_DAY + day * DAY + HOUR;
    const who = { session: sessionAt(at, day), user: 'app_rw', client: '10.1.2.3', application: 'orders' };
    const statements = columns.map((column, n) =>
      audited(at + (n + 1) * SECOND, who, `SELECT ${column} FROM orders WHERE id = 7`),
    );
    await write(store, [...signIn(at, who), ...statements]);
    await looking.finish();
  };
  const alerts = async () =>
    (await storedAlerts(store)).map(({ severity, summary }) => `${severity}: ${summary}`);

  for (let day = 0; day < 15; day += 1) await work(day, 'total');
  assert.deepEqual(await alerts(), []);

  const flood = Array.from({ length: 2 * KEPT }, (_, n) => `c_${String.fromCharCode(97 + n)}`);
  await work(15, ...flood);
  assert.match(
    (await alerts()).join(),
    /^info: app_rw sent a statement of a shape that it never sent on 15 days/,
  );

  await work(16, 'password');
  assert.match(
    (await alerts()).at(-1)!,
    /^medium: app_rw sent more shapes of statements on 2026-03-17 than are kept; 1 were known before\. .* such as SELECT password FROM orders/,
  );
  const known = await alerts();

  for (let day = 17; day < 24; day += 1) await work(day, 'total');
  await work(24, 'phone');
  assert.deepEqual(await alerts(), known, 'after a week nothing is said of it any more');
});
