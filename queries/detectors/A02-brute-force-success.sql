/*---
id: A02
name: auth.brute_force_success
title: Sign-in succeeded after many refused passwords
why: A sign-in from where many passwords were just refused may be the guess that was right; from then on whoever guessed works under the name and with the rights of the account.
severity: high
risk: 85
tactic: credential-access
attack: [T1110.001, T1078]
quiet: 1h
window: 2 * $window + $history
requires:
  - log_connections = on
parameters:
  window: { type: duration, default: 60m, help: How far from the success failures are counted. }
  min_same: { type: number, default: 5, min: 2, max: 1000, help: Refused passwords of the same account from the same address before the success. }
  typing_errors: { type: number, default: 9, min: 1, max: 1000, help: "So many refused passwords are low when the account had signed in from the address before them, more are medium." }
  min_client: { type: number, default: 20, min: 2, max: 10000, help: "Refused passwords of two or more accounts from the same address before the success." }
  min_users: { type: number, default: 6, min: 2, max: 1000, help: "Accounts refused from the same address before or after the success." }
  history: { type: duration, default: 1d, help: "How far back an account is known at an address, and how long a session at the built-in PgBouncer may last. What it did is known only when it ends." }
false_positives:
  - A person who mistypes a password many times.
  - An application whose password was changed, and mended after many tries.
  - Many people behind one address.
runbook:
  - Treat the account as taken until its owner says that the sign-in was theirs.
  - End its sessions with pg_terminate_backend and change its password.
  - Read what the session did - pgvigil query "SELECT event_time, command, normalized FROM activity WHERE session_id = '<session>'". Of a session at PgBouncer (pgbouncer/…) the view pooler_clients tells the sessions at the server.
  - Block the client address - az postgres flexible-server firewall-rule list -g <group> -n <server> shows the rule that lets it in.
---*/
WITH guessed AS (
  -- Most addresses never come near a threshold, and need no windows.
  SELECT server, client
  FROM sign_ins
  WHERE outcome = 'failed'
    AND NOT is_platform
    AND event_time > $since - $history - 2 * $window
    AND event_time <= $until
  GROUP BY ALL
  HAVING count(*) >= least($min_same, $min_client, $min_users)
), attempts AS (
  -- PgBouncer tells of a success when the client leaves. The failures before its beginning count.
  SELECT
    i.record_id, i.event_time, i.server, i.session_id, i.user_name, i.client, i.database_name, i.application, i.outcome,
    CASE WHEN i.is_pooler AND i.outcome = 'success' THEN p.started_at ELSE i.event_time END AS tried_at
  FROM sign_ins i
  SEMI JOIN guessed g ON g.server = i.server AND g.client IS NOT DISTINCT FROM i.client
  LEFT JOIN (SELECT server, session_id, started_at FROM sessions WHERE is_pooler) p
    ON p.server = i.server AND p.session_id = i.session_id
  WHERE i.outcome IN ('failed', 'success')
    AND NOT i.is_platform
    AND i.event_time > $since - $history - 2 * $window
    AND i.event_time <= $until
), suspects AS (
  SELECT
    a.*,
    min(CASE WHEN outcome = 'success' THEN tried_at END) OVER (
      PARTITION BY server, client, user_name ORDER BY tried_at
      RANGE BETWEEN $history + $window PRECEDING AND CURRENT ROW
    ) AS first_success
  FROM attempts a
), near AS (
  -- Counting accounts is dear: only as far back as the successes to judge began. Failures that follow a success make it
  -- evidence as well.
  SELECT *
  FROM suspects
  WHERE tried_at > (
    SELECT min(tried_at) FROM suspects WHERE outcome = 'success' AND event_time > $since - $window
  ) - 2 * $window
), counted AS (
  SELECT
    *,
    -- At the server's unix socket all clients of PgBouncer are one address.
    coalesce(client, '[local]') <> '[local]' AS is_one_client,
    count(*) FILTER (outcome = 'failed') OVER same_user AS same_user_failed,
    count(*) FILTER (outcome = 'failed') OVER before AS client_failed,
    count(DISTINCT CASE WHEN outcome = 'failed' THEN user_name END) OVER before AS users_before,
    count(DISTINCT CASE WHEN outcome = 'failed' THEN user_name END) OVER around AS users_around,
    min(CASE WHEN outcome = 'failed' THEN tried_at END) OVER before AS first_failure
  FROM near
  WINDOW
    same_user AS (
      PARTITION BY server, client, user_name ORDER BY tried_at RANGE BETWEEN $window PRECEDING AND CURRENT ROW
    ),
    before AS (PARTITION BY server, client ORDER BY tried_at RANGE BETWEEN $window PRECEDING AND CURRENT ROW),
    around AS (PARTITION BY server, client ORDER BY tried_at RANGE BETWEEN $window PRECEDING AND $window FOLLOWING)
), judged AS (
  SELECT
    *,
    first_success < first_failure AS is_at_home,
    same_user_failed >= $min_same AS is_same_user
  FROM counted
  WHERE outcome = 'success'
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  CASE
    WHEN NOT (is_same_user AND is_at_home) THEN 'high'
    WHEN same_user_failed <= $typing_errors THEN 'low'
    -- Whoever was in knows the password; but an address may be that of many.
    ELSE 'medium'
  END AS severity,
  concat(
    coalesce(user_name, 'unknown user'), ' signed in from ', coalesce(client, 'an unknown address'),
    CASE
      WHEN is_same_user THEN concat(' after ', same_user_failed, ' refused passwords')
      WHEN users_before >= $min_users OR client_failed >= $min_client
        THEN concat(' after ', client_failed, ' refused passwords for ', users_before, ' accounts')
      ELSE concat(' while passwords for ', users_around, ' accounts were refused from there')
    END
  ) AS summary,
  greatest(same_user_failed, client_failed) AS observed,
  $min_same AS threshold
FROM judged
WHERE event_time > $since - $window
  AND (
    is_same_user
    -- Who was there before the guessing began is not what was guessed.
    OR is_one_client AND NOT is_at_home
      AND (client_failed >= $min_client AND users_before > 1 OR users_around >= $min_users)
  )
