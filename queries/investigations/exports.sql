/*---
name: exports
title: Exports
topic: data
question: "Who copied data out: COPY, pg_dump, cursors of dump tools?"
how_to_read: One row for each session, the latest first, with the tables that it copied. COPY of a table has no row count in the log; the number of tables and the client tell more. A backup job exports each night from the same client, others should not.
parameters:
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 7d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
SELECT
  max(event_time) AS last_time,
  server,
  database_name,
  user_name,
  client,
  application,
  count(*) FILTER (list_contains(flags, 'copy_to')) AS copies,
  count(*) FILTER (list_has_any(flags, ['copy_file', 'copy_program'])) AS to_files_or_programs,
  count(*) FILTER (list_contains(flags, 'pg_dump_cursor')) AS dump_cursors,
  count(*) FILTER (NOT ok) AS failed,
  sum(row_count) AS row_count,
  len(list_distinct(flatten(list(relations_read)))) AS tables,
  list_sort(list_distinct(flatten(list(relations_read))))[1:20] AS names,
  min(event_time) AS first_time,
  session_id
FROM activity
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND list_has_any(flags, ['copy_to', 'copy_program', 'pg_dump_cursor'])
  AND NOT is_platform
GROUP BY server, database_name, user_name, client, application, session_id
ORDER BY last_time DESC, server, session_id
