/*---
name: rare-statements
title: Rare statements
topic: data
question: Which kinds of statements were sent only once or twice?
how_to_read: The latest first; statements that differ in literals only are one kind. Most are harmless work by hand; look for users whose work is done by an application, and for catalogs and tables that the user has no business with.
parameters:
  times: { type: number, default: 2, help: "Seen so often at most." }
  user: { type: text, default: null, example: svc_portal, help: "User; all unless given." }
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 7d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
  top: { type: number, default: 200, help: "Rows at most." }
---*/
SELECT
  max(event_time) AS last_time,
  server,
  count(*) AS times,
  list_sort(list(DISTINCT user_name)) AS users,
  list_sort(list(DISTINCT client)) AS clients,
  min(command) AS command,
  bool_and(ok) AS ok,
  arg_max(normalized, (event_time, record_id)) AS statement,
  arg_max(session_id, (event_time, record_id)) AS session_id
FROM activity
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND ($user::VARCHAR IS NULL OR user_name = $user)
  AND fingerprint IS NOT NULL
  AND NOT is_platform
GROUP BY server, fingerprint
HAVING count(*) <= $times::BIGINT
ORDER BY last_time DESC, server, statement, fingerprint
LIMIT $top::BIGINT
