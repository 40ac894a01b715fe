/*---
name: failed-sign-ins
title: Refused sign-ins
topic: sign-ins
question: Who was refused, from where and why?
how_to_read: One row for each user and client, the most refused first. Many users from one client are a spray or a scan; many clients for one user a distributed guess; bad_password of a service account often a password that was changed in one place only.
parameters:
  user: { type: text, default: null, help: "User that was asked for; all unless given." }
  client: { type: text, default: null, example: 198.51.100.23, help: "Client address; all unless given." }
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 7d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
  top: { type: number, default: 200, help: "Rows at most." }
---*/
SELECT
  server,
  user_name,
  client,
  count(*) AS refused,
  list_sort(list(DISTINCT coalesce(reason, outcome))) AS reasons,
  list_sort(list(DISTINCT database_name) FILTER (database_name IS NOT NULL))[1:10] AS databases,
  min(event_time) AS first_time,
  max(event_time) AS last_time
FROM sign_ins
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND ($user::VARCHAR IS NULL OR user_name = $user)
  AND ($client::VARCHAR IS NULL OR client = $client)
  AND outcome <> 'success'
  AND NOT is_platform
GROUP BY server, user_name, client
ORDER BY refused DESC, server, user_name, client
LIMIT $top::BIGINT
