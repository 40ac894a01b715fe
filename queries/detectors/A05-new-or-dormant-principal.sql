/*---
id: A05
name: auth.new_or_dormant_principal
title: Sign-in of a user that was never seen, or not for weeks
why: An account that nobody uses has nobody who would notice a stranger in it, and one that was never seen may have been made as a way back in; either comes with all the rights that it was given.
severity: low
risk: 30
tactic: initial-access
attack: [T1078]
quiet: 1d
window: 1d
requires:
  - log_connections = on
  - pgaudit.log with role (to know which users were just made)
parameters:
  dormant_days: { type: number, default: 30, min: 1, max: 59, help: "Days without anything of the user after which it is dormant. Beyond detection.baselines.memoryDays (60) a user is forgotten, and reported as never seen." }
  expected: { type: strings, default: [], help: "Users that are new or rare by design, such as those that Vault makes: names, or beginnings of names that end with *." }
  creators: { type: strings, default: [], help: Roles that make users as their work. A user that one of them made within the last day is not reported. }
false_positives:
  - Onboarding. A user whose CREATE ROLE was seen within a day is reported with the name of its maker, or not at all if that is one of creators.
  - Jobs of a quarter or a year. Add them to expected.
  - From the public Internet it is medium; what alerts so is not learned, and goes on until somebody allows it.
runbook:
  - Ask the owner of the account, or who made it, whether it is in use again.
  - See what is known of it - pgvigil query "SELECT dimension, value, max(day) FROM known_values WHERE entity = '<user>' OR (dimension = 'user' AND value = '<user>') GROUP BY ALL".
  - Read what the session did - pgvigil query "SELECT event_time, command, normalized FROM activity WHERE session_id = '<session>'".
  - If nobody needs it, ALTER ROLE <user> NOLOGIN, and end its sessions with pg_terminate_backend.
---*/
WITH arrivals AS (
  SELECT
    record_id, event_time, event_time::DATE AS day, server, session_id, user_name, client, database_name, application,
    coalesce(
      NOT regexp_matches(client, '^((::ffff:)?(10|192\.168|172\.(1[6-9]|2\d|3[01])|127|169\.254|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\.[\d.]+|::1|\[local\]|f([cd][\da-f]|e[89ab])[\da-f]:.*)$', 'i'),
      false
    ) AS is_public
  FROM sign_ins
  WHERE outcome = 'success'
    AND NOT is_platform
    AND user_name IS NOT NULL
    AND event_time > $since
    AND event_time <= $until
    AND NOT list_contains($expected, user_name)
    AND len(list_filter($expected, lambda e: ends_with(e, '*') AND starts_with(user_name, rtrim(e, '*')))) = 0
), questions AS (
  SELECT DISTINCT a.server, a.user_name, a.day
  FROM arrivals a
  JOIN learning l ON l.server = a.server AND a.day >= l.complete_from
), known AS (
  SELECT q.server, q.user_name, q.day, max(k.day) AS last_day
  FROM questions q
  LEFT JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user' AND k.value = q.user_name AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
), makers AS (
  SELECT server, event_time, user_name AS maker, lower(target) AS made
  FROM notable_activity
  WHERE event_time > $since - INTERVAL 1 DAY
    AND event_time <= $until
    AND ok
    AND class = 'ROLE'
    AND list_contains(kinds, 'CreateRoleStmt')
    AND target IS NOT NULL
), made AS (
  SELECT a.record_id, arg_max(m.maker, m.event_time) AS maker
  FROM arrivals a
  JOIN makers m ON m.server = a.server AND m.made = lower(a.user_name)
    AND m.event_time <= a.event_time AND m.event_time > a.event_time - INTERVAL 1 DAY
  GROUP BY a.record_id
)
SELECT
  a.record_id, a.event_time, a.server, a.session_id, a.user_name, a.client, a.database_name, a.application,
  concat(a.user_name, '@', coalesce(a.client, 'unknown')) AS entity,
  CASE WHEN a.is_public THEN 'medium' ELSE 'low' END AS severity,
  concat(
    a.user_name, ' signed in from ', CASE WHEN a.is_public THEN 'the public address ' ELSE '' END,
    coalesce(a.client, 'an unknown address'),
    CASE
      WHEN k.last_day IS NULL THEN ', and was never seen in the time that is remembered'
      ELSE concat(' after ', a.day - k.last_day, ' days without anything of it')
    END,
    CASE WHEN m.record_id IS NOT NULL THEN concat('; ', coalesce(m.maker, 'an unknown user'), ' made it within the last day') ELSE '' END
  ) AS summary,
  a.day - k.last_day AS observed,
  $dormant_days AS threshold
FROM arrivals a
JOIN known k ON k.server = a.server AND k.user_name = a.user_name AND k.day = a.day
LEFT JOIN made m ON m.record_id = a.record_id
WHERE (k.last_day IS NULL OR a.day - k.last_day > $dormant_days)
  AND NOT coalesce(list_contains($creators, m.maker), false)
