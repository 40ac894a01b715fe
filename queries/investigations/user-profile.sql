/*---
name: user-profile
title: What is known of a user
topic: users
question: "What does this user usually do: from where, with what, on which tables?"
how_to_read: One row for each value of an aspect, the most frequent first. A value that is rare beside the others, or whose first_time is recent, is what to look at.
parameters:
  user: { type: text, required: true, example: piotr, help: "Role." }
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 30d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
  top: { type: number, default: 15, help: "Values of each aspect at most." }
---*/
WITH ins AS (
  SELECT server, event_time, outcome, reason, client, application, database_name, method, tls_version
  FROM sign_ins
  WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND user_name = $user
), acts AS (
  SELECT server, event_time, command, sqlstate, message, relations_read, relations_written
  FROM activity
  WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND user_name = $user
), facts AS (
  SELECT 1 AS place, 'sign-in' AS aspect, server, concat_ws(', ', outcome, reason) AS value, event_time FROM ins
  UNION ALL SELECT 2, 'client', server, client, event_time FROM ins WHERE outcome = 'success'
  UNION ALL SELECT 3, 'application', server, application, event_time FROM ins WHERE outcome = 'success'
  UNION ALL SELECT 4, 'database', server, database_name, event_time FROM ins WHERE outcome = 'success'
  UNION ALL SELECT 5, 'method', server, concat_ws(', ', method, tls_version), event_time FROM ins WHERE outcome = 'success'
  UNION ALL SELECT 6, 'command', server, command, event_time FROM acts WHERE sqlstate IS NULL
  UNION ALL SELECT 7, 'reads', server, unnest(relations_read), event_time FROM acts WHERE sqlstate IS NULL
  UNION ALL SELECT 8, 'changes', server, unnest(relations_written), event_time FROM acts WHERE sqlstate IS NULL
  UNION ALL SELECT 9, 'error', server, concat_ws(' ', sqlstate, message), event_time FROM acts WHERE sqlstate IS NOT NULL
  UNION ALL
  SELECT 10, 'alert', server, concat_ws(' ', detector, title), first_seen
  FROM alerts
  WHERE first_seen >= $since::TIMESTAMP AND first_seen < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND user_name = $user
)
SELECT
  aspect,
  value,
  server,
  count(*) AS times,
  min(event_time) AS first_time,
  max(event_time) AS last_time
FROM facts
WHERE value <> ''
GROUP BY place, aspect, value, server
QUALIFY row_number() OVER (PARTITION BY place, server ORDER BY times DESC, value) <= $top::BIGINT
ORDER BY place, times DESC, value, server
