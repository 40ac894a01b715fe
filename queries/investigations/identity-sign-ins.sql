/*---
name: identity-sign-ins
title: Entra identities and passwords
topic: sign-ins
question: Which accounts sign in with an Entra identity, and which with a password?
how_to_read: One row for each account and way, passwords first. An account with both ways should lose its password; method password can also be a token of Entra that a client sends as one, and not known means that no line of the authentication came.
parameters:
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 30d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
SELECT
  CASE
    WHEN method = 'entra' THEN 'Entra identity'
    WHEN method IN ('scram-sha-256', 'md5', 'password') THEN 'password'
    WHEN method = 'cert' THEN 'certificate'
    WHEN method IS NULL THEN 'not known'
    ELSE method
  END AS way,
  server,
  user_name,
  method,
  count(*) AS sign_ins,
  list_sort(list(DISTINCT identity) FILTER (identity <> user_name))[1:10] AS other_identities,
  count(DISTINCT client) AS clients,
  list_sort(list(DISTINCT masked_name(application)) FILTER (application <> ''))[1:10] AS applications,
  min(event_time) AS first_time,
  max(event_time) AS last_time
FROM sign_ins
WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
  AND ($server::VARCHAR IS NULL OR server = lower($server))
  AND outcome = 'success'
  AND NOT is_platform
GROUP BY ALL
ORDER BY way DESC, server, user_name, method
