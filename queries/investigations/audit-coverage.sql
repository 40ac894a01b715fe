/*---
name: audit-coverage
title: Coverage of the audit
topic: coverage
question: Which kinds of lines does each server send, and what is in them?
how_to_read: One row for each server and kind of line; a kind without lines is not logged, or nobody did it. with_rows, with_text and with_parameters count those that carry row counts, the statement and bind values; cut ones lost their end on the way. pgvigil detectors status says what each detector lacks.
parameters:
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 7d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
WITH servers AS (
  SELECT server FROM records WHERE ($server::VARCHAR IS NULL OR server = lower($server)) GROUP BY server
), kinds AS (
  SELECT server, kind, place
  FROM servers, (VALUES
    ('sign-in', 1), ('sign-in refused', 2), ('audit READ', 3), ('audit WRITE', 4), ('audit FUNCTION', 5), ('audit ROLE', 6),
    ('audit DDL', 7), ('audit MISC', 8), ('error', 9), ('setting changed', 10)
  ) k(kind, place)
), lines AS (
  SELECT
    server, CASE WHEN source = 'error' THEN 'error' ELSE 'audit ' || class END AS kind, user_name, event_time,
    row_count IS NOT NULL AS has_rows, sql_text IS NOT NULL AS has_text, parameters IS NOT NULL AS has_parameters, truncated
  FROM activity
  WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND NOT is_platform
  UNION ALL
  SELECT
    server, CASE outcome WHEN 'success' THEN 'sign-in' ELSE 'sign-in refused' END, user_name, event_time, false, false, false, false
  FROM sign_ins
  WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND NOT is_platform
  UNION ALL
  SELECT server, 'setting changed', NULL, event_time, false, false, false, false
  FROM setting_changes
  WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
)
SELECT
  k.server,
  k.kind,
  count(l.event_time) AS lines,
  count(DISTINCT l.user_name) AS users,
  count(*) FILTER (l.has_rows) AS with_rows,
  count(*) FILTER (l.has_text) AS with_text,
  count(*) FILTER (l.has_parameters) AS with_parameters,
  count(*) FILTER (l.truncated) AS cut,
  min(l.event_time) AS first_time,
  max(l.event_time) AS last_time
FROM kinds k
LEFT JOIN lines l ON l.server = k.server AND l.kind = k.kind
GROUP BY k.server, k.kind, k.place
ORDER BY k.server, k.place
