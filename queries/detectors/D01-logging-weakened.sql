/*---
id: D01
name: audit.logging_weakened
title: Audit or connection logging weakened
severity: critical
risk: 90
tactic: defense-impairment
attack: [T1685.002]
attack_v18: [T1562.008]
denied_attempts: true
quiet: 15m
requires:
  - pgaudit.log with role, ddl and misc
parameters: {}
false_positives:
  - Planned tuning of pgaudit.log that takes away role or ddl.
runbook:
  - Ask the person behind the account whether the change was meant. A denied try is a finding too.
  - Set the parameter back (ALTER ROLE … RESET, or the server parameter with az postgres flexible-server parameter set).
  - Take the time since the change as not audited, and look at connection lines and errors of that time.
---*/
WITH changes AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, ok,
    setting_name AS parameter, lower(coalesce(setting_value, '')) AS value, setting_scope AS scope
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND setting_name IS NOT NULL
  UNION ALL
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, ok,
    'extension pgaudit', 'dropped', 'database'
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND extension = 'pgaudit'
    AND list_contains(flags, 'drop_ext')
  UNION ALL
  SELECT
    record_id, event_time, server, NULL, NULL, NULL, NULL, NULL, NULL, true,
    parameter, lower(coalesce(value, 'default')), 'server'
  FROM setting_changes
  WHERE event_time > $since
    AND event_time <= $until
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, scope), '@', coalesce(client, 'server')) AS entity,
  concat(
    coalesce(user_name, 'the server configuration'), CASE WHEN ok THEN ' set ' ELSE ' tried to set ' END,
    parameter, CASE WHEN scope = 'attempt' THEN '' ELSE concat(' to "', left(value, 60), '" (', scope, ')') END
  ) AS summary
FROM changes
WHERE parameter = 'extension pgaudit'
  -- A denied SET whose statement was not shipped tells the parameter but not the value.
  OR (scope = 'attempt' AND (parameter LIKE 'pgaudit.%' OR parameter LIKE 'log\_%' ESCAPE '\'))
  OR (parameter = 'pgaudit.log' AND NOT contains(value, 'all')
      AND NOT (contains(value, 'role') AND contains(value, 'ddl')))
  OR (parameter IN ('pgaudit.role', 'pgaudit.log_statement', 'pgaudit.log_catalog', 'pgaudit.log_relation')
      AND value IN ('off', 'false', 'no', '0', '', 'none', 'reset', 'default') AND scope <> 'server')
  OR (parameter IN ('pgaudit.log_statement', 'pgaudit.log_catalog') AND value IN ('off', 'false', 'no', '0'))
  OR (parameter IN ('log_connections', 'log_disconnections') AND value IN ('off', 'false', 'no', '0', ''))
  OR (parameter IN ('log_min_messages', 'log_min_error_statement') AND value IN ('fatal', 'panic'))
  OR (parameter = 'log_line_prefix')
  OR (parameter = 'session_replication_role' AND value = 'replica')
