/*---
name: connection-security
title: TLS and authentication
topic: posture
question: How are connections encrypted, and how do users prove who they are?
how_to_read: "One row for each way to connect, the weakest first: without encryption, then old versions of TLS, then md5 and clear passwords. Each user in a weak row is one whose client must be changed before the server can refuse it."
parameters:
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 7d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
WITH ins AS (
  SELECT
    server,
    CASE WHEN tls THEN coalesce(tls_version, 'TLS') WHEN NOT tls THEN 'not encrypted' ELSE 'not known' END AS encryption,
    coalesce(method, 'not known') AS method,
    is_pooler AS through_pgbouncer,
    event_time, user_name, client
  FROM sign_ins
  WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND outcome = 'success'
    AND NOT is_platform
)
SELECT
  server,
  encryption,
  method,
  through_pgbouncer,
  count(*) AS sign_ins,
  count(DISTINCT user_name) AS users,
  count(DISTINCT client) AS clients,
  list_sort(list(DISTINCT user_name))[1:20] AS user_names,
  min(event_time) AS first_time,
  max(event_time) AS last_time
FROM ins
GROUP BY server, encryption, method, through_pgbouncer
ORDER BY
  server,
  CASE encryption WHEN 'not encrypted' THEN 0 WHEN 'not known' THEN 9 ELSE 1 END,
  encryption,
  CASE method WHEN 'trust' THEN 0 WHEN 'password' THEN 1 WHEN 'md5' THEN 2 ELSE 3 END,
  method,
  through_pgbouncer
