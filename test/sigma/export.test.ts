/** Detectors as Sigma rules: what is translated says the same, and what cannot be said is told. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parse } from 'yaml';
import { ruleId } from '../../src/sigma/export.ts';
import { type Database, database, detector, exported, ruleOf, selectWhere } from './support.ts';

let base: Database;

before(async () => {
  base = await database();
});
after(() => base.close());

async function reason(sql: string, more?: string): Promise<string> {
  const result = await exported(base, detector(sql, more));
  return 'reason' in result ? result.reason : `a rule: ${result.rule}`;
}

async function detection(condition: string, more?: string): Promise<Record<string, unknown>> {
  return parse(await ruleOf(base, detector(selectWhere(condition), more))).detection;
}

test('a rule has what Sigma asks for, and an id that stays', async () => {
  const rule = parse(await ruleOf(base, detector(selectWhere(`list_contains(flags, 'x')`))));
  assert.equal(rule.id, ruleId('Z01'));
  assert.match(ruleId('Z01'), /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.equal(ruleId('E01'), '4271396d-8c14-5f23-8eee-879e7a93f6c5');
  assert.deepEqual(rule.tags, ['attack.execution', 'attack.t1059.004']);
  assert.equal(rule.level, 'high');
  assert.equal(rule.status, 'experimental');
  assert.equal(rule.logsource.product, 'postgresql');
  assert.equal(rule.logsource.service, 'pgaudit');
  assert.match(rule.logsource.definition, /flags/);
  assert.deepEqual(rule.detection.selection_1, { is_platform: false, flags: 'x' });
});

test('wildcards and backslashes of a text are plain in the rule', async () => {
  const { selection_1 } = await detection(`lower(user_name) = 'a*b?c\\d'`);
  assert.deepEqual(selection_1, { is_platform: false, user_name: 'a\\*b\\?c\\\\d' });
});

test('NOT of what may be null asks that it is there', async () => {
  const { condition, filter_1, filter_2 } = await detection(`sqlstate <> '42501'`);
  assert.equal(condition, 'selection_1 and not filter_1 and not filter_2');
  assert.deepEqual([filter_1, filter_2], [{ sqlstate: null }, { sqlstate: '42501' }]);
});

test('an exception with heed of case is not exported: without it, the rule would leave out more', async () => {
  assert.match(await reason(selectWhere(`user_name <> 'Anna'`)), /^leaves out values of/);
  assert.match(await reason(selectWhere(`ok AND NOT contains(message, 'x')`)), /^leaves out values of/);
});

test('parameters have their defaults, and an empty list excepts nobody', async () => {
  const { condition, selection_1 } = await detection(
    `list_has_any(flags, $wanted) AND NOT list_contains($allowed, coalesce(user_name, ''))`,
    `parameters:
  wanted: { type: strings, default: [a, b], help: x }
  allowed: { type: strings, default: [], help: x }`,
  );
  assert.deepEqual(selection_1, { is_platform: false, flags: ['a', 'b'] });
  assert.equal(condition, 'selection_1');
});

test('columns are followed through WITH, aliases and subqueries', async () => {
  const rule = await ruleOf(
    base,
    detector(`WITH seen AS (
      SELECT *, list_contains(flags, 'x') AS marked, lower(message) AS said FROM activity a
      WHERE a.event_time > $since AND event_time <= $until AND NOT is_platform
    ), activity AS (SELECT * EXCLUDE (said), said AS spoken FROM seen WHERE ok)
    SELECT record_id FROM (SELECT * FROM activity) WHERE marked OR starts_with(spoken, 'no')`),
  );
  assert.deepEqual(parse(rule).detection, {
    selection_1: { is_platform: false, ok: true },
    selection_2: [{ flags: 'x' }, { 'message|startswith': 'no' }],
    condition: 'selection_1 and selection_2',
  });
});

test('what counts, joins, samples or looks elsewhere has no translation', async () => {
  const event = 'SELECT record_id FROM activity';
  for (const [sql, expected] of [
    [`${event} a JOIN sign_ins s USING (session_id)`, /joins/],
    [`${event}, sign_ins`, /joins/],
    [`${event} WHERE ok UNION ALL ${event}`, /unites/],
    ['SELECT user_name FROM activity WHERE ok GROUP BY user_name', /groups/],
    ['SELECT max(record_id) FROM activity WHERE ok', /counts or gathers/],
    ['SELECT record_id, unnest(flags) FROM activity WHERE ok', /several rows of one event/],
    [`${event} WHERE ok LIMIT 3`, /LIMIT/],
    ['SELECT DISTINCT user_name FROM activity WHERE ok', /DISTINCT/],
    [`${event} TABLESAMPLE 10% WHERE ok`, /sample/],
    [`${event} WHERE ok QUALIFY row_number() OVER () = 1`, /ranks/],
    [
      'WITH w AS (SELECT *, bool_or(ok) OVER () AS many FROM activity) SELECT record_id FROM w WHERE many',
      /window/,
    ],
    [`${event} WHERE (SELECT true)`, /SUBQUERY/],
    [`${event} WHERE statement_count > 3`, /compares numbers|GREATERTHAN/],
    [`${event} WHERE levenshtein(user_name, 'a') = 'x'`, /levenshtein/],
    [`${event} WHERE regexp_matches(lower(message), '[^A-Z]')`, /lower case/],
    [`${event} WHERE regexp_matches(lower(message), '[!-z]')`, /lower case/],
    [`${event} WHERE event_time > $since - INTERVAL 1 HOUR`, /./],
    ['SELECT record_id FROM notable_activity WHERE ok', /no log source/],
    ['SELECT record_id FROM nowhere WHERE ok', /nowhere/],
    [
      'WITH w AS (SELECT * RENAME (ok AS fine) FROM activity) SELECT record_id FROM w WHERE ok',
      /cannot be followed/,
    ],
    [
      'WITH w AS (SELECT * REPLACE (NOT ok AS ok) FROM activity) SELECT record_id FROM w WHERE ok',
      /cannot be followed/,
    ],
    [
      'WITH w AS (SELECT * EXCLUDE (ok) FROM activity) SELECT record_id FROM w WHERE ok',
      /cannot be followed/,
    ],
    [event, /every event/],
    [`${event} WHERE list_contains([], user_name) AND ok AND false`, /finds nothing/],
    ['SELECT FROM', /cannot be read/],
  ] as const) {
    const more = sql.includes('INTERVAL') ? 'parameters: {}\nwindow: 1h' : undefined;
    assert.match(await reason(sql, more), expected, sql);
  }
});

test('a condition that WITH repeats without end is given up', async () => {
  const steps = Array.from(
    { length: 30 },
    (_, n) => `w${n + 1} AS (SELECT *, (c${n} OR NOT c${n}) AS c${n + 1} FROM w${n})`,
  );
  const sql = `WITH w0 AS (SELECT *, ok AS c0 FROM activity), ${steps.join(', ')} SELECT record_id FROM w30 WHERE c30`;
  assert.match(await reason(sql), /too many conditions/);
});
