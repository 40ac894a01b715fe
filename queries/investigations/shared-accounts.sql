/*---
name: shared-accounts
title: Shared accounts
topic: posture
question: Which accounts are used by many clients?
how_to_read: The most clients first. An account of one service has the few addresses of its hosts; one of many networks and applications is shared by people, and nobody answers for what it does.
parameters:
  clients: { type: number, default: 3, help: "Different clients at least." }
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 30d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
SELECT
  server,
  user_name,
  count(DISTINCT client) AS clients,
  count(DISTINCT network) AS networks,
  count(DISTINCT masked_name(application)) AS applications,
  count(DISTINCT identity) AS identities,
  count(*) AS sign_ins,
  list_sort(list(DISTINCT client))[1:20] AS addresses,
  list_sort(list(DISTINCT masked_name(application)) FILTER (application <> ''))[1:10] AS application_names,
  max(event_time) AS last_time
FROM sign_ins
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND outcome = 'success'
  AND NOT is_platform
GROUP BY server, user_name
HAVING count(DISTINCT client) >= $clients::BIGINT
ORDER BY clients DESC, networks DESC, server, user_name
