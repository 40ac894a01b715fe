/*---
name: permission-denied
title: Permission denied
topic: privileges
question: Who tried what they may not do?
how_to_read: One row for each user, client and thing that was refused (SQLSTATE 42501), the latest first. One refusal is a mistake; many different ones by one user are somebody who looks for what is open.
parameters:
  user: { type: text, default: null, help: "User; all unless given." }
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
  message AS refused,
  count(*) AS times,
  min(event_time) AS first_time,
  arg_max(normalized, (event_time, record_id)) AS statement,
  arg_max(session_id, (event_time, record_id)) AS session_id
FROM errors
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND ($user::VARCHAR IS NULL OR user_name = $user)
  AND sqlstate = '42501'
  AND NOT is_platform
GROUP BY server, database_name, user_name, client, application, message
ORDER BY last_time DESC, server, user_name, client, refused, database_name, application
