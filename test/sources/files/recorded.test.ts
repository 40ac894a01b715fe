import assert from 'node:assert/strict';
import { copyFile, readFile, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { LOG_LINE_PREFIX } from '../../../fixtures/logs/stage.ts';
import { decodeMessage } from '../../../src/decode/message.ts';
import { compilePrefix } from '../../../src/decode/prefix/prefix.ts';
import { temporaryFolder } from '../../store/support.ts';
import { load } from './loaded.ts';
import { assertSame, assertSameOnStderr } from './same-views.ts';
import { historyOf, Shelf } from './shelf.ts';

const recorded = (name: string) =>
  fileURLToPath(new URL(`../../../fixtures/logs/recorded/${name}`, import.meta.url));

/** A copy that has not changed for long: the last entry of a log that is being written waits. */
async function atRest(t: TestContext, name: string): Promise<string> {
  const path = join(await temporaryFolder(t), name);
  await copyFile(recorded(name), path);
  await utimes(path, new Date(0), new Date(0));
  return path;
}

test('the three logs of one server give the same activity, sessions, sign-ins and errors', async (t) => {
  const stderr = await atRest(t, 'postgresql-15.log');
  const csvlog = await load(t, [recorded('postgresql-15.csv')], []);
  assertSame(await load(t, [recorded('postgresql-15.json')], []), csvlog);
  assertSameOnStderr(await load(t, [stderr], [LOG_LINE_PREFIX]), csvlog);
});

for (const extension of ['csv', 'json', 'log'])
  test(`a recorded .${extension} decodes as it always did (UPDATE_GOLDEN=1 rewrites)`, async (t) => {
    const path = await atRest(t, `postgresql-15.${extension}`);
    const golden = recorded(`postgresql-15.${extension}.decoded.txt`);
    const shelf = new Shelf();
    await shelf.take(historyOf(path));
    const options = { prefixes: [compilePrefix(LOG_LINE_PREFIX)] };
    const lines = shelf.stored.flatMap(({ body }) => {
      const { records, rejects } = decodeMessage(body, options);
      return [
        ...records.map((record) => {
          const names = [
            record.prefixUser,
            record.prefixDatabase,
            record.prefixApplication,
            record.prefixClient,
          ];
          const session = `${record.sessionId} ${names.map((name) => name ?? '-').join('|')}`;
          const what = [record.fact?.kind ?? 'text', record.message, record.detail, record.context];
          const statement = record.fact?.kind === 'failure' ? record.fact.statement : null;
          const time = new Date(record.eventTime).toISOString();
          return `${time} ${session} ${record.level} ${record.sqlstate} ${JSON.stringify([...what, statement])}`;
        }),
        ...rejects.map(({ code, reason }) => `reject ${code} ${reason}`),
      ];
    });
    const actual = `${lines.join('\n')}\n`;
    if (process.env.UPDATE_GOLDEN === '1') await writeFile(golden, actual);
    assert.equal(actual, await readFile(golden, 'utf8'));
  });
