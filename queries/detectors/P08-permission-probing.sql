/*---
id: P08
name: priv.permission_probing
title: Permission or database probing
why: Applications know their tables, databases and rights; many different refusals within minutes come of somebody who does not, and tries what the account can reach in order to find the data.
severity: medium
risk: 47
tactic: discovery
attack: [T1069, T1087, T1526]
denied_attempts: true
quiet: 4h
window: 2 * $window + $memory
requires:
  - log_min_error_statement = error
  - log_connections = on
parameters:
  window: { type: duration, default: 10m, help: "Time in which refusals are counted. 15 minutes at most." }
  memory: { type: duration, default: 30m, help: "A refusal that was met this long before is no news: an agent that is denied the same every minute counts once. 30 minutes at most." }
  min_refused: { type: number, default: 5, min: 2, max: 1000, help: Different refusals (42501) of one user from one address. }
  min_unknown: { type: number, default: 20, min: 5, max: 1000, help: Different tables that do not exist (42P01). }
  min_databases: { type: number, default: 3, min: 2, max: 1000, help: Different databases that do not exist or that the user may not connect to. }
  explorers: { type: strings, default: [], help: "Roles that ask for everything and are denied part of it: business intelligence that tries each table, monitoring without pg_monitor." }
false_positives:
  - "Metabase and the like try every table with each synchronisation. Put the role into explorers, or grant it what it needs."
  - A monitoring agent without the rights it wants, once when it begins. Grant it pg_monitor.
  - A deployment with the wrong search_path, to which all tables are unknown.
runbook:
  - See what was tried - pgvigil query "SELECT event_time, sqlstate, message, application FROM errors WHERE user_name = '<user>' AND client = '<client>' ORDER BY event_time".
  - Ask the owner of the account. An application knows its tables and has rights to them.
  - If nobody knows, take the account for stolen, or the application for injected (detectors I01, I03) - end its sessions and change its password.
  - See what it was not denied (detectors R01, X01).
---*/
WITH refused AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
    CASE sqlstate WHEN '42501' THEN 'refused' ELSE 'unknown' END AS kind,
    coalesce(message, '') AS refusal
  FROM notable_activity
  WHERE event_time > $since - 2 * least($window, INTERVAL 15 MINUTE) - least($memory, INTERVAL 30 MINUTE)
    AND event_time <= $until
    AND NOT is_platform
    AND sqlstate IN ('42501', '42P01')
    AND NOT list_contains($explorers, coalesce(user_name, ''))
  UNION ALL
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, NULL,
    'database', coalesce(database_name, '')
  FROM sign_ins
  WHERE event_time > $since - 2 * least($window, INTERVAL 15 MINUTE) - least($memory, INTERVAL 30 MINUTE)
    AND event_time <= $until
    AND NOT is_platform
    -- Both come after the password was accepted.
    AND reason IN ('no_such_db', 'no_connect_priv')
    AND NOT list_contains($explorers, coalesce(user_name, ''))
), many AS (
  -- Most never come near the threshold, and need no windows.
  SELECT server, user_name, client, kind
  FROM refused
  GROUP BY ALL
  HAVING count(DISTINCT refusal) >= CASE kind WHEN 'refused' THEN $min_refused WHEN 'unknown' THEN $min_unknown ELSE $min_databases END
), remembered AS (
  SELECT
    r.*,
    count(*) OVER (
      PARTITION BY r.server, r.user_name, r.client, r.kind, r.refusal ORDER BY r.event_time
      RANGE BETWEEN least($memory, INTERVAL 30 MINUTE) PRECEDING AND INTERVAL 1 MICROSECOND PRECEDING
    ) > 0 AS is_known
  FROM refused r
  SEMI JOIN many m
    ON m.server = r.server AND m.user_name IS NOT DISTINCT FROM r.user_name AND m.client IS NOT DISTINCT FROM r.client
      AND m.kind = r.kind
), counted AS (
  SELECT
    *,
    count(DISTINCT refusal) OVER (
      PARTITION BY server, user_name, client, kind ORDER BY event_time
      RANGE BETWEEN least($window, INTERVAL 15 MINUTE) PRECEDING AND CURRENT ROW
    ) AS refusals,
    CASE kind WHEN 'refused' THEN $min_refused WHEN 'unknown' THEN $min_unknown ELSE $min_databases END AS threshold
  FROM remembered
  WHERE NOT is_known
), peaks AS (
  SELECT
    *,
    max(refusals) OVER (
      PARTITION BY server, user_name, client, kind ORDER BY event_time
      RANGE BETWEEN CURRENT ROW AND least($window, INTERVAL 15 MINUTE) FOLLOWING
    ) AS peak
  FROM counted
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    coalesce(user_name, 'unknown user'), ' from ', coalesce(client, 'an unknown address'),
    CASE kind
      WHEN 'database' THEN concat(' was refused by ', refusals, ' databases, last by "', left(refusal, 63), '"')
      WHEN 'unknown' THEN concat(' asked for ', refusals, ' tables that do not exist')
      ELSE concat(' met ', refusals, ' different refusals, last: ', left(refusal, 120))
    END
  ) AS summary,
  refusals AS observed,
  threshold
FROM peaks
WHERE peak >= threshold
