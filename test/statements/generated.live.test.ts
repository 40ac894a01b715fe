/** The generated statements before a real PostgreSQL 15: it finds a syntax error where our parser finds one, and nowhere else. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loadModule, parseSync } from 'libpg-query';
import pg from 'pg';
import { findBinaries, INSTALL_COMMAND, missingBinary } from '../../fixtures/recorder/binaries.ts';
import { type Cluster, startCluster } from '../../fixtures/recorder/cluster.ts';
import { PLATFORM_ROLE } from '../../fixtures/recorder/settings.ts';
import { Random } from '../fuzz/random.ts';
import { blankComments } from './generator/blank-comments.ts';
import { generatedCorpus } from './generator/generate.ts';
import { mutateLiterals } from './generator/mutate.ts';

const missing = missingBinary();
const required = process.env.PGVIGIL_REQUIRE_REAL === '1';
const skip = missing === null || required ? false : `${missing}; install it: ${INSTALL_COMMAND}`;
if (skip !== false) process.stderr.write(`SKIPPED, no real PostgreSQL: ${skip}\n`);

/** Parts of the server that read a text; whatever comes later has understood it. */
const READERS: readonly string[] = ['scan.l', 'gram.y', 'parser.c', 'scansup.c'];

/** Syntax that the server knows already. */
const statements = generatedCorpus()
  .filter(({ since }) => since <= 15)
  .map(({ sql }) => sql);

before(loadModule);

/** Hands a text to the server for parsing only: nothing is run. @returns its complaint about the syntax, or null */
function complaintOf(client: pg.Client, text: string): Promise<string | null> {
  return new Promise((resolve) => {
    client.query({
      submit(connection: pg.Connection) {
        connection.parse({ text, name: '', types: [] }, false);
        connection.sync();
      },
      handleError: ({ file, message }: pg.DatabaseError) =>
        resolve(READERS.includes(file ?? '') ? message : null),
      handleReadyForQuery: () => resolve(null),
    } as pg.Submittable);
  });
}

/** The complaint of our parser; a comment alone is no reason for one. */
function ourComplaint(text: string): string | null {
  let complaint: string | null = null;
  for (const attempt of [() => text, () => blankComments(text)])
    try {
      parseSync(attempt());
      return null;
    } catch (error) {
      complaint ??= error instanceof Error ? error.message : 'refused';
    }
  return complaint;
}

async function connect(cluster: Cluster): Promise<pg.Client> {
  const { authority, platform } = cluster.certificates;
  const client = new pg.Client({
    ...{ host: '127.0.0.1', port: cluster.port, user: PLATFORM_ROLE, database: 'postgres' },
    ssl: { ca: authority.certificate, key: platform.key, cert: platform.certificate },
  });
  await client.connect();
  return client;
}

test('PostgreSQL 15 and our parser refuse the same statements and mutants', {
  skip,
  timeout: 120_000,
}, async () => {
  const random = new Random(21);
  const mutants = statements.map((sql) => mutateLiterals(sql, random, { modern: false }));
  const cluster = await startCluster(findBinaries());
  try {
    const client = await connect(cluster);
    let refused = 0;
    const differences: string[] = [];
    for (const text of [...statements, ...mutants]) {
      const [theirs, ours] = [await complaintOf(client, text), ourComplaint(text)];
      if (theirs !== null && ours !== null) refused += 1;
      if ((theirs === null) !== (ours === null)) differences.push(`server ${theirs}; ours ${ours}: ${text}`);
    }
    await client.end();
    assert.deepEqual(differences, []);
    assert.ok(
      statements.length > 2_500 && refused > 100,
      `${statements.length} statements, ${refused} refused`,
    );
  } finally {
    await cluster.remove();
  }
});
