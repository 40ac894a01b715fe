/*---
name: ddl-history
title: History of the schema
topic: data
question: Which objects were created, changed and dropped, and by whom?
how_to_read: The newest first, failed ones too (ok false). Statements of one session that differ in literals only are one row.
parameters:
  object: { type: text, default: null, help: "Part of the name of an object; all unless given." }
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
  command,
  coalesce(min(relations_written[1]), min(target), min(object_name)) AS object,
  ok,
  -- pgaudit tells of each object that falls with a table.
  count(DISTINCT coalesce(statement_id, -record_id)) AS times,
  normalized AS statement,
  message AS error,
  session_id
FROM activity
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND ($object::VARCHAR IS NULL OR contains(lower(concat_ws(' ', object_name, target, array_to_string(relations_written, ' '))), lower($object)))
  AND (class = 'DDL' OR (NOT ok AND regexp_matches(kinds[1], '^(Create|Alter|Drop|Rename|Index|View|Comment|Rule|Composite)') AND NOT regexp_matches(kinds[1], 'Role')))
  AND NOT is_platform
GROUP BY server, database_name, user_name, client, application, command, ok, normalized, message, session_id
ORDER BY last_time DESC, server, session_id, statement, command, ok, error
