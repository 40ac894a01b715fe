/** The promise: a crash at any instant costs nothing. Rows and alerts are those of an undisturbed run. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readLabels, readRecording } from '../../src/demo/recording.ts';
import { loadDetectors } from '../../src/detect/detector.ts';
import type { Cell } from '../../src/query/values.ts';
import { SEED } from '../support/seed.ts';
import { WorkerRig } from '../support/worker-process.ts';

/** How often the worker is killed; a long run sets more. */
const KILLS = Number(process.env.PGVIGIL_KILLS ?? 5);

/** What must not depend on how often the worker died: everything but ids of arrival and times of the clock. */
const OUTCOME = `
  SELECT 'records', count(*)::VARCHAR, md5(string_agg(md5(concat_ws('|', partition, sequence_number, record_index, event_time, session_id, message, detail)), '' ORDER BY partition, sequence_number, record_index)) FROM store.records
  -- A process that starts tells again of the sessions that it sees: rows that say nothing new.
  UNION ALL SELECT 'connection_events', count(*)::VARCHAR, NULL FROM store.connection_events WHERE event <> 'seen'
  UNION ALL SELECT 'sessions', count(*)::VARCHAR, md5(string_agg(s::VARCHAR, '' ORDER BY server, session_id)) FROM sessions s
  UNION ALL SELECT 'activities', count(*)::VARCHAR, NULL FROM store.activities
  UNION ALL SELECT 'statements', count(*)::VARCHAR, md5(string_agg(statement_hash, '' ORDER BY statement_hash)) FROM store.statements
  UNION ALL SELECT 'rejects', count(*)::VARCHAR, NULL FROM store.rejects
  UNION ALL SELECT 'gaps', count(*)::VARCHAR, NULL FROM store.gaps
  UNION ALL SELECT 'positions', string_agg(concat(partition, ':', sequence_number), ' ' ORDER BY partition), NULL FROM store.positions
  UNION ALL SELECT 'evidence', count(*)::VARCHAR, NULL FROM store.evidence
  UNION ALL SELECT concat_ws(' ', detector, server, entity, severity, first_seen, last_seen), evidence_count::VARCHAR,
    array_to_string(list_sort(sessions), ',') FROM store.alerts
  ORDER BY ALL`;

function random(seed: number): () => number {
  let state = seed % 2_147_483_647;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

/** Feeds the recording into the hub while the worker is killed `kills` times, then lets it finish. */
async function outcomeOf(kills: number): Promise<{ outcome: Cell[][]; rig: WorkerRig }> {
  const rig = await WorkerRig.create();
  try {
    const next = random(SEED);
    const messages = await readRecording();
    const labels = await readLabels();
    const { detectors } = await loadDetectors();
    const feeding = (async () => {
      for (const [index, { body }] of messages.entries()) {
        rig.hub.append(String(index % 4), Buffer.from(body));
        await sleep(kills * 25);
      }
    })();
    for (let kill = 0; kill < kills; kill++) {
      rig.start();
      await sleep(900 + next() * 1_800);
      await rig.end('SIGKILL');
    }
    await feeding;
    rig.start();
    await rig.until('SELECT count(*) FROM store.records', labels.records);
    await rig.until(
      `SELECT count(*) = ${detectors.filter(({ mode }) => mode !== 'off').length} AND bool_and(last_record_id = (SELECT max(record_id) FROM store.records)
         AND watermark = (SELECT max(event_time) FROM store.records)) FROM store.detector_state`,
      true,
    );
    await rig.until(`SELECT count(*) FROM store.outbox WHERE state <> 'delivered'`, 0);
    assert.equal(await rig.end('SIGTERM'), 0, rig.log);
    return { outcome: await rig.rows(OUTCOME), rig };
  } catch (error) {
    await rig.close();
    throw error;
  }
}

test(`a worker that is killed ${KILLS} times ends with the rows and alerts of an undisturbed one (seed ${SEED})`, async () => {
  const undisturbed = await outcomeOf(0);
  await undisturbed.rig.close();
  const killed = await outcomeOf(KILLS);
  try {
    assert.deepEqual(killed.outcome, undisturbed.outcome);

    const alerts = (await killed.rig.rows('SELECT alert_id FROM store.alerts ORDER BY 1')).flat();
    const received = new Set(killed.rig.receiver.alerts.map(({ data }) => data.id));
    assert.deepEqual([...received].sort(), alerts, 'every alert reached the receiver');
    const opened = killed.rig.receiver.alerts.filter(({ type }) => type === 'alert.opened');
    assert.equal(opened.length, alerts.length, 'no alert was opened twice at the receiver');
    assert.ok(
      killed.rig.receiver.requests.every(({ status }) => status === 204),
      'every request was signed',
    );
  } finally {
    await killed.rig.close();
  }
});
