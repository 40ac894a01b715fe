/*---
id: X09
name: decoy.touched
title: Decoy role, database or table touched
why: A decoy serves no work, so that neither applications nor people have a reason to touch it; whoever does is looking around, or uses a name or password that was laid out to be found.
severity: critical
risk: 95
tactic: discovery
attack: [T1213.006, T1078]
denied_attempts: true
quiet: 1h
requires:
  - pgaudit.log with read and write
  - pgaudit.log_relation = on (sees a decoy behind a view)
  - log_connections = on
parameters:
  roles: { type: strings, default: [], help: "Decoy roles, in lower case, with % for any text and _ for any character. They need not exist." }
  databases: { type: strings, default: [], help: Decoy databases. They need not exist. }
  relations: { type: strings, default: [], help: "Decoy tables and views (finance.wire_credentials_2024). Without a schema the name counts in every schema." }
  visitors: { type: strings, default: [], help: Roles of backup and monitoring. Their dumps of decoy tables and their sign-ins to decoy databases are expected. Anything else that they do with a decoy is reported. }
false_positives:
  - A backup or a monitoring agent that goes through all tables or databases. Put its role into visitors.
  - A tool that counts the rows of every table.
  - Filling the decoy. Declare it afterwards.
runbook:
  - Nobody has an ordinary reason to touch a decoy. Treat the account and the client as hostile until its owner explains.
  - End the sessions with pg_terminate_backend and set the role to NOLOGIN.
  - Read what the session did before and after - pgvigil query "SELECT event_time, ok, sql_text FROM activity WHERE session_id = '<session>' ORDER BY event_time".
  - For a decoy role, find out from where its name was known (configuration file, wiki, repository). That place has been read.
---*/
WITH statements_seen AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, flags,
    ok OR audit_type IS NOT NULL AS done,
    list_distinct(list_concat(
      relations_read, relations_written,
      -- With log_relation pgaudit names the table behind a view.
      CASE WHEN coalesce(object_name, '') <> '' THEN [lower(replace(object_name, '"', ''))] ELSE [] END
    )) AS names,
    CASE WHEN setting_name IN ('role', 'session_authorization') THEN lower(setting_value) END AS switched_to
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND len($roles) + len($relations) > 0
    -- To make a decoy is not to fall for it.
    AND NOT (len(kinds) > 0 AND list_has_all(['CreateStmt'], kinds))
), touched AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, flags, done,
    switched_to,
    list_sort(list_filter(
      names,
      -- The text may leave the schema out (hr.% says nothing of a bare name then), and so may the pattern.
      lambda n: len(list_filter(
        $relations,
        lambda p: n LIKE lower(p)
          OR (NOT contains(n, '.') AND n LIKE lower(regexp_extract(p, '^.*\.([^.]*[^.%_][^.]*)$', 1)))
          OR (NOT contains(p, '.') AND regexp_replace(n, '^.*\.', '') LIKE lower(p))
      )) > 0
    )) AS decoys
  FROM statements_seen
), events AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, done,
    concat('table ', array_to_string(decoys, ', ')) AS decoy
  FROM touched
  WHERE len(decoys) > 0
    -- What a dump does: lock and copy.
    AND NOT (
      list_contains($visitors, coalesce(user_name, ''))
      AND list_has_any(flags, ['lock_access_share', 'copy_stdout', 'pg_dump_cursor'])
    )
  UNION ALL
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, done,
    concat('role ', switched_to)
  FROM touched
  WHERE len(list_filter($roles, lambda p: switched_to LIKE lower(p))) > 0
  UNION ALL
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, NULL, outcome = 'success',
    CASE
      WHEN len(list_filter($roles, lambda p: lower(user_name) LIKE lower(p))) > 0 THEN concat('role ', user_name)
      ELSE concat('database ', database_name)
    END
  FROM sign_ins
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND len($roles) + len($databases) > 0
    AND (
      len(list_filter($roles, lambda p: lower(user_name) LIKE lower(p))) > 0
      OR (
        len(list_filter($databases, lambda p: lower(database_name) LIKE lower(p))) > 0
        AND NOT list_contains($visitors, coalesce(user_name, ''))
      )
    )
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    coalesce(user_name, 'unknown user'), ' from ', coalesce(client, 'an unknown address'),
    CASE WHEN done THEN ' touched the decoy ' ELSE ' tried the decoy ' END, decoy
  ) AS summary
FROM events
