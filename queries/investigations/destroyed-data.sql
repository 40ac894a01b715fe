/*---
name: destroyed-data
title: Destroyed data
topic: data
question: Which tables were dropped or emptied, and by whom?
how_to_read: One row for each session, the newest first. Many tables within seconds by an account that never did so before is how sabotage and ransom look; a migration drops few, and is known.
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
  -- pgaudit tells of each object that falls with a table; a failure may have no number.
  count(DISTINCT coalesce(statement_id, -record_id)) FILTER (list_contains(flags, 'drop_data') AND NOT list_contains(flags, 'truncate')) AS drops,
  count(DISTINCT coalesce(statement_id, -record_id)) FILTER (list_contains(flags, 'truncate')) AS truncates,
  count(DISTINCT coalesce(statement_id, -record_id)) FILTER (list_contains(flags, 'dml_no_where')) AS changes_of_every_row,
  count(*) FILTER (NOT ok) AS failed,
  list_sort(list_distinct(flatten(list(relations_written))))[1:20] AS tables,
  bool_or(list_has_any(flags, ['ransom_name', 'ransom_text'])) AS ransom_note,
  min(event_time) AS first_time,
  session_id
FROM activity
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND list_has_any(flags, ['drop_data', 'truncate', 'drop_db', 'drop_owned', 'dml_no_where', 'ransom_name', 'ransom_text'])
  AND NOT is_platform
GROUP BY server, database_name, user_name, client, application, session_id
ORDER BY last_time DESC, server, session_id
