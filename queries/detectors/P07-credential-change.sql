/*---
id: P07
name: priv.credential_change_or_ephemeral_role
title: Password set for another role, or role created and dropped again soon
why: Whoever sets the password of another role can sign in as that role, and a role that is dropped soon after it was made leaves nothing in the catalogs of what was done in its name; few accounts have such work.
severity: medium
risk: 50
tactic: persistence
attack: [T1098, T1136, T1531]
quiet: 1h
window: 1h
requires:
  - pgaudit.log with role
parameters:
  ttl: { type: duration, default: 1h, help: "A role that lives no longer than this is reported when it is dropped. One hour at most." }
  managers: { type: strings, default: [], help: "Roles whose work it is to set passwords and to make roles for a short time: Vault, Terraform, a job that rotates passwords, a test suite. Nothing is reported of them." }
false_positives:
  - A DBA who sets a password for a colleague or an application.
  - HashiCorp Vault and other engines that make a role for each lease, and test suites. Put their role into managers.
runbook:
  - Ask the person behind the account, and the owner of the other role, whether the password was to be changed.
  - If not, set it anew, and look for sign-ins with it - pgvigil query "SELECT event_time, client, application FROM sign_ins WHERE user_name = '<role>' ORDER BY event_time".
  - Of a role that lived briefly, see what it did - pgvigil query "SELECT event_time, ok, normalized FROM activity WHERE user_name = '<role>' ORDER BY event_time".
  - See what the same account granted (detectors P01, P02).
---*/
WITH password_changes AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
    'medium' AS severity,
    concat(
      coalesce(user_name, 'unknown user'), CASE WHEN ok THEN ' set' ELSE ' tried to set' END,
      CASE WHEN statement_count = 1 THEN concat(' the password of ', coalesce(target, 'another role')) ELSE ' passwords of several roles, or of one among other changes' END
    ) AS summary
  FROM notable_activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND list_contains(flags, 'sets_password')
    AND list_contains(kinds, 'AlterRoleStmt')
    AND coalesce(command, 'ALTER ROLE') = 'ALTER ROLE'
    AND (ok OR audit_type IS NOT NULL OR sqlstate = '42501')
    -- Of several statements in one string the target is the last. Whoever hides another behind himself is not himself.
    AND NOT (
      statement_count = 1
      AND list_contains([lower(coalesce(user_name, '')), 'current_user', 'current_role', 'session_user'], target)
    )
), drops AS MATERIALIZED (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
    -- DROP ROLE a, b: the target is the first. The others are the words behind it, with or without quotes.
    unnest(list_distinct(list_append(
      list_transform(
        flatten(list_transform(
          coalesce(
            nullif(regexp_extract_all(lower(sql_text), 'drop\s+(?:role|user|group)\s+(?:if\s+exists\s+)?([^;]*)', 1), []),
            [lower(sql_text)]
          ),
          lambda names: regexp_extract_all(names, '"[^"]+"|[^\s,;"]+')
        )),
        lambda name: trim(name, '"')
      ),
      target
    ))) AS role
  FROM notable_activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND (ok OR audit_type IS NOT NULL)
    AND list_contains(kinds, 'DropRoleStmt')
    AND coalesce(command, 'DROP ROLE') = 'DROP ROLE'
), creations AS (
  SELECT
    server, event_time, user_name,
    list_contains(role_options, 'canlogin') OR list_contains(flags, 'sets_password') AS has_login,
    unnest(list_distinct(list_append(
      list_transform(
        regexp_extract_all(lower(sql_text), 'create\s+(?:role|user|group)\s+("[^"]+"|[^\s,;"]+)', 1),
        lambda name: trim(name, '"')
      ),
      target
    ))) AS role
  FROM notable_activity
  -- Roles are dropped seldom. Where none was, the hour before is not read.
  WHERE server IN (SELECT server FROM drops)
    AND event_time > $since - least($ttl, INTERVAL 1 HOUR)
    AND event_time <= $until
    AND (ok OR audit_type IS NOT NULL)
    AND list_contains(kinds, 'CreateRoleStmt')
    AND coalesce(command, 'CREATE ROLE') = 'CREATE ROLE'
), short_lives AS (
  SELECT
    d.record_id, d.event_time, d.server, d.session_id, d.user_name, d.client, d.database_name, d.application,
    d.statement_hash,
    CASE WHEN bool_or(c.has_login) THEN 'medium' ELSE 'low' END AS severity,
    concat(
      coalesce(any_value(d.user_name), 'unknown user'), ' dropped role ', min(d.role), ', which ',
      CASE WHEN count(DISTINCT c.user_name) > 1 THEN 'others' ELSE coalesce(min(c.user_name), 'unknown user') END,
      ' had created ', date_sub('minute', max(c.event_time), any_value(d.event_time)), ' minutes before'
    ) AS summary
  FROM drops d
  JOIN creations c
    ON c.server = d.server AND c.role = d.role
      AND c.event_time <= d.event_time AND c.event_time > d.event_time - least($ttl, INTERVAL 1 HOUR)
  GROUP BY ALL
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, severity,
  summary, concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity
FROM (SELECT * FROM password_changes UNION ALL SELECT * FROM short_lives)
WHERE NOT list_contains($managers, coalesce(user_name, ''))
