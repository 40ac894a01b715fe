/*---
id: A02
name: auth.brute_force_success
title: Sign-in succeeded after many refused passwords
severity: high
risk: 85
tactic: credential-access
attack: [T1110.001, T1078]
quiet: 1h
window: 2 * $window
requires:
  - log_connections = on
parameters:
  window: { type: duration, default: 60m, help: How far before the success failures are counted. }
  min_same: { type: number, default: 5, min: 2, max: 1000, help: Refused passwords of the same account from the same address. }
  min_client: { type: number, default: 20, min: 2, max: 10000, help: Refused passwords of any account from the same address. }
  min_users: { type: number, default: 6, min: 2, max: 1000, help: Accounts refused from the same address. }
false_positives:
  - A person who mistypes a password many times.
  - Many people behind one address.
runbook:
  - Treat the account as taken until its owner says that the sign-in was theirs.
  - End its sessions with pg_terminate_backend and change its password.
  - Read what the session did - pgvigil query "SELECT event_time, command, normalized FROM activity WHERE session_id = '<session>'".
  - Block the client address in the server's firewall rules.
---*/
WITH attempts AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, outcome,
    count(*) FILTER (outcome = 'failed') OVER same_user AS same_user_failed,
    count(*) FILTER (outcome = 'failed') OVER same_client AS client_failed,
    count(DISTINCT CASE WHEN outcome = 'failed' THEN user_name END) OVER same_client AS users_failed
  FROM sign_ins
  WHERE outcome IN ('failed', 'success')
    AND NOT is_platform
    AND event_time > $since - $window
    AND event_time <= $until
  WINDOW
    same_user AS (
      PARTITION BY server, client, user_name ORDER BY event_time RANGE BETWEEN $window PRECEDING AND CURRENT ROW
    ),
    same_client AS (
      PARTITION BY server, client ORDER BY event_time RANGE BETWEEN $window PRECEDING AND CURRENT ROW
    )
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application,
  concat(user_name, '@', client) AS entity,
  concat(
    user_name, ' signed in from ', client, ' after ',
    CASE
      WHEN same_user_failed >= $min_same THEN concat(same_user_failed, ' refused passwords')
      ELSE concat(client_failed, ' refused passwords for ', users_failed, ' accounts')
    END
  ) AS summary,
  greatest(same_user_failed, client_failed) AS observed,
  $min_same AS threshold
FROM attempts
WHERE outcome = 'success'
  AND event_time > $since
  AND (same_user_failed >= $min_same OR client_failed >= $min_client OR users_failed >= $min_users)
