/*---
name: new-clients
title: New clients
topic: sign-ins
question: Which client addresses signed in for the first time?
how_to_read: "One row for each address that had never signed in to the server before, the newest first. Known is what is stored: known_for says for how long before that time the server was watched, and where it is short every address is new."
parameters:
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 7d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
WITH successes AS (
  SELECT server, client, network, user_name, application, event_time,
    min(event_time) OVER (PARTITION BY server) AS watched_from,
    min(event_time) OVER (PARTITION BY server, network) AS network_first
  FROM sign_ins
  WHERE outcome = 'success'
    AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND NOT is_platform
)
SELECT
  min(s.event_time) AS first_time,
  s.server,
  s.client,
  any_value(s.network_first) >= $since::TIMESTAMP AS is_new_network,
  count(*) AS sign_ins,
  list_sort(list(DISTINCT s.user_name)) AS users,
  list_sort(list(DISTINCT s.application) FILTER (s.application IS NOT NULL))[1:10] AS applications,
  any_value(a.kind) AS kind,
  any_value(a.country) AS country,
  any_value(a.as_org) AS organisation,
  any_value(a.provider) AS provider,
  any_value(a.labels) AS networks,
  max(s.event_time) AS last_time,
  date_trunc('second', min(s.event_time) - any_value(s.watched_from)) AS known_for
FROM successes s
LEFT JOIN addresses a ON a.client = s.client
GROUP BY s.server, s.client
HAVING min(s.event_time) >= $since::TIMESTAMP
ORDER BY first_time DESC, s.server, s.client
