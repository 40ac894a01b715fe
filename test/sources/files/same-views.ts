/** What three logs of the same events have to agree in. */
import assert from 'node:assert/strict';
import type { Loaded, Row } from './loaded.ts';

const VIEWS = ['sessions', 'signIns', 'activity', 'errors', 'gaps'] as const;

/** csvlog and jsonlog say the same, to the last field. */
export function assertSame(one: Loaded, other: Loaded): void {
  assert.deepEqual(one.rejects, []);
  assert.deepEqual(other.rejects, []);
  for (const view of [...VIEWS, 'records'] as const) assert.deepEqual(one[view], other[view], view);
}

/**
 * The stderr log says what the csvlog does, but for one thing: of a session whose user name holds what looks like the end of
 * the prefix, the decoder does not believe the line that names the identity.
 */
export function assertSameOnStderr(stderr: Loaded, csvlog: Loaded): void {
  for (const view of VIEWS) assert.deepEqual(stderr[view].map(believed), csvlog[view].map(believed), view);
  assert.equal(stderr.records.length, csvlog.records.length);
  assert.ok(csvlog.errors.length >= 5 && csvlog.activity.length >= 15 && csvlog.signIns.length >= 8);
}

function believed(row: Row): Row {
  return String(row.user_name).includes('LOG:  ') ? { ...row, identity: null, method: null } : row;
}
