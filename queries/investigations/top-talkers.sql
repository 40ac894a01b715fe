/*---
name: top-talkers
title: Top talkers
topic: users
question: Which users, clients and applications sent most, and read most rows?
how_to_read: For each server the top of users, clients and applications, by statements. share is the part of all statements of the server; rows are told where pgaudit.log_rows is on.
parameters:
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 24h, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
  top: { type: number, default: 10, help: "Rows of each kind and server at most." }
---*/
WITH counted AS (
  SELECT
    server,
    CASE WHEN grouping(user_name) = 0 THEN 'user' WHEN grouping(client) = 0 THEN 'client' ELSE 'application' END AS kind,
    coalesce(user_name, client, application) AS name,
    count(*) AS statements,
    count(*) FILTER (NOT ok) AS failed,
    sum(row_count) FILTER (class = 'READ') AS rows_read,
    sum(row_count) FILTER (class = 'WRITE') AS rows_changed,
    count(DISTINCT session_id) AS sessions,
    min(event_time) AS first_time,
    max(event_time) AS last_time
  FROM activity
  WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND NOT is_platform
  GROUP BY GROUPING SETS ((server, user_name), (server, client), (server, application))
)
SELECT
  server,
  kind,
  coalesce(nullif(name, ''), '(none)') AS name,
  statements,
  round(100 * statements / sum(statements) OVER (PARTITION BY server, kind), 1) AS share,
  failed,
  rows_read,
  rows_changed,
  sessions,
  first_time,
  last_time
FROM counted
QUALIFY row_number() OVER (PARTITION BY server, kind ORDER BY statements DESC, name) <= $top::BIGINT
ORDER BY server, kind DESC, statements DESC, name
