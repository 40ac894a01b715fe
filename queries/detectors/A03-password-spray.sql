/*---
id: A03
name: auth.password_spray
title: Password spraying from one address
why: One client seldom uses many accounts; whoever tries a few common passwords on each of them stays below any count that is kept for one account, and needs a single weak password to get in.
severity: medium
risk: 55
tactic: credential-access
attack: [T1110.003]
quiet: 4h
window: 2 * $window + $burst
requires:
  - log_connections = on
parameters:
  window: { type: duration, default: 30m, help: Time in which the accounts are counted. }
  min_users: { type: number, default: 6, min: 3, max: 1000, help: Accounts refused from one address. }
  max_per_user: { type: number, default: 9, min: 1, max: 10000, help: "An account that is tried more often in the time burst is attacked by brute force (A01) and does not count." }
  burst: { type: duration, default: 10m, help: Time in which the tries of one account are counted. }
false_positives:
  - A jump host or a pooler in front of many people after a change of password policy.
  - A vulnerability scanner of your own.
  - Without log_connections all addresses are one unknown address, so what it shows is low.
runbook:
  - Find out whose address it is. Block it in the server's firewall rules if it is not yours - az postgres flexible-server firewall-rule list -g <group> -n <server>.
  - Look for a successful sign-in from it (detector A02) - pgvigil query "SELECT event_time, user_name, database_name FROM sign_ins WHERE client = '<client>' AND outcome = 'success'".
  - Change the passwords of the accounts that were tried and exist, where they are weak or used elsewhere.
  - Restrict the firewall rules to the networks that need the server.
---*/
WITH failures AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application,
    count(*) OVER (
      PARTITION BY server, client, user_name ORDER BY event_time RANGE BETWEEN $burst PRECEDING AND CURRENT ROW
    ) AS user_failed
  FROM sign_ins
  WHERE outcome = 'failed'
    AND NOT is_platform
    AND event_time > $since - 2 * $window - $burst
    AND event_time <= $until
), counted AS (
  SELECT
    *,
    count(*) OVER recent AS failed,
    -- An account under brute force hides none of the others, and does not make a spray of it.
    count(DISTINCT user_name) OVER recent
      - count(DISTINCT CASE WHEN user_failed > $max_per_user THEN user_name END) OVER recent AS users
  FROM failures
  WINDOW recent AS (
    PARTITION BY server, client ORDER BY event_time RANGE BETWEEN $window PRECEDING AND CURRENT ROW
  )
), peaks AS (
  SELECT
    *,
    -- Rows at the start of the range lack part of their window; what they count was judged when they were new.
    max(CASE WHEN event_time > $since - $window THEN users ELSE 0 END) OVER (
      PARTITION BY server, client ORDER BY event_time RANGE BETWEEN CURRENT ROW AND $window FOLLOWING
    ) AS peak
  FROM counted
  WHERE event_time > $since - 2 * $window
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application,
  coalesce(client, 'unknown') AS entity,
  CASE WHEN client IS NULL THEN 'low' ELSE 'medium' END AS severity,
  concat(
    failed, ' sign-ins as ', users, ' different users refused from ', coalesce(client, 'an unknown address')
  ) AS summary,
  users AS observed,
  $min_users AS threshold
FROM peaks
WHERE peak >= $min_users
