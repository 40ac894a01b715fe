/*---
name: biggest-reads
title: Biggest reads
topic: data
question: Which statements read most rows, and who sent them?
how_to_read: One row for each user and kind of statement, by the most rows that one of them read. Needs pgaudit.log_rows; COPY of a table and cursors count as nothing, see exports.
parameters:
  user: { type: text, default: null, help: "User; all unless given." }
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 24h, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
  top: { type: number, default: 50, help: "Rows at most." }
---*/
SELECT
  max(row_count) AS most_rows,
  sum(row_count) AS all_rows,
  count(*) AS times,
  server,
  database_name,
  user_name,
  list_sort(list(DISTINCT client))[1:10] AS clients,
  list_sort(list(DISTINCT application) FILTER (application <> ''))[1:10] AS applications,
  arg_max(event_time, (row_count, event_time, record_id)) AS at_time,
  any_value(normalized) AS statement,
  arg_max(session_id, (row_count, event_time, record_id)) AS session_id
FROM activity
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND ($user::VARCHAR IS NULL OR user_name = $user)
  AND class = 'READ'
  AND row_count > 0
  AND NOT is_platform
GROUP BY server, database_name, user_name, template_id
ORDER BY most_rows DESC, all_rows DESC, server, user_name, statement, database_name
LIMIT $top::BIGINT
