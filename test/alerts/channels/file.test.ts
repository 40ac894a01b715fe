import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { file } from '../../../src/alerts/channels/file.ts';
import { conforms, contextWith, send } from './conformance.ts';
import { assertGolden, GOLDEN_MESSAGES } from './golden.ts';
import { DIGEST, OPENED } from './messages.ts';

async function temporaryPath(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pgvigil-file-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'alerts.ndjson');
}

function linesOf(path: string): { id: string; text: string }[] {
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => ({ id: (JSON.parse(line) as { id: string }).id, text: line }));
}

conforms('file', {
  faults: [],
  async rig(t, changes) {
    const path = await temporaryPath(t);
    const channel = await file.open({ path }, contextWith(changes));
    return { channel, taken: () => linesOf(path), failNext: () => undefined, secrets: [] };
  },
});

describe('the file channel', () => {
  it('appends lines that hold the message as it is, for the owner alone', async (t) => {
    const path = await temporaryPath(t);
    const channel = await file.open({ path }, contextWith({}));
    await send(channel, OPENED, 'msg_1');
    await send(channel, DIGEST, 'msg_2');
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      [
        { id: 'msg_1', message: OPENED },
        { id: 'msg_2', message: DIGEST },
      ],
    );
    assert.equal((await stat(path)).mode & 0o777, 0o600);
  });

  it('writes the lines that the golden file has', async (t) => {
    const path = await temporaryPath(t);
    const channel = await file.open({ path }, contextWith({}));
    for (const [index, message] of GOLDEN_MESSAGES.entries()) await send(channel, message, `msg_${index}`);
    assertGolden('file.ndjson', await readFile(path, 'utf8'));
  });

  it('goes on in a new file after a rotation, and on a new line after half a one', async (t) => {
    const path = await temporaryPath(t);
    const channel = await file.open({ path }, contextWith({}));
    await send(channel, OPENED, 'msg_1');
    await rename(path, `${path}.1`);
    await appendFile(path, '{"id":"msg_1","mess');
    await send(channel, OPENED, 'msg_2');
    const [half, whole] = (await readFile(path, 'utf8')).trimEnd().split('\n');
    assert.equal(half, '{"id":"msg_1","mess');
    assert.equal(JSON.parse(whole ?? '').id, 'msg_2');
  });

  it('says what is wrong with a file that cannot be written, at start and later', async (t) => {
    const path = await temporaryPath(t);
    await assert.rejects(file.open({ path: join(path, 'nowhere') }, contextWith({})), {
      code: 'FILE_UNREADABLE',
    });
    const channel = await file.open({ path }, contextWith({}));
    await rm(path);
    await rm(join(path, '..'), { recursive: true });
    const result = await send(channel, OPENED);
    assert.equal(result.outcome, 'retry');
    assert.match('error' in result ? result.error : '', /ENOENT/);
  });
});
