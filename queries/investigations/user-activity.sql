/*---
name: user-activity
title: What a user did
topic: users
question: What did this user do, and when?
how_to_read: In the order in which each thing was done first in its session; times counts repeats with other values. error is what the server answered where it refused.
parameters:
  user: { type: text, required: true, example: svc_wiki, help: "Role that signed in." }
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 24h, help: "First moment (UTC), or so long before the newest event.", example: "2026-11-24T17:07" }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
SELECT
  min(event_time) AS first_time,
  max(event_time) AS last_time,
  server,
  database_name,
  client,
  application,
  session_id,
  command,
  count(*) AS times,
  sum(row_count) AS row_count,
  message AS error,
  normalized AS statement
FROM activity
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND user_name = $user
GROUP BY server, database_name, client, application, session_id, command, message, normalized
UNION ALL
SELECT
  event_time, event_time, server, database_name, client, application, session_id, 'sign-in', 1, NULL,
  CASE WHEN outcome <> 'success' THEN concat_ws(', ', outcome, reason) END,
  concat_ws(' ', 'by', method, CASE WHEN tls THEN tls_version WHEN NOT tls THEN 'without encryption' END)
FROM sign_ins
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND user_name = $user
ORDER BY first_time, session_id, last_time, command, statement, error
