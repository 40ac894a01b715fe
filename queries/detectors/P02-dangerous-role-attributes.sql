/*---
id: P02
name: priv.dangerous_role_attributes
title: Role created or altered with dangerous attributes
why: These attributes let a role make other roles, copy data by replication or pass by row-level security; applications do not manage roles, and an intruder gets a strong account that outlives the one that was taken.
severity: high
risk: 70
tactic: persistence
attack: [T1136, T1098]
denied_attempts: true
quiet: 1h
requires:
  - pgaudit.log with role
parameters:
  options:
    type: strings
    default: [superuser, createrole, isreplication, bypassrls]
    help: Role attributes whose grant is reported. Add createdb to be told of that too.
false_positives:
  - Role management by Terraform or Ansible.
  - Somebody who may not create or alter roles and tries (medium), whatever the attributes. Without the text of the statement they are not known.
  - pgaudit cuts the statement after PASSWORD, so attributes behind it are not seen.
runbook:
  - Ask the person behind the account whether the role was meant to have the attribute. A refused try of an application means that somebody else uses its account.
  - If not, ALTER ROLE it back, or DROP it, and end its sessions - SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '<role>'.
  - See who has such attributes - SELECT rolname, rolcreaterole, rolreplication, rolbypassrls FROM pg_roles.
  - Look for further changes by the same user (detectors P01, P07, D01).
---*/
WITH changes AS (
  SELECT
    *,
    list_sort(list_intersect(role_options, $options)) AS dangerous,
    NOT ok AND sqlstate = '42501' AND list_has_any(kinds, ['CreateRoleStmt', 'AlterRoleStmt']) AS is_refused
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    -- A failure that is no refusal: the role exists already or is not there, a syntax error, a transaction that had failed.
    AND (ok OR audit_type IS NOT NULL OR sqlstate NOT IN ('42710', '42704', '42601', '25P02'))
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  CASE WHEN len(dangerous) > 0 THEN 'high' ELSE 'medium' END AS severity,
  concat(
    coalesce(user_name, 'unknown user'),
    CASE
      WHEN len(dangerous) > 0 THEN concat(
        CASE WHEN ok THEN ' gave ' ELSE ' tried to give ' END,
        -- Of a string of several statements the target is that of the last.
        CASE WHEN statement_count = 1 AND target IS NOT NULL THEN concat('role ', target) ELSE 'a role' END,
        ' ', upper(array_to_string(dangerous, ', '))
      )
      WHEN list_contains(kinds, 'CreateRoleStmt') THEN concat(' tried to create ', coalesce('role ' || target, 'a role'), ', which was refused')
      ELSE concat(' tried to alter ', coalesce('role ' || target, 'a role'), ', which was refused')
    END
  ) AS summary
FROM changes
WHERE len(dangerous) > 0 OR is_refused
