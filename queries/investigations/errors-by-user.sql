/*---
name: errors-by-user
title: Errors by user
topic: data
question: Whose statements failed, and of what?
how_to_read: One row for each user, client and kind of error, the most frequent first. Syntax errors (42601) of an application are a bug or an injection; undefined tables and columns (42P01, 42703) somebody who guesses names.
parameters:
  user: { type: text, default: null, help: "User; all unless given." }
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 7d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
  top: { type: number, default: 200, help: "Rows at most." }
---*/
SELECT
  server,
  user_name,
  client,
  application,
  sqlstate,
  count(*) AS times,
  count(DISTINCT message) AS different,
  arg_max(message, (event_time, record_id)) AS latest_message,
  arg_max(normalized, (event_time, record_id)) AS latest_statement,
  min(event_time) AS first_time,
  max(event_time) AS last_time
FROM errors
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND ($user::VARCHAR IS NULL OR user_name = $user)
  AND NOT is_platform
GROUP BY server, user_name, client, application, sqlstate
ORDER BY times DESC, server, user_name, client, sqlstate, application
LIMIT $top::BIGINT
