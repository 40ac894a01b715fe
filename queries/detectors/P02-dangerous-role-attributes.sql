/*---
id: P02
name: priv.dangerous_role_attributes
title: Role created or altered with dangerous attributes
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
  - pgaudit cuts the statement after PASSWORD, so attributes behind it are not seen.
runbook:
  - Ask the person behind the account whether the role was meant to have the attribute.
  - If not, ALTER ROLE it back, or DROP it, and end its sessions.
  - Look for further changes by the same user (detectors P01, D01).
---*/
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    coalesce(user_name, 'unknown user'), CASE WHEN ok THEN ' gave role ' ELSE ' tried to give role ' END,
    coalesce(target, '?'), ' ', upper(array_to_string(list_intersect(role_options, $options), ', '))
  ) AS summary
FROM activity
WHERE event_time > $since
  AND event_time <= $until
  AND NOT is_platform
  AND list_has_any(role_options, $options)
