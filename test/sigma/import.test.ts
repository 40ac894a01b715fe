/** Sigma rules as detectors: what a stranger writes stays data, what does not fit is refused, the rest is found. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { vet } from '../../src/query/guard.ts';
import { checkExpressions } from '../../src/sigma/database.ts';
import { parseRule } from '../../src/sigma/rule.ts';
import { type Database, database, found, imported, rule } from './support.ts';

let base: Database;

before(async () => {
  base = await database();
  await base.connection.run(`
    INSERT INTO activity BY NAME
    SELECT * FROM (VALUES
      (1, 'Anna', '100% sure_', ['copy_program', 'b'], '42501'),
      (2, 'bert', 'C:\\dir*', ['b'], '00000'),
      (3, NULL, 'two' || chr(10) || 'lines', [], NULL)
    ) rows(record_id, user_name, sql_text, flags, sqlstate)`);
  await base.connection.run(
    `UPDATE activity SET event_time = TIMESTAMP '2026-01-01', is_platform = false, ok = true`,
  );
});
after(() => base.close());

async function finds(detection: string): Promise<number[]> {
  return found(base, await imported(base, rule(detection)));
}

async function refuses(text: string, reason: RegExp): Promise<void> {
  await assert.rejects(imported(base, text), (error: Error) => {
    assert.match(error.message, reason);
    return true;
  });
}

test('modifiers, wildcards, lists, null and keywords find what Sigma says', async () => {
  for (const [selection, expected] of [
    ['user: ANNA', [1]],
    ['user_name|startswith: AN', [1]],
    ['usename|contains: "E"', [2]],
    ['statement|endswith: SURE_', [1]],
    ['sql_text: 100%*_', [1]],
    ['sql_text: "100?*"', [1]],
    ['sql_text: 1%sure_', []],
    ["sql_text: 'c:\\dir\\*'", [2]],
    ["sql_text: 'c:\\\\dir*'", [2]],
    ["sql_text: 'c:\\dir?'", [2]],
    ["sql_text: 'c:\\dir\\?'", []],
    ['sql_text: two*lines', [3]],
    ['sql_text|re: "^C:"', [2]],
    ['sql_text|re: "^c:"', []],
    ['sql_text|re|i: "^c:"', [2]],
    ['sql_text|re|m: ^lines$', [3]],
    ['sql_text|re|s: two.lines', [3]],
    ['sql_text|re: two.lines', []],
    ['user_name: null', [3]],
    ['user_name|exists: true', [1, 2]],
    ['user_name|exists: false', [3]],
    ['sqlstate: 00000', [2]],
    ['flags: COPY_program', [1]],
    ['flags|contains|all: [copy, b]', [1]],
    ['flags: [copy_program, b]', [1, 2]],
    ['flags: "*"', [1, 2]],
    ['ok: true', [1, 2, 3]],
    ['"|all": [sure, "100"]', [1]],
  ] as const) {
    assert.deepEqual(await finds(`  s: { ${selection} }\n  condition: s`), expected, selection);
  }
  assert.deepEqual(await finds('  words: [SURE, two]\n  condition: words'), [1, 3]);
  assert.deepEqual(await finds('  s: [{ user: anna }, { user: bert, ok: true }]\n  condition: s'), [1, 2]);
});

test('conditions bind as Sigma says, and NOT of a missing field holds', async () => {
  const selections =
    '  sel_a: { user: anna }\n  sel_b: { user: bert }\n  _not_them: { ok: true }\n  flag: { flags: b }\n  condition: ';
  for (const [condition, expected] of [
    ['sel_a or sel_b and not flag', [1]],
    ['(sel_a or sel_b) and not flag', []],
    ['not sel_a', [2, 3]],
    ['1 of sel_*', [1, 2]],
    ['all of sel_*', []],
    ['1 of them', [1, 2]],
    ['ALL OF s*_a AND NOT NOT flag', [1]],
    ['[sel_a, sel_b]', [1, 2]],
  ] as const) {
    assert.deepEqual(await finds(selections + condition), expected, condition);
  }
});

test('what does not fit is refused with the reason', async () => {
  const selection = '  s: { user: a }\n  condition: ';
  for (const [detection, reason] of [
    [
      '  s: { CommandLine: a, Image: b }\n  condition: s',
      /unknown to the view activity: CommandLine, Image$/,
    ],
    ['  s: { client|cidr: 10.0.0.0/8 }\n  condition: s', /client\|cidr/],
    ['  s: { user|cased: a }\n  condition: s', /user\|cased/],
    ['  s: { user|windash: a }\n  condition: s', /user\|windash/],
    ['  s: { user|re|contains: a }\n  condition: s', /re takes/],
    ['  s: { user|contains|startswith: a }\n  condition: s', /do not go together/],
    ['  s: { ok: perhaps }\n  condition: s', /true or false/],
    ['  s: { statement_count: "1 OR 1=1" }\n  condition: s', /whole number/],
    ['  s: { event_time: a }\n  condition: s', /cannot be matched/],
    ['  s: { user: [] }\n  condition: s', /no values/],
    ['  s: { user: { a: b } }\n  condition: s', /map or a list/],
    ['  s: &a { user: b }\n  t: *a\n  condition: s', /no YAML|alias/i],
    ['  s: { user: a, user: b }\n  condition: s', /unique/],
    ['  s: { user: "a\\0b" }\n  condition: s', /NUL/],
    [`  s: { user: ${'a'.repeat(1_001)} }\n  condition: s`, /longer than/],
    [`${selection}s | count() > 3`, /not understood/],
    [`${selection}s and`, /ends too early/],
    [`${selection}(s`, /not closed/],
    [`${selection}s s`, /nothing is expected/],
    [`${selection}t`, /no selection t/],
    [`${selection}1 of x*`, /no selection fits/],
    [`${selection}${'not '.repeat(60)}s`, /nested/],
    [`${selection}${'('.repeat(60)}s${')'.repeat(60)}`, /nested/],
  ] as const) {
    await refuses(rule(detection), reason);
  }
  await refuses(rule(`${selection}s`, 'logsource: { product: windows }'), /product windows/);
  await refuses('x'.repeat(65_537), /longer than 65536/);
  await refuses('['.repeat(60_000), /./);
  await refuses('a: 1\n---\nb: 2\n', /one document/);
  const twenty = Array.from({ length: 21 }, (_, n) => `x${n}`).join(', ');
  await refuses(rule(`  s: { user|re: [${twenty}] }\n  condition: s`), /regular expressions/);
  await assert.rejects(checkExpressions(base.connection, ['(?<=a)b']), /not one of RE2/);
});

test('what a rule says becomes neither SQL nor front matter', async () => {
  const evil = `x'; ATTACH 'a' --\n---*/\nSELECT 1 /* $since - 1\u2028\u202e`;
  const made = await imported(
    base,
    stringify({
      title: evil,
      id: evil,
      author: evil,
      references: [evil],
      falsepositives: [evil],
      logsource: { product: 'postgresql' },
      detection: {
        "s'; --": { user: evil.replaceAll('$since - 1', ''), 'sql_text|re': `'${'\\)'}` },
        condition: '1 of them',
      },
    }).replaceAll('$since - 1', ''),
  );
  await vet(base.connection, made.sql).catch((error: Error) => assert.match(error.message, /is not a view/));
  assert.deepEqual(await found(base, made), []);
  assert.equal(made.name, 'sigma.x_attach_a_select_1');
  assert.doesNotMatch(made.title + made.falsePositives[0] + made.runbook[0], /[\n\u2028\u202e]|\*\//);
});

test('level, tags and id are carried over', async () => {
  const made = await imported(
    base,
    `${rule('  s: { user: a }\n  condition: s')}level: informational\ntags: [attack.privilege_escalation, attack.t1098.003, cve.2024-1]\n`,
  );
  assert.deepEqual(
    [made.id, made.severity, made.tactic, made.attack],
    ['Z02', 'info', 'privilege-escalation', ['T1098.003']],
  );
});

const text = fc.oneof(
  fc.string({ maxLength: 20 }),
  fc.string({ unit: fc.constantFrom(...`'"\\*?%_$;-(a`), maxLength: 12 }),
);
const scalars = fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 }));
const item = fc.tuple(
  fc.constantFrom('user', 'flags', 'sql_text', 'sqlstate', 'kinds'),
  fc.constantFrom('', '|contains', '|startswith', '|endswith', '|contains|all'),
  scalars,
);
const selection = fc
  .array(item, { minLength: 1, maxLength: 3 })
  .map((items) => Object.fromEntries(items.map(([field, modifier, value]) => [field + modifier, value])));

test('whatever a rule of the subset says, DuckDB takes the detector and the parser finds one query', async () => {
  await fc.assert(
    fc.asyncProperty(
      text,
      selection,
      scalars.map((one) => [one].flat()),
      async (title, fields, keywords) => {
        const file = stringify({
          title: `t${title}`,
          logsource: { product: 'postgresql', service: 'pgaudit' },
          detection: { a: fields, b: keywords, condition: 'a or not b' },
        });
        if (file.includes('\\0') || JSON.stringify([fields, keywords]).includes('\\u0000')) return;
        parseRule(file);
        await found(base, await imported(base, file));
      },
    ),
    { numRuns: 100 },
  );
});
