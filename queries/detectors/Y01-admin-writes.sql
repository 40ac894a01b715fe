/*---
id: Y01
name: policy.admin_writes
title: Administrator writes to tables of users
why: Administrators care for the server and leave the rows to the applications; what is written under such an account passes by their checks, and whoever has taken it over can change any of it.
severity: medium
risk: 40
tactic: privilege-escalation
attack: [T1078]
mode: off
quiet: 1h
requires:
  - pgaudit.log with write
parameters:
  admins: { type: strings, default: [], help: Roles that administer and leave the data alone. Without them nothing is reported. }
  allowed: { type: strings, default: [], help: "Tables that they may write, with % for any text (flyway_schema_history, partman.%). Without a schema the name counts in every schema." }
false_positives:
  - Migrations and restores that run as the administrator. Give them a role of their own, or name their tables in `allowed`.
  - Temporary tables whose text does not say pg_temp.
runbook:
  - Ask the person behind the account why the data was changed by hand, and whether there is a ticket for it.
  - Read what was changed - pgvigil query "SELECT event_time, sql_text FROM activity WHERE session_id = '<session>' AND class = 'WRITE'".
  - If nobody knows of it, end the session with pg_terminate_backend, change the password, and set the data right from a restore to a point in time.
---*/
WITH writes AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
    -- With log_relation pgaudit names the table of each row, also behind a view.
    CASE WHEN coalesce(object_name, '') <> '' THEN [lower(replace(object_name, '"', ''))] ELSE relations_written END AS names
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND list_contains($admins, coalesce(user_name, ''))
    -- What pgaudit logged ran, also where it failed in the end.
    AND class = 'WRITE'
    -- SELECT … FOR UPDATE is of this class too.
    AND (list_has_any(flags, ['insert', 'update', 'delete', 'merge', 'truncate', 'copy_from']) OR NOT parse_ok OR truncated)
), judged AS (
  SELECT
    *,
    list_filter(
      names,
      lambda name: NOT starts_with(name, 'pg_temp') AND len(list_filter(
        $allowed,
        lambda pattern: name LIKE lower(pattern)
          OR (NOT contains(pattern, '.') AND regexp_replace(name, '^.*\.', '') LIKE lower(pattern))
      )) = 0
    ) AS tables
  FROM writes
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(user_name, '@', coalesce(client, 'unknown')) AS entity,
  concat(
    'the administrator ', user_name, ' wrote to ',
    CASE WHEN len(tables) = 0 THEN 'a table' ELSE left(array_to_string(list_sort(tables), ', '), 200) END
  ) AS summary
FROM judged
WHERE len(tables) > 0 OR len(names) = 0
