/** `pgvigil detectors test`: what holds, what does not and why, also of files of one's own. */
import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { packagePath } from '../../src/paths.ts';
import { pgvigil, workFolder } from './pgvigil.ts';

let cwd: string;
let remove: () => Promise<void>;

before(async () => {
  ({ path: cwd, remove } = await workFolder());
  await copyFile(packagePath('queries/detectors/A01-brute-force-account.sql'), join(cwd, 'mine.sql'));
});
after(() => remove());

test('a case that does not hold is shown with what is missing and what came, and the exit code is 1', async () => {
  await writeFile(
    join(cwd, 'mine.cases.yaml'),
    `- case: ten wrong passwords
  steps: [{ repeat: 10, every: 5s, refused: { user: anna, client: 10.1.2.3, reason: bad_password } }]
  alerts: [{ entity: anna@10.1.2.3 }]
- case: ten wrong passwords for somebody else
  steps: [{ repeat: 10, every: 5s, refused: { user: anna, client: 10.1.2.3, reason: bad_password } }]
  alerts: [{ entity: bert@10.1.2.3, severity: high }]
`,
  );
  const { exitCode, stdout, stderr } = await pgvigil(cwd, ['detectors', 'test', 'mine.sql']);
  assert.equal(stderr, '');
  assert.equal(exitCode, 1);
  assert.match(stdout, /^ {2}ok {6}ten wrong passwords$/m);
  assert.match(stdout, /^ {2}FAILED {2}ten wrong passwords for somebody else$/m);
  assert.match(stdout, /^ +not raised: high, bert@10\.1\.2\.3$/m);
  assert.match(stdout, /^ +raised: medium, anna@10\.1\.2\.3, evidence 10, "10 sign-ins as anna /m);
  assert.match(stdout, /^detectors: 1; cases: 2, failed: 1$/m);
});

test('a detector without cases, a broken case file and a missing file are told', async () => {
  await copyFile(join(cwd, 'mine.sql'), join(cwd, 'bare.sql'));
  const bare = await pgvigil(cwd, ['detectors', 'test', 'bare.sql']);
  assert.equal(bare.exitCode, 0);
  assert.match(bare.stdout, /write them to bare\.cases\.yaml/);
  await copyFile(join(cwd, 'mine.sql'), join(cwd, 'broken.sql'));
  await writeFile(join(cwd, 'broken.cases.yaml'), '- case: x\n  steps: []\n  alerts: []\n');
  const broken = await pgvigil(cwd, ['detectors', 'test', 'broken.sql']);
  assert.equal(broken.exitCode, 2);
  assert.match(broken.stderr, /broken\.cases\.yaml:2: 0\.steps: .*\[DETECTOR_INVALID\]/);
  const missing = await pgvigil(cwd, ['detectors', 'test', 'missing.sql']);
  assert.equal(missing.exitCode, 5);
});
