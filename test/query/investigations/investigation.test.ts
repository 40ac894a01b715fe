import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { PgvigilError } from '../../../src/errors.ts';
import { bindInvestigation, NEWEST_EVENT } from '../../../src/query/investigations/bind.ts';
import {
  commandLine,
  findInvestigation,
  type Investigation,
  loadInvestigations,
  parseInvestigation,
} from '../../../src/query/investigations/investigation.ts';
import { openReader, type Reader } from '../../../src/query/reader.ts';
import { Store } from '../../../src/store/store.ts';
import { emptyFolder, type SampleFolder } from '../sample-store.ts';
import { ask } from '../vetted.ts';

const NEWEST = Date.UTC(2026, 0, 15, 12);

const FRONT_MATTER = `name: what-happened
title: What happened
topic: users
question: What happened?
how_to_read: From top to bottom.
parameters:
  user: { type: text, required: true, example: anna, help: Role. }
  server: { type: text, default: null, help: Server. }
  least: { type: number, default: 3, help: Number. }
  since: { type: time, default: 7d, help: Begin. }
  until: { type: time, default: 0s, help: End. }
`;
const SELECT = `SELECT count(*) AS n -- $nothing; of this
FROM sign_ins
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = $server) AND user_name = $user AND reason <> 'a;$b'
HAVING count(*) >= $least::BIGINT`;

const parse = (frontMatter = FRONT_MATTER, sql = SELECT, file = '/q/what-happened.sql') =>
  parseInvestigation(file, `/*---\n${frontMatter}---*/\n${sql}\n`);

/** Code and message of a refusal. */
function refusal(work: () => unknown): { code: string; message: string; hint: string } {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof PgvigilError);
    return { code: error.code, message: error.message, hint: error.hint };
  }
  throw new Error('it was taken');
}

let folder: SampleFolder;
let reader: Reader;

before(async () => {
  folder = await emptyFolder();
  await (await Store.open(folder.dataDir)).close();
  reader = await openReader(folder.dataDir);
});
after(async () => {
  await reader.close();
  await folder.remove();
});

test('a file is read: front matter, and the SELECT behind it', () => {
  const investigation = parse();
  assert.equal(investigation.sql, SELECT);
  assert.equal(investigation.howToRead, 'From top to bottom.');
  assert.deepEqual(Object.keys(investigation.parameters), ['user', 'server', 'least', 'since', 'until']);
  assert.equal(commandLine(investigation), 'pgvigil query --investigation what-happened -p user=anna');
});

test('a mistake is told with the file and the key', () => {
  const told = (...args: Parameters<typeof parse>) => {
    const { code, message } = refusal(() => parse(...args));
    assert.equal(code, 'INTERNAL');
    return message;
  };
  assert.match(told(`${FRONT_MATTER}why: no\n`), /what-happened\.sql: .*"why"/);
  assert.match(told(FRONT_MATTER.replace('topic: users', 'topic: nothing')), /topic: /);
  assert.match(told(FRONT_MATTER.replace('happened?', 'happened.')), /question: .*question mark/);
  assert.match(
    told(FRONT_MATTER.replace('required: true, ', '')),
    /parameters\.user: .*required or has a def/,
  );
  assert.match(told(FRONT_MATTER.replace('example: anna, ', '')), /parameters\.user: .*example/);
  assert.match(told(FRONT_MATTER.replace('type: number', 'type: float')), /parameters\.least\.type: /);
  assert.match(told(FRONT_MATTER, SELECT, '/q/other.sql'), /other\.sql: name: .*what-happened/);
  assert.match(told(FRONT_MATTER.replace('title: ', 'title: a: ')), /what-happened\.sql:3: /);
  assert.match(refusal(() => parseInvestigation('/q/x.sql', SELECT)).message, /x\.sql:1: .*front matter/);
});

test('parameters that only the SQL or only the front matter knows are refused, and a second statement', () => {
  const told = (...args: Parameters<typeof parse>) => refusal(() => parse(...args)).message;
  assert.match(told(FRONT_MATTER, `${SELECT} AND $more`), /\$more of the SQL is not declared/);
  assert.match(
    told(FRONT_MATTER, SELECT.replace('user_name = $user', 'true')),
    /parameters\.user: .*not use/,
  );
  assert.match(told(FRONT_MATTER, `${SELECT};`), /one statement/);
  assert.match(told(FRONT_MATTER, ''), /one statement/);
});

test('durations count back from the end of the data, and what is not given has its default', () => {
  const bound = bindInvestigation(parse(), { user: 'x=1', least: '7' }, NEWEST);
  assert.deepEqual(bound, {
    user: 'x=1',
    server: null,
    least: 7,
    since: '2026-01-08 12:00:00.001',
    until: '2026-01-15 12:00:00.001',
  });
  const times = { user: 'a', since: '2026-01-02', until: '2026-01-03T10:00+02:00' };
  const { since, until } = bindInvestigation(parse(), times, NEWEST);
  assert.deepEqual([since, until], ['2026-01-02 00:00:00.000', '2026-01-03 08:00:00.000']);
});

test('values that cannot be used are refused, with what was meant', () => {
  const told = (given: Record<string, string>) => {
    const { code, message, hint } = refusal(() => bindInvestigation(parse(), given, NEWEST));
    assert.equal(code, 'USAGE');
    assert.match(hint, /user \(required\), server, least, since, until/);
    return `${message} ${hint}`;
  };
  assert.match(told({}), /needs the parameter user/);
  assert.match(told({ user: 'a', sinse: '1d' }), /no parameter "sinse" Did you mean since\?/);
  assert.match(told({ user: 'a', constructor: 'x' }), /no parameter "constructor"/);
  assert.match(told({ user: 'a', least: '1.5' }), /least: "1.5" is no whole number/);
  assert.match(told({ user: 'a', since: 'yesterday' }), /since: "yesterday" is no time/);
  assert.match(told({ user: 'a', since: '2026-01-10', until: '2026-01-10' }), /is empty/);
});

test('a name that does not exist is told with the closest one', async () => {
  assert.equal((await findInvestigation('table-access')).title, 'Who read or changed a table');
  await assert.rejects(findInvestigation('tabel-access'), (error: PgvigilError) => {
    assert.equal(error.code, 'NOT_FOUND');
    assert.match(error.hint, /Did you mean table-access\?/);
    return true;
  });
});

test('every investigation is a query that the guard lets through, with every value left out or given', async () => {
  const all = await loadInvestigations();
  assert.ok(all.length >= 28);
  for (const investigation of all) {
    for (const given of [examples(investigation, true), examples(investigation, false)]) {
      const parameters = bindInvestigation(investigation, given, NEWEST);
      const { rows } = await ask(reader, investigation.sql, { parameters });
      for await (const row of rows) assert.fail(`${investigation.name}: ${JSON.stringify(row)}`);
    }
  }
});

test('every answer has an order', async () => {
  for (const { name, sql } of await loadInvestigations()) {
    assert.match(sql, /\nORDER BY[^()]*(\([^()]*\)[^()]*)*$/, name);
  }
});

test('a parameter of one name means one thing', async () => {
  const meanings = new Map<string, string>();
  for (const { name, parameters } of await loadInvestigations()) {
    for (const key of ['server', 'since']) {
      const help = parameters[key]?.help;
      if (help === undefined) continue;
      assert.equal(help, meanings.get(key) ?? help, name);
      meanings.set(key, help);
    }
  }
  assert.equal(meanings.size, 2);
});

test('a folder without events has no newest one', async () => {
  const { rows } = await ask(reader, NEWEST_EVENT);
  for await (const row of rows) assert.deepEqual(row, [null]);
});

function examples({ parameters }: Investigation, all: boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(parameters).flatMap(([key, { type, required, example }]) => {
      if (required) return [[key, example ?? '']];
      const typed = { text: 'x', number: '5', time: key === 'since' ? '2026-01-01' : '2026-01-09' };
      return all ? [[key, typed[type]]] : [];
    }),
  );
}
