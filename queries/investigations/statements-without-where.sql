/*---
name: statements-without-where
title: Statements without WHERE
topic: data
question: Who changed or read whole tables?
how_to_read: First changes of every row, then reads without WHERE and LIMIT, each by the rows that they touched. Jobs and dumps read whole tables; the account of an application with a screen before it seldom does.
parameters:
  user: { type: text, default: null, help: "User; all unless given." }
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 24h, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
  top: { type: number, default: 200, help: "Rows at most." }
---*/
SELECT
  CASE
    WHEN list_contains(flags, 'truncate') THEN 'truncate'
    WHEN list_contains(flags, 'dml_no_where') THEN 'change of every row'
    ELSE 'read of a whole table'
  END AS what,
  server,
  database_name,
  user_name,
  list_sort(list(DISTINCT client))[1:10] AS clients,
  any_value(list_concat(relations_written, relations_read)) AS tables,
  count(*) AS times,
  count(*) FILTER (NOT ok) AS failed,
  max(row_count) AS most_rows,
  max(event_time) AS last_time,
  any_value(normalized) AS statement
FROM activity
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND ($user::VARCHAR IS NULL OR user_name = $user)
  AND (
    list_has_any(flags, ['truncate', 'dml_no_where'])
    OR (list_has_all(flags, ['no_where', 'no_limit']) AND len(relations_read) > 0 AND class = 'READ')
  )
  AND NOT is_platform
GROUP BY what, server, database_name, user_name, template_id
ORDER BY CASE what WHEN 'change of every row' THEN 0 WHEN 'truncate' THEN 1 ELSE 2 END, most_rows DESC NULLS LAST, times DESC, server, user_name, statement, database_name
LIMIT $top::BIGINT
