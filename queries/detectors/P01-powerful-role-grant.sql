/*---
id: P01
name: priv.powerful_role_grant
title: Grant of an administrative or powerful predefined role
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
false_positives:
  - Planned work of a DBA.
runbook:
  - Ask the person behind the account whether the grant was meant.
  - If not, REVOKE the role and look at what the new member did since.
  - Look for further changes by the same user (detectors P02, D01).
---*/
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    coalesce(user_name, 'unknown user'), CASE WHEN ok THEN ' granted ' ELSE ' tried to grant ' END,
    array_to_string(list_intersect(roles_granted, $roles), ', '),
    CASE WHEN len(grantees) > 0 THEN concat(' to ', array_to_string(grantees, ', ')) ELSE '' END
  ) AS summary
FROM activity
WHERE event_time > $since
  AND event_time <= $until
  AND NOT is_platform
  AND list_has_any(roles_granted, $roles)
