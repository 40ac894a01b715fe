/** The promise: the committed recording is what the tools and the server of today say. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ATTACKS } from '../../fixtures/evaluation/attacks/program.ts';
import { recordEvaluation } from '../../fixtures/evaluation/recording.ts';
import { INSTALL_TOOLS, missingTool } from '../../fixtures/evaluation/tools.ts';
import { INSTALL_COMMAND, missingBinary } from '../../fixtures/recorder/binaries.ts';
import { templateOf } from '../fixtures/template.ts';
import { bySession, readAttacks, readEvaluationLabels } from './recordings.ts';

const missing = missingBinary() ?? missingTool();
const required = process.env.PGVIGIL_REQUIRE_REAL === '1';
const skip = missing === null || required ? false : `${missing}; ${INSTALL_COMMAND}; ${INSTALL_TOOLS}`;
if (skip !== false) process.stderr.write(`SKIPPED, no real tools: ${skip}\n`);

/** Short ones, of a tool and by hand, whose lines do not depend on chance or time. */
const SCENES = ['hydra-many-accounts', 'role-grants'];

test('a new recording says what the committed one says', { skip, timeout: 120_000 }, async () => {
  const { messages, labels } = await recordEvaluation({ program: ATTACKS, scenes: SCENES });
  const fresh = messages.flatMap(({ records }) => records);
  const kept = bySession(readAttacks());
  const committed = readEvaluationLabels().attacks;
  for (const scene of SCENES) {
    const own = new Set(labels.attacks.find(({ id }) => id === scene)!.sessions);
    const said = fresh.filter(({ properties }) => own.has(/UTC-([0-9a-f.]+)-/.exec(properties.message)![1]!));
    const before = committed
      .find(({ id }) => id === scene)!
      .sessions.flatMap((session) => kept.get(session)!)
      .map(({ properties }) => templateOf({ properties } as Parameters<typeof templateOf>[0]));
    assert.deepEqual([...new Set(said.map(templateOf))].sort(), [...new Set(before)].sort(), scene);
  }
});
