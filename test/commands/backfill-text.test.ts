import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerOutcome } from '../../src/backfill/outcome.ts';
import { outcomeText } from '../../src/commands/backfill-text.ts';

const HOUR = 3_600_000;
const DAY = Date.UTC(2026, 10, 1);

const quiet: ServerOutcome = {
  server: 'orders',
  records: 1_200_000,
  first: DAY,
  last: DAY + 27 * 24 * HOUR,
  silences: 0,
  longest: null,
  readiness: [
    { state: 'armed', detectors: 45 },
    { state: 'learning', detectors: 6 },
  ],
};

test('what was stored, what was not and why, and for each server the time, the holes and who watches', () => {
  const text = outcomeText(
    { records: 1_200_912, rejects: 12, copies: 88, alerts: 3 },
    {
      servers: [
        quiet,
        {
          ...quiet,
          server: 'billing',
          records: 912,
          silences: 1,
          longest: { from: DAY + HOUR, to: DAY + 6 * HOUR },
          readiness: [],
        },
        { ...quiet, server: 'old', silences: 3, longest: { from: DAY + HOUR, to: DAY + 30 * HOUR } },
      ],
      rejects: [
        { code: 'INVALID_JSON', rejects: 10 },
        { code: 'BAD_TIME', rejects: 2 },
      ],
    },
    '/data',
  );
  assert.equal(
    text,
    [
      '1,200,912 records stored, 12 rejects (10 INVALID_JSON, 2 BAD_TIME), 88 copies left out, 3 new alerts in /data',
      '  orders: 1,200,000 records from 2026-11-01 00:00 to 2026-11-28 00:00 UTC; detectors: 45 armed, 6 learning',
      '  billing: 912 records from 2026-11-01 00:00 to 2026-11-28 00:00 UTC',
      '    nothing from 2026-11-01 01:00 to 2026-11-01 06:00',
      '  old: 1,200,000 records from 2026-11-01 00:00 to 2026-11-28 00:00 UTC; detectors: 45 armed, 6 learning',
      '    3 times an hour or more without a line, the longest from 2026-11-01 01:00 to 2026-11-02 06:00',
      'See why: pgvigil query "SELECT code, reason, count(*) FROM rejects GROUP BY ALL"',
      '',
    ].join('\n'),
  );
});

test('nothing new is said as such, and names that drive terminals are shown as text', () => {
  const nothing = { records: 0, rejects: 0, copies: 0, alerts: 0 };
  assert.match(outcomeText(nothing, { servers: [], rejects: [] }, 'd'), /^0 .*\nEverything there was stored/);
  const text = outcomeText(nothing, { servers: [{ ...quiet, server: 'a\x1b[2J\n' }], rejects: [] }, 'd');
  assert.match(text, / {2}a\\u001b\[2J\\n: /);
});
