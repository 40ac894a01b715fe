/*---
id: A01
name: auth.brute_force_account
title: Suspected brute force on an account
why: Whoever knows the password is refused seldom; many refusals within minutes come from a program, which has an old password or none and guesses, and one right guess opens all that the account may do.
severity: medium
risk: 47
tactic: credential-access
attack: [T1110.001]
quiet: 4h
window: 2 * $window + $history
requires:
  - log_connections = on
parameters:
  window: { type: duration, default: 10m, help: Time in which the failures are counted. }
  min_failures: { type: number, default: 10, min: 3, max: 10000, help: Refused passwords for one account from one address. }
  stale_password: { type: number, default: 50, min: 1, max: 10000, help: "So many are low when the account had signed in from the address before them: its password was changed, and not everywhere." }
  history: { type: duration, default: 1d, help: How far back an account is known at an address. }
false_positives:
  - An application that keeps trying a password that was changed. Low if the account was there before; one that tries often enough is medium all the same.
runbook:
  - Ask the owner of the account whether a password was changed. If so, mend the application.
  - If not, block the client address in the server's firewall rules.
  - Look for a successful sign-in from the same address (detector A02).
  - Change the password of the account.
---*/
WITH failures AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, reason,
    count(*) OVER (
      PARTITION BY server, user_name, client ORDER BY event_time
      RANGE BETWEEN $window PRECEDING AND CURRENT ROW
    ) AS failed
  FROM sign_ins
  WHERE outcome = 'failed'
    AND NOT is_platform
    AND event_time > $since - 2 * $window
    AND event_time <= $until
), successes AS (
  -- At the server's unix socket all clients of PgBouncer are one address.
  SELECT server, user_name, client, min(event_time) AS first_success
  FROM sign_ins
  WHERE outcome = 'success'
    AND client <> '[local]'
    AND event_time > $since - 2 * $window - $history
    AND event_time <= $until
  GROUP BY ALL
), peaks AS (
  -- A failure is evidence when a window that holds it reaches the threshold.
  SELECT
    *,
    max(failed) OVER (
      PARTITION BY server, user_name, client ORDER BY event_time
      RANGE BETWEEN CURRENT ROW AND $window FOLLOWING
    ) AS peak,
    min(event_time) OVER (
      PARTITION BY server, user_name, client ORDER BY event_time
      RANGE BETWEEN 2 * $window PRECEDING AND CURRENT ROW
    ) AS first_failure
  FROM failures
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application,
  concat(user_name, '@', client) AS entity,
  CASE
    WHEN reason = 'no_such_role' THEN 'low'
    WHEN first_success < first_failure AND peak <= $stale_password THEN 'low'
    ELSE 'medium'
  END AS severity,
  concat(
    failed, ' sign-ins as ', user_name, ' from ', client, ' refused',
    CASE reason WHEN 'no_such_role' THEN ' (the role does not exist)' ELSE '' END
  ) AS summary,
  failed AS observed,
  $min_failures AS threshold
FROM peaks
LEFT JOIN successes USING (server, user_name, client)
WHERE peak >= $min_failures
