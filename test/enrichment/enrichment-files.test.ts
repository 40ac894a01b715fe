import assert from 'node:assert/strict';
import { mkdtemp, rm, unlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { describeAddress } from '../../src/enrichment/describe.ts';
import { EnrichmentFiles, type EnrichmentSettings } from '../../src/enrichment/enrichment-files.ts';
import { mmdbFile } from './mmdb-writer.ts';

const JUNE = Date.UTC(2026, 5, 1);

async function folderOf(
  t: TestContext,
): Promise<(name: string, content: string | Buffer, time?: number) => Promise<string>> {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-enrichment-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  let writes = 0;
  return async (name, content, time = Date.now() + 1000 * ++writes) => {
    const path = join(folder, name);
    await writeFile(path, content);
    await utimes(path, time / 1000, time / 1000);
    return path;
  };
}

function settings(enrichment: Partial<EnrichmentSettings['enrichment']>): EnrichmentSettings {
  return { enrichment: { providers: [], threatLists: [], ...enrichment }, networks: [] };
}

test('files tell their entries and the date of their data', async (t) => {
  const write = await folderOf(t);
  const files = await EnrichmentFiles.open(
    settings({
      country: await write(
        'country.mmdb',
        mmdbFile({ '203.0.113.0/24': { country_code: 'DE' } }, { made: JUNE }),
      ),
      providers: [
        await write(
          'ServiceTags_Public_20260601.json',
          '{"values":[{"properties":{"addressPrefixes":["203.0.113.0/24"]}}]}',
        ),
        await write(
          'ip-ranges.json',
          '{"createDate":"2026-06-01-00-00-00","prefixes":[{"ip_prefix":"198.51.100.0/24","region":"x"}]}',
        ),
      ],
      threatLists: [{ name: 'tor', path: await write('tor.txt', '203.0.113.5\n', JUNE) }],
    }),
  );
  assert.deepEqual(
    files.status.map(({ kind, name, entries, date, problems }) => [
      kind,
      name,
      entries > 0,
      date,
      problems.length,
    ]),
    [
      ['country', 'country.mmdb', true, JUNE, 0],
      ['provider', 'ServiceTags_Public_20260601.json', true, JUNE, 0],
      ['provider', 'ip-ranges.json', true, JUNE, 0],
      ['threat list', 'tor', true, JUNE, 0],
    ],
  );
  const facts = describeAddress('203.0.113.5', files.sources);
  assert.deepEqual(
    [facts.country, facts.provider, facts.lists, facts.listsAsOf],
    ['DE', 'azure', ['tor'], JUNE],
  );
  assert.equal(describeAddress('198.51.100.1', files.sources).provider, 'aws');
});

test('a broken file is named with code, file and line, and the others work', async (t) => {
  const write = await folderOf(t);
  const good = await write('good.txt', '203.0.113.5\n');
  const half = await write('half.txt', '203.0.113.6\nnonsense\n');
  const files = await EnrichmentFiles.open(
    settings({
      country: await write('country.mmdb', 'no database'),
      asn: join(good, 'missing'),
      providers: [await write('broken.json', '{')],
      threatLists: [good, half].map((path) => ({ name: path.slice(-8, -4), path })),
    }),
  );
  const problems = files.status.flatMap(({ problems }) => problems);
  assert.deepEqual([...new Set(problems.map(({ code }) => code))], ['ENRICHMENT_INVALID']);
  assert.deepEqual(
    files.status.map(({ entries, problems }) => `${entries} ${problems.length}`),
    ['0 1', '0 1', '0 1', '1 0', '1 1'],
  );
  assert.match(problems[3]!.message, /half\.txt:2: "nonsense" is no address/);
  assert.deepEqual(describeAddress('203.0.113.6', files.sources).lists, ['half']);
});

test('a file that changes is read again; one that breaks or goes away leaves what it held', async (t) => {
  const write = await folderOf(t);
  const path = await write('tor.txt', '203.0.113.5\n');
  const files = await EnrichmentFiles.open(settings({ threatLists: [{ name: 'tor', path }] }));
  const lists = () =>
    ['203.0.113.5', '203.0.113.6'].map((client) => describeAddress(client, files.sources).lists.length);
  const first = files.version;
  assert.equal(await files.refresh(), false);
  assert.deepEqual(lists(), [1, 0]);

  await write('tor.txt', '203.0.113.6\n');
  assert.equal(await files.refresh(), true);
  assert.deepEqual(lists(), [0, 1]);
  const second = files.version;
  assert.notEqual(second, first);

  await write('tor.txt', '<html>Too many requests</html>\n');
  assert.equal(await files.refresh(), false);
  assert.deepEqual([lists(), files.version, files.status[0]!.problems.length > 0], [[0, 1], second, true]);

  await unlink(path);
  assert.equal(await files.refresh(), false);
  assert.deepEqual(lists(), [0, 1]);
  assert.match(files.status[0]!.problems[0]!.message, /ENOENT/);

  await write('tor.txt', '# nothing any more\n');
  assert.equal(await files.refresh(), true);
  assert.deepEqual([lists(), files.status[0]!.problems], [[0, 0], []]);
});
