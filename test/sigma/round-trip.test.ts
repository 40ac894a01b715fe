/** A detector that goes out as a Sigma rule and comes back finds what it found. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { readCases } from '../../src/detect/cases/case-file.ts';
import { loadDetectors } from '../../src/detect/detector.ts';
import { readKnown } from '../../src/sigma/database.ts';
import { Store } from '../../src/store/store.ts';
import { raiseAlerts } from '../../src/worker/detector-cases.ts';
import { emptyFolder } from '../query/sample-store.ts';
import {
  type Database,
  database,
  detector,
  exported,
  found,
  imported,
  ruleOf,
  selectWhere,
} from './support.ts';

let base: Database;
let views: Database;

before(async () => {
  base = await database();
  await base.connection.run(`
    INSERT INTO activity BY NAME
    SELECT
      row_number() OVER () AS record_id, TIMESTAMP '2026-01-01' AS event_time, u AS user_name, m AS message,
      f AS flags, o AS ok, p AS is_platform
    FROM unnest(['anna', '', 'a*b', 'a\\b', 'an_a', NULL]) AS users(u),
      unnest(['no', 'an error: anna', E'a\\nb', '', NULL]) AS messages(m),
      (VALUES (['x']), (['x', 'y']), ([]), (NULL)) AS flags(f),
      unnest([true, false, NULL]) AS oks(o), unnest([true, false]) AS platforms(p)`);
  const folder = await emptyFolder();
  const store = await Store.open(folder.dataDir);
  const connection = await store.connect();
  views = {
    connection,
    known: await readKnown(connection),
    close: async () => {
      connection.closeSync();
      await store.close();
      await folder.remove();
    },
  };
});
after(async () => {
  await base.close();
  await views.close();
});

test('detectors of pgvigil raise in their cases what they raised before', { timeout: 300_000 }, async () => {
  const { detectors } = await loadDetectors();
  for (const id of ['E01', 'A11']) {
    const original = detectors.find((one) => one.id === id)!;
    const again = await imported(views, await ruleOf(views, original));
    // What a rule has of parameters are their defaults.
    const cases = (await readCases(original.file))!.filter(
      (one) => Object.keys(one.parameters).length === 0 && one.with.length === 0,
    );
    assert.ok(cases.some((one) => one.alerts.length > 0) && cases.some((one) => one.alerts.length === 0));
    const told = (alerts: Awaited<ReturnType<typeof raiseAlerts>>) =>
      alerts.map((one) => one.map(({ server, entity, count }) => ({ server, entity, count })));
    assert.deepEqual(told(await raiseAlerts(again, cases)), told(await raiseAlerts(original, cases)), id);
    assert.equal(again.severity, original.severity);
    assert.deepEqual(again.attack, original.attack);
    assert.equal(again.tactic, original.tactic);
    assert.deepEqual(again.falsePositives, original.falsePositives);
  }
});

const question = fc.constantFrom(
  `user_name = 'anna'`,
  `user_name <> 'a*b'`,
  `user_name IN ('anna', '')`,
  `sqlstate NOT IN ('42501')`,
  `lower(user_name) = 'a\\b'`,
  `coalesce(lower(user_name), 'anna') = 'anna'`,
  `list_contains(['anna', 'a*b'], lower(user_name))`,
  `lower(user_name) IN ('an_a', 'Anna')`,
  `coalesce(lower(user_name), '') = ''`,
  `contains(lower(user_name), '*')`,
  `starts_with(lower(user_name), 'a\\')`,
  `ends_with(lower(message), 'anna')`,
  `regexp_matches(message, '^a.*n')`,
  `regexp_matches(message, 'a.b')`,
  `coalesce(regexp_matches(message, '^$'), false)`,
  `regexp_matches(lower(coalesce(message, '')), '^[a-z]*$')`,
  `coalesce(contains(lower(message), 'n'), true)`,
  `message IS NULL`,
  `user_name IS NOT NULL`,
  `list_contains(flags, 'x')`,
  `list_has_any(flags, ['y', 'z'])`,
  `len(flags) > 0`,
  `len(list_intersect(flags, ['y'])) > 0`,
  'ok',
  'is_platform',
);
const condition = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    question,
    tie('any').map((one) => `NOT (${one})`),
    tie('any').map((one) => `coalesce(${one}, false)`),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `((${a}) AND (${b}))`),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `((${a}) OR (${b}))`),
  ),
})).any;

test('a condition finds the same rows after the journey, null or not', { timeout: 300_000 }, async () => {
  let translated = 0;
  await fc.assert(
    fc.asyncProperty(condition, async (sql) => {
      const original = detector(selectWhere(sql));
      const result = await exported(base, original);
      // With heed of case under NOT there is no translation, nor for what is always true or never.
      if ('reason' in result) return;
      translated += 1;
      assert.deepEqual(await found(base, await imported(base, result.rule)), await found(base, original));
    }),
    { numRuns: 200 },
  );
  assert.ok(translated > 50, `${translated} of 200`);
});
