/*---
id: P01
name: priv.powerful_role_grant
title: Grant of an administrative or powerful predefined role
why: Members of these roles read or write all data, reach files and programs of the server, or hand out rights; such grants are rare and planned, and an intruder keeps the power after the first account is closed.
severity: high
risk: 73
tactic: privilege-escalation
attack: [T1098.003]
denied_attempts: true
quiet: 1h
requires:
  - pgaudit.log with role
parameters:
  roles:
    type: strings
    default:
      - azure_pg_admin
      - azuresu
      - pg_database_owner
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
    help: Roles whose grant is reported. Monitoring roles (pg_monitor, pg_read_all_settings) are left out.
  admins: { type: strings, default: [], help: "Roles of your own that are as powerful: the administrator of the server, owners of the data. Whoever is granted one is an administrator too." }
false_positives:
  - Planned work of a DBA.
  - A DO block that grants only under a condition is reported although the grant may not have run. One that catches the refusal would leave no other trace.
runbook:
  - Ask the person behind the account whether the grant was meant.
  - If not, REVOKE the role, and look for others whom the new member made members meanwhile - psql \drg (PostgreSQL 16) or \du.
  - See what the new member did since - pgvigil query "SELECT event_time, ok, normalized FROM activity WHERE user_name = '<member>' ORDER BY event_time".
  - Look for further changes by the same user (detectors P02, P07, D01).
---*/
WITH grants AS (
  SELECT
    *,
    list_intersect(roles_granted, list_concat($roles, list_transform($admins, lambda role: lower(role)))) AS powerful
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND len(roles_granted) > 0
    -- A failure that is no refusal: the role exists already, a syntax error, a transaction that had failed before.
    AND (ok OR audit_type IS NOT NULL OR sqlstate NOT IN ('42710', '42601', '25P02'))
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    coalesce(user_name, 'unknown user'), CASE WHEN ok THEN ' granted ' ELSE ' tried to grant ' END,
    array_to_string(list_sort(powerful), ', '),
    CASE WHEN len(grantees) > 0 THEN concat(' to ', array_to_string(grantees[1:5], ', ')) ELSE '' END,
    CASE WHEN list_contains(flags, 'admin_option') THEN ', with the right to grant it on' ELSE '' END
  ) AS summary
FROM grants
WHERE len(powerful) > 0
