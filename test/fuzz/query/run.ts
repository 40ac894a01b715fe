/**
 * Runs generated statements in the sandbox and looks for a way out: `npm run fuzz:query -- --count 100000 --seed 1`.
 *
 * Beside the data lies a file with a secret, and a port that nobody may call. In the end nothing has changed, nothing was read,
 * nobody has called, and the process that asked lives. Ends with code 1 otherwise, naming the statement where it knows it.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { messageOf, PgvigilError } from '../../../src/errors.ts';
import { readViews } from '../../../src/query/catalog.ts';
import { allowedFunctions } from '../../../src/query/guard.ts';
import { openReader } from '../../../src/query/reader.ts';
import { Sandbox } from '../../../src/query/sandbox/sandbox.ts';
import { databasePath } from '../../../src/store/database.ts';
import { sampleFolder } from '../../query/sample-store.ts';
import { Random } from '../random.ts';
import { Statements, type Vocabulary } from './statements.ts';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '100000' }, seed: { type: 'string', default: '1' } },
});
const count = Number(values.count);
const PROCESSES = 2;
const TIME_LIMIT_MS = 300;
/** An answer takes as long as its limits let it, and a little on top. */
const SLOWEST_MS = 30_000;

const secret = randomBytes(12).toString('hex');
const outside = await mkdtemp(join(tmpdir(), 'pgvigil-outside-'));
await writeFile(join(outside, 'secret.csv'), `a,b\n1,${secret}\n`);
await writeFile(join(outside, 'secret.json'), JSON.stringify({ a: secret }));
let calls = 0;
const port = createServer((socket) => {
  calls++;
  socket.destroy();
}).listen(0, '127.0.0.1');
await once(port, 'listening');
const address = port.address() as { port: number };

const folder = await sampleFolder();
const path = databasePath(folder.dataDir);
const sandbox = new Sandbox({
  dataDir: folder.dataDir,
  // The file itself, kept open: opening it anew for each statement would take most of the time.
  states: { exclusive: false, take: async () => ({ path }), giveBack: async () => undefined },
  processes: PROCESSES,
  memoryMb: 256,
});

async function vocabulary(): Promise<Vocabulary> {
  const reader = await openReader(folder.dataDir);
  const views = await readViews(reader);
  const column = async (sql: string) => {
    const found: string[] = [];
    for await (const [value] of (await reader.trusted(sql)).rows) found.push(String(value));
    return found;
  };
  try {
    return {
      functions: await column('SELECT DISTINCT function_name FROM duckdb_functions() ORDER BY 1'),
      settings: await column('SELECT name FROM duckdb_settings() ORDER BY 1'),
      relations: [
        ...(await column("SELECT view_name FROM duckdb_views() WHERE schema_name = 'main' ORDER BY 1")),
        ...(await column(
          "SELECT 'store.' || table_name FROM duckdb_tables() WHERE schema_name = 'store' ORDER BY 1",
        )),
        ...['duckdb_settings', 'pg_catalog.pg_class', 'information_schema.tables', 'sqlite_master'],
      ],
      columns: await column(
        "SELECT DISTINCT column_name FROM duckdb_columns() WHERE schema_name = 'main' AND table_name IN ('activity', 'sessions') ORDER BY 1",
      ),
      views: new Map(views.map(({ name, columns }) => [name, columns])),
      allowed: [...allowedFunctions()],
      types: [
        'VARCHAR',
        'BIGINT',
        'TIMESTAMP',
        'BLOB',
        'VARCHAR[]',
        'JSON',
        'STRUCT(a INT)',
        'HUGEINT',
        'UUID',
      ],
      targets: [
        ...['secret.csv', 'secret.json', '*', 'new.csv', 'new.duckdb'].map((name) => join(outside, name)),
        ...[path, '/etc/passwd', '/proc/self/environ', '/dev/stdout'],
        `http://127.0.0.1:${address.port}/x.parquet`,
        `s3://127.0.0.1:${address.port}/x.csv`,
      ],
    };
  } finally {
    await reader.close();
  }
}

/** Everything in a folder, by name, with its content. */
async function content(of: string): Promise<string> {
  const hash = createHash('sha256');
  for (const entry of (await readdir(of, { recursive: true, withFileTypes: true })).toSorted((a, b) =>
    join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1,
  )) {
    const name = join(entry.parentPath, entry.name);
    hash.update(`${name}\0`);
    if (entry.isFile()) hash.update(await readFile(name));
  }
  return hash.digest('hex');
}

const outcomes = new Map<string, number>();
const violations: string[] = [];

function countOne(outcome: string): void {
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
}

function violated(what: string, sql: string): void {
  const violation = `${what}: ${JSON.stringify(sql.slice(0, 2_000))}`;
  console.error(violation); // at once: the run may be stopped
  violations.push(violation);
}

async function tryOne(sql: string): Promise<void> {
  const started = performance.now();
  let said = '';
  try {
    const limits = { limitRows: 200, limitBytes: 100_000, timeoutMs: TIME_LIMIT_MS };
    const answer = await sandbox.run({ sql, ...limits });
    for await (const row of answer.rows) said += JSON.stringify(row);
    countOne('answered');
  } catch (error) {
    said = messageOf(error);
    if (!(error instanceof PgvigilError)) violated(`an error of another kind (${said})`, sql);
    else if (error.code === 'QUERY_REFUSED') countOne('refused');
    else if (error.code !== 'QUERY_FAILED') violated(`${error.code} (${said})`, sql);
    else if (/process ended|did not answer/.test(said)) countOne('process ended');
    else if (/took longer|memory/i.test(said)) countOne('beyond a limit');
    else countOne('failed');
  }
  if (said.includes(secret)) violated('it read the secret', sql);
  if (performance.now() - started > SLOWEST_MS) violated('it took too long', sql);
}

const before = [await content(folder.dataDir), await content(outside)];
const statements = new Statements(new Random(Number(values.seed)), await vocabulary());
const began = performance.now();
let next = 0;
await Promise.all(
  Array.from({ length: PROCESSES }, async () => {
    while (next < count) {
      next++;
      if (next % 10_000 === 0) console.error(`${next} of ${count}`);
      await tryOne(statements.next());
    }
  }),
);
const seconds = (performance.now() - began) / 1_000;
await sandbox.close();
const after = [await content(folder.dataDir), await content(outside)];
if (after[0] !== before[0]) violations.push('the data folder has changed');
if (after[1] !== before[1]) violations.push('the folder outside has changed');
if (calls > 0) violations.push(`${calls} connections were made`);
port.close();
await folder.remove();
await rm(outside, { recursive: true });

const shown = [...outcomes].toSorted((a, b) => b[1] - a[1]).map(([name, n]) => `${n} ${name}`);
console.log(
  `${count} statements, seed ${values.seed}: ${shown.join(', ')} (${Math.round(count / seconds)}/s)`,
);
for (const violation of violations) console.log(violation);
console.log(violations.length === 0 ? 'no way out was found' : `${violations.length} violations`);
process.exitCode = violations.length === 0 ? 0 : 1;
