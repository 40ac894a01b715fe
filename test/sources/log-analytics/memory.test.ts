/** The promise: memory is bounded however much a workspace holds and however much of it in an hour. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { countedRow, DAY, LATER, serviceForTests } from './rig.ts';
import { WORKSPACE } from './service.ts';

const fresh = serviceForTests();
/** Above what the process takes before it reads. */
const BOUND_BYTES = 256 * 1024 * 1024;

interface Outcome {
  bytes: number;
  messages: number;
  largest: number;
  before: number;
  most: number;
  ms: number;
}

test('a workspace is read in less memory than it holds', async (t) => {
  const service = fresh();
  // Text that compresses as little as a real one at its worst.
  const pool = randomBytes(1 << 20).toString('base64');
  // 28 MB, two thirds of them in an eighth of a second, although they count as nothing in the survey.
  const rows = Array.from({ length: 3_500 }, (_, number) => {
    const isBurst = number < 2_500;
    const time = isBurst ? DAY + 3_600_000 + Math.floor(number / 20) : DAY + number * 15_000;
    const Detail = pool.slice(number * 200, number * 200 + 8_000);
    return { ...countedRow(number, time), Detail, _BilledSize: isBurst ? 1 : 8_300 };
  });
  service.tables.set('PGSQLServerLogs', rows);
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-ca-'));
  t.after(() => rm(folder, { recursive: true }));
  const ca = join(folder, 'ca.pem');
  await writeFile(ca, service.ca);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [
      // So that it is what is held that counts, not what is left lying.
      '--max-old-space-size=64',
      '--import',
      './test/typescript.mjs',
      'test/sources/log-analytics/memory-child.ts',
      service.endpoint,
      service.token,
      WORKSPACE,
      String(LATER),
    ],
    { env: { ...process.env, NODE_EXTRA_CA_CERTS: ca } },
  );
  const { bytes, largest, before, most, ms } = JSON.parse(stdout) as Outcome;
  t.diagnostic(
    `${Math.round(bytes / 1e6)} MB in ${Math.round(ms)} ms, ${Math.round((most - before) / 1e6)} MB of memory`,
  );
  assert.ok(bytes > 28e6, `${bytes} bytes`);
  assert.ok(largest < 4 * 1024 * 1024, `a message of ${largest} bytes`);
  assert.ok(most - before < BOUND_BYTES, `${most - before} bytes`);
});
