/** A real PostgreSQL 15 with pgaudit that logs to stderr, csvlog and jsonlog at once. */
import assert from 'node:assert/strict';
import { utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { LOG_LINE_PREFIX, type Logs, playLogs, SESSIONS } from '../../../fixtures/logs/stage.ts';
import { INSTALL_COMMAND, missingBinary } from '../../../fixtures/recorder/binaries.ts';
import { temporaryFolder } from '../../store/support.ts';
import { type Loaded, load } from './loaded.ts';
import { assertSame, assertSameOnStderr } from './same-views.ts';

const missing = missingBinary();
const required = process.env.PGVIGIL_REQUIRE_REAL === '1';
const skip = missing === null || required ? false : `${missing}; install it: ${INSTALL_COMMAND}`;
if (skip !== false) process.stderr.write(`SKIPPED, no real PostgreSQL: ${skip}\n`);

async function loadAll(t: TestContext, logs: Logs, prefixes: string[]): Promise<Record<keyof Logs, Loaded>> {
  const folder = await temporaryFolder(t);
  const one = async (name: keyof Logs, own: string[]): Promise<Loaded> => {
    const path = join(folder, name);
    await writeFile(path, logs[name]);
    await utimes(path, new Date(0), new Date(0));
    return load(t, [path], own);
  };
  return {
    stderr: await one('stderr', prefixes),
    csvlog: await one('csvlog', []),
    jsonlog: await one('jsonlog', []),
  };
}

test('a server that logs in three formats says the same in each', { skip }, async (t) => {
  const logs = await playLogs();
  const { stderr, csvlog, jsonlog } = await loadAll(t, logs, [LOG_LINE_PREFIX]);
  assertSame(jsonlog, csvlog);
  assertSameOnStderr(stderr, csvlog);
  const users = new Set(csvlog.sessions.map((row) => row.user_name));
  for (const { user } of SESSIONS) assert.ok(users.has(user), user);
});

test('a prefix that counts lines and tells seconds, in verbose, with local time, is followed too', {
  skip,
}, async (t) => {
  const prefix = '%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h,%e,%c ';
  const changes = { log_line_prefix: prefix, log_error_verbosity: 'verbose', log_timezone: 'Europe/Berlin' };
  const { stderr, csvlog, jsonlog } = await loadAll(t, await playLogs(SESSIONS.slice(0, 2), changes), [
    prefix,
  ]);
  assertSame(jsonlog, csvlog);
  assert.deepEqual(stderr.rejects, []);
  const texts = ({ activity }: Loaded) =>
    activity.map((row) => [row.sql_text, row.user_name, row.sqlstate]).sort();
  assert.deepEqual(texts(stderr), texts(csvlog));
  const start = (loaded: Loaded) => Math.floor((loaded.records[0]!.event_time as Date).getTime() / 1000);
  assert.ok(Math.abs(start(stderr) - start(csvlog)) <= 1);
  assert.ok(Math.abs(Date.now() / 1000 - start(csvlog)) < 600, 'local time is told as UTC');
});

test('a line break in a user name forges a line of the stderr log, and nothing in the others', {
  skip,
}, async (t) => {
  const forged = `2026-01-01 00:00:00.000 UTC [1] 6.1 00000 eve@db,app,::1 LOG:  AUDIT`;
  const sessions = [{ user: `${'e'}\n${forged}`.slice(0, 63), password: 'wrong' }];
  const { stderr, csvlog, jsonlog } = await loadAll(t, await playLogs(sessions), [LOG_LINE_PREFIX]);
  assertSame(jsonlog, csvlog);
  assert.equal(csvlog.signIns.filter((row) => row.user_name === sessions[0]!.user).length, 1);
  assert.ok(stderr.rejects.length > 0);
});
