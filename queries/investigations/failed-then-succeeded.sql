/*---
name: failed-then-succeeded
title: Failed, then succeeded
topic: sign-ins
question: Who signed in after several refused attempts?
how_to_read: One row for each sign-in that came after at least so many refusals of the same user within the time before it, the newest first. Refusals from the client that then succeeded are a guess that hit, or a person who mistyped; from many others, guessing from many places.
parameters:
  failures: { type: number, default: 3, help: "Refused attempts at least." }
  minutes: { type: number, default: 60, help: "Minutes before the sign-in that are looked at." }
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 7d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
WITH attempts AS (
  SELECT
    *,
    count(*) FILTER (outcome = 'success') OVER (
      PARTITION BY server, user_name ORDER BY event_time, record_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS streak
  FROM sign_ins
  WHERE event_time >= $since::TIMESTAMP - to_minutes($minutes::BIGINT)
    AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND outcome IN ('success', 'failed')
    AND NOT is_platform
)
SELECT
  s.event_time AS signed_in,
  s.server,
  s.user_name,
  s.client,
  s.application,
  s.method,
  count(*) AS failures,
  count(*) FILTER (f.client = s.client) AS from_same_client,
  list_sort(list(DISTINCT f.client))[1:10] AS failing_clients,
  min(f.event_time) AS first_failure,
  list_sort(list(DISTINCT f.reason)) AS reasons,
  s.session_id
FROM attempts s
JOIN attempts f
  ON f.server = s.server AND f.user_name = s.user_name AND f.streak = s.streak AND f.outcome = 'failed'
    AND f.event_time >= s.event_time - to_minutes($minutes::BIGINT)
WHERE s.outcome = 'success'
  AND s.event_time >= $since::TIMESTAMP
GROUP BY s.event_time, s.record_id, s.server, s.user_name, s.client, s.application, s.method, s.session_id
HAVING count(*) >= $failures::BIGINT
ORDER BY signed_in DESC, s.record_id DESC
