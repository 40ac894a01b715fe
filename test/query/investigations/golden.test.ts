/** The promise: the recordings answer each investigation as they always did. `UPDATE_GOLDEN=1` writes the answers anew. */
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packagePath } from '../../../src/paths.ts';
import { formatRows } from '../../../src/query/formats.ts';
import { bindInvestigation, NEWEST_EVENT } from '../../../src/query/investigations/bind.ts';
import {
  commandLine,
  type Investigation,
  loadInvestigations,
} from '../../../src/query/investigations/investigation.ts';
import { openReader, type Reader } from '../../../src/query/reader.ts';
import type { Rows } from '../../../src/query/result.ts';
import type { Cell } from '../../../src/query/values.ts';
import { pgvigil, RECORDING, workFolder } from '../../commands/pgvigil.ts';
import { ask } from '../vetted.ts';

const GOLDEN = packagePath('fixtures/golden/investigations');
/** Other servers, old lines, and records that cannot be read. */
const SAMPLES = packagePath('fixtures/golden/azure-samples.ndjson');
/** Longest cell that is shown: statements of pg_dump fill pages. */
const LONGEST = 120;

const investigations = await loadInvestigations();
const started = new Date().toISOString();
let reader: Reader;
let remove: () => Promise<void>;
let newest: number;

before(async () => {
  const folder = await workFolder();
  remove = folder.remove;
  const { exitCode, stderr } = await pgvigil(folder.path, ['backfill', RECORDING, SAMPLES, '-d', 'data']);
  assert.equal(exitCode, 0, stderr);
  reader = await openReader(join(folder.path, 'data'));
  const { rows } = await ask(reader, NEWEST_EVENT);
  for await (const [time] of rows) newest = Date.parse(String(time));
});
after(async () => {
  await reader?.close();
  await remove();
});

/** When something was stored is another time each time. */
function shown(cell: Cell): Cell {
  if (typeof cell !== 'string') return cell;
  if (/^\d{4}-\d\d-\d\dT/.test(cell) && cell >= started) return '(when it was stored)';
  return cell.length > LONGEST ? `${cell.slice(0, LONGEST)}…` : cell;
}

function readable({ columns, rows }: Rows): Rows {
  return {
    columns,
    rows: (async function* () {
      for await (const row of rows) yield row.map(shown);
    })(),
  };
}

async function answer(investigation: Investigation): Promise<string> {
  const given = Object.entries(investigation.parameters).flatMap(([name, { example }]) =>
    example === undefined ? [] : [[name, example]],
  );
  const parameters = bindInvestigation(investigation, Object.fromEntries(given), newest);
  const result = await ask(reader, investigation.sql, { parameters });
  let table = '';
  for await (const text of formatRows(readable(result), 'table', { terminalWidth: null })) table += text;
  const { title, question, howToRead } = investigation;
  return `# ${title}\n${question}\n\n${howToRead}\n\n\`\`\`\n$ ${commandLine(investigation)}\n${table}\`\`\`\n`;
}

for (const investigation of investigations) {
  test(`${investigation.name} answers as it did, and has something to say`, async () => {
    const text = await answer(investigation);
    assert.doesNotMatch(text, /\n\(0 rows\)\n/);
    const file = join(GOLDEN, `${investigation.name}.md`);
    if (process.env.UPDATE_GOLDEN === '1') {
      await mkdir(GOLDEN, { recursive: true });
      await writeFile(file, text);
    }
    assert.equal(text, await readFile(file, 'utf8'));
  });
}

test('no answer is left of an investigation that is gone', async () => {
  const names = investigations.map(({ name }) => `${name}.md`).sort();
  assert.deepEqual((await readdir(GOLDEN)).sort(), names);
});
