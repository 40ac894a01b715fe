/*---
name: application-use
title: Applications and who uses them
topic: sign-ins
question: Which applications signed in, as whom and from where?
how_to_read: "One row for each application, user and network; numbers in names are shown as #. The name is written by the client, so it proves nothing, but honest tools tell the truth: pgAdmin or psql as the account of a service is a person."
parameters:
  application: { type: text, default: null, example: psql, help: "Part of the name; all unless given." }
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 7d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
SELECT
  coalesce(masked_name(application), '(none)') AS application,
  server,
  user_name,
  network,
  count(*) AS sign_ins,
  list_sort(list(DISTINCT client))[1:10] AS clients,
  list_sort(list(DISTINCT database_name))[1:10] AS databases,
  min(event_time) AS first_time,
  max(event_time) AS last_time
FROM sign_ins
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND ($application::VARCHAR IS NULL OR contains(lower(coalesce(application, '')), lower($application)))
  AND outcome = 'success'
  AND NOT is_platform
GROUP BY coalesce(masked_name(application), '(none)'), server, user_name, network
ORDER BY application, server, user_name, network
