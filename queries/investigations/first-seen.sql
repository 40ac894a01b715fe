/*---
name: first-seen
title: What is new
topic: users
question: Which users, clients, applications and tables were seen for the first time?
how_to_read: The newest first, with who brought it. A table is new when no stored statement named it before, on any server; where what is stored begins shortly before, everything is new.
parameters:
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 7d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
  top: { type: number, default: 200, help: "Rows at most." }
---*/
WITH ins AS (
  SELECT event_time, record_id, server, user_name, client, application
  FROM sign_ins
  WHERE outcome = 'success'
    AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND NOT is_platform
), seen AS (
  SELECT 'user' AS kind, user_name AS value, * FROM ins
  UNION ALL SELECT 'client', client, * FROM ins
  UNION ALL SELECT 'application', masked_name(application), * FROM ins
), known AS (
  SELECT DISTINCT unnest(list_concat(relations_read, relations_written)) AS relation
  FROM statements
  WHERE first_seen < $since::TIMESTAMP
), fresh AS MATERIALIZED (
  SELECT template_id, relation
  FROM (
    SELECT DISTINCT template_id, unnest(list_concat(relations_read, relations_written)) AS relation
    FROM statements
    WHERE first_seen >= $since::TIMESTAMP
  )
  ANTI JOIN known USING (relation)
), touched AS (
  SELECT a.event_time, a.record_id, a.server, a.user_name, a.client, a.application, f.relation
  FROM activity a
  JOIN fresh f ON f.template_id = a.template_id
  WHERE a.event_time >= $since::TIMESTAMP AND a.event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR a.server = lower($server))
    AND a.ok
    AND NOT a.is_platform
), firsts AS (
  SELECT
    kind, value, server,
    min(event_time) AS first_time,
    arg_min(user_name, (event_time, record_id)) AS user_name,
    arg_min(client, (event_time, record_id)) AS client,
    arg_min(application, (event_time, record_id)) AS application,
    count(*) AS times
  FROM seen
  WHERE value <> ''
  GROUP BY kind, value, server
  HAVING min(event_time) >= $since::TIMESTAMP
  UNION ALL
  SELECT
    'table', relation, server, min(event_time), arg_min(user_name, (event_time, record_id)),
    arg_min(client, (event_time, record_id)), arg_min(application, (event_time, record_id)), count(*)
  FROM touched
  GROUP BY relation, server
)
SELECT first_time, kind, value, server, user_name AS by_user, client AS from_client, application AS with_application, times
FROM firsts
ORDER BY first_time DESC, kind, value, server
LIMIT $top::BIGINT
