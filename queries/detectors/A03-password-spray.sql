/*---
id: A03
name: auth.password_spray
title: Password spraying from one address
severity: medium
risk: 55
tactic: credential-access
attack: [T1110.003]
quiet: 4h
window: 2 * $window
requires:
  - log_connections = on
parameters:
  window: { type: duration, default: 30m, help: Time in which the accounts are counted. }
  min_users: { type: number, default: 6, min: 3, max: 1000, help: Accounts refused from one address. }
  max_per_user: { type: number, default: 5, min: 1, max: 100, help: Above this many tries per account it is brute force (A01). }
false_positives:
  - A jump host or a pooler in front of many people after a change of password policy.
  - A vulnerability scanner of your own.
runbook:
  - Find out whose address it is. Block it in the server's firewall rules if it is not yours.
  - Look for a successful sign-in from it (detector A02).
  - Restrict the firewall rules to the networks that need the server.
---*/
WITH failures AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application,
    count(*) OVER recent AS failed,
    count(DISTINCT user_name) OVER recent AS users
  FROM sign_ins
  WHERE outcome = 'failed'
    AND NOT is_platform
    AND event_time > $since - 2 * $window
    AND event_time <= $until
  WINDOW recent AS (
    PARTITION BY server, client ORDER BY event_time RANGE BETWEEN $window PRECEDING AND CURRENT ROW
  )
), peaks AS (
  SELECT
    *,
    -- Rows at the start of the range lack part of their window; what they count was judged when they were new.
    max(CASE WHEN event_time > $since - $window AND failed <= users * $max_per_user THEN users ELSE 0 END) OVER (
      PARTITION BY server, client ORDER BY event_time RANGE BETWEEN CURRENT ROW AND $window FOLLOWING
    ) AS peak
  FROM failures
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application,
  client AS entity,
  concat(failed, ' sign-ins as ', users, ' different users refused from ', client) AS summary,
  users AS observed,
  $min_users AS threshold
FROM peaks
WHERE peak >= $min_users
