/*---
name: client-activity
title: What came from a client
topic: sign-ins
question: What was tried and done from this client address?
how_to_read: "One row for each user that was asked for and what came of it: first the sign-ins, then the statements by command. An address that asks for many users guesses or scans."
parameters:
  client: { type: text, required: true, example: 203.0.113.66, help: "Client address." }
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 7d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
SELECT
  'sign-in' AS what,
  concat_ws(', ', outcome, reason) AS detail,
  server,
  user_name,
  database_name,
  application,
  count(*) AS times,
  NULL::HUGEINT AS row_count,
  min(event_time) AS first_time,
  max(event_time) AS last_time
FROM sign_ins
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND client = $client
GROUP BY ALL
UNION ALL
SELECT
  CASE WHEN ok THEN 'statement' ELSE 'failed statement' END AS what,
  CASE WHEN ok THEN command ELSE concat_ws(' ', sqlstate, message) END,
  server, user_name, database_name, application, count(*), sum(row_count), min(event_time), max(event_time)
FROM activity
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND client = $client
GROUP BY ALL
ORDER BY what, first_time, user_name, server, detail, database_name, application
