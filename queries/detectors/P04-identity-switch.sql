/*---
id: P04
name: priv.identity_switch
title: Switch to a powerful role, or a refused switch
why: After a switch statements run with the rights of the other role while the log goes on naming the first; applications seldom become a powerful one, and a refused try is somebody testing how far the account reaches.
severity: medium
risk: 50
tactic: privilege-escalation
attack: [T1548, T1134]
denied_attempts: true
quiet: 1h
requires:
  - pgaudit.log with misc_set
parameters:
  roles:
    type: strings
    default:
      - azure_pg_admin
      - azuresu
      - pg_execute_server_program
      - pg_read_all_data
      - pg_read_server_files
      - pg_write_all_data
      - pg_write_server_files
      - pg_signal_backend
      - pg_maintain
      - pg_create_subscription
      - replication
      - rds_superuser
      - postgres
    help: Roles to which a switch is reported.
  admins: { type: strings, default: [], help: "Roles of your own that are as powerful: the administrator of the server, owners of the data." }
  switchers: { type: strings, default: [], help: "Roles whose work it is to switch: administrators, PostgREST, migration tools. Only refusals are reported of them." }
  service_users: { type: strings, default: [], help: "Roles of applications that never switch. Any switch of theirs is reported, and to a powerful role it is high." }
false_positives:
  - An administrator who makes objects that belong to azure_pg_admin. Put his role into switchers.
  - Somebody who is no member of the role that he gave to pgAdmin, pg_dump --role or SET ROLE.
  - "A name that comes as a bind parameter (PostgREST: set_config('role', $1, true)) is not reported, unless of service_users."
runbook:
  - Ask the person behind the account what the switch was for.
  - See what the session did after it - pgvigil query "SELECT event_time, ok, normalized FROM activity WHERE session_id = '<session>' ORDER BY event_time". The column user_name stays that of the sign-in.
  - If nobody knows, end the session, take the membership away - REVOKE <role> FROM <user> - and change the password.
  - Look at how the account became a member (detector P01).
---*/
WITH settings_changed AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, ok, sqlstate,
    statement_count,
    sql_text,
    list_filter(settings, lambda s: s.name IN ('role', 'session_authorization')) AS switched
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND len(settings) > 0
    AND (ok OR audit_type IS NOT NULL OR sqlstate = '42501')
), switches AS (
  SELECT
    * EXCLUDE (switched, sql_text),
    unnest(switched).name AS setting,
    lower(unnest(switched).value) AS role,
    unnest(switched).scope AS scope,
    -- What is known to be a bind parameter; anything else without a name was put together to have none.
    len(switched) = 1 AND statement_count = 1
      AND regexp_matches(coalesce(sql_text, ''), '(?i)set_config\s*\(\s*''role''\s*,\s*\$[0-9]') AS is_bound
  FROM settings_changed
), judged AS (
  SELECT
    *,
    NOT ok AND sqlstate = '42501' AS is_refused,
    coalesce(list_contains(list_concat($roles, list_transform($admins, lambda name: lower(name))), role), false) AS is_powerful,
    list_contains($service_users, coalesce(user_name, '')) AS is_service
  FROM switches
  WHERE coalesce(role, '') NOT IN ('reset', 'default', 'current', 'none')
    AND role IS DISTINCT FROM lower(coalesce(user_name, ''))
), findings AS (
  -- One row for each statement: that of the greatest interest.
  SELECT DISTINCT ON (record_id) *
  FROM judged
  WHERE is_refused
    OR (
      NOT list_contains($switchers, coalesce(user_name, ''))
      AND (
        is_powerful
        OR is_service
        -- On a Flexible Server nobody may, so whoever does has become somebody else already.
        OR setting = 'session_authorization'
        OR (role IS NULL AND NOT is_bound)
      )
    )
  ORDER BY record_id, is_powerful DESC, setting DESC, role
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  CASE WHEN is_powerful AND (is_refused OR is_service) THEN 'high' ELSE 'medium' END AS severity,
  concat(
    coalesce(user_name, 'unknown user'),
    CASE WHEN is_refused THEN ' tried to switch to ' ELSE ' switched to ' END,
    CASE WHEN role IS NOT NULL THEN concat('role ', role) WHEN setting = 'role' AND NOT is_refused THEN 'a role whose name does not stand in the text' ELSE 'another role' END,
    CASE setting WHEN 'session_authorization' THEN ' (SET SESSION AUTHORIZATION)' ELSE '' END,
    CASE scope WHEN 'role' THEN ', for each new session of a role' WHEN 'database' THEN ', for each new session in a database' ELSE '' END,
    CASE WHEN is_refused THEN ' and was refused' ELSE '' END
  ) AS summary
FROM findings
