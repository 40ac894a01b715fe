/*---
id: E01
name: exec.copy_program
title: COPY … PROGRAM attempted
why: COPY … PROGRAM, or a foreign table over a program, runs a shell command on the server; applications have no use for it, and an intruder gets a shell of it.
severity: critical
risk: 95
tactic: execution
attack: [T1059.004]
denied_attempts: true
quiet: 15m
requires:
  - log_min_error_statement = error
parameters: {}
false_positives:
  - None expected. Customers of a Flexible Server never hold pg_execute_server_program, so even a denied try proves a hostile client.
runbook:
  - End the session with pg_terminate_backend and change the password of the account.
  - Find out how the statement got in. An application account points to SQL injection (detector I01).
  - Read what the session did before and after.
---*/
WITH tries AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, ok, kinds,
    list_contains(flags, 'copy_program') AS in_the_open,
    list_contains(flags, 'body_copy_program') AS in_a_body,
    -- Called through a function, only the refusal tells of it.
    coalesce(ends_with(message, ' to COPY to or from an external program'), false) AS refused,
    -- file_fdw runs a program whenever somebody reads its table. The wordings up to 16 and from 17 on.
    coalesce(regexp_matches(message, 'the "?program"? option of a file_fdw foreign table$'), false)
      OR (
        list_has_any(kinds, ['CreateForeignTableStmt', 'AlterTableStmt'])
        AND regexp_matches(lower(coalesce(sql_text, '')), 'foreign[^;]*options\s*\([^;]*\bprogram"?\s+e?''')
      ) AS in_a_table
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    coalesce(user_name, 'unknown user'),
    CASE
      WHEN in_a_table THEN concat(CASE WHEN ok THEN ' created' ELSE ' tried' END, ' a foreign table that runs a program')
      WHEN NOT ok THEN ' tried COPY … PROGRAM'
      WHEN in_a_body AND list_contains(kinds, 'CreateFunctionStmt') THEN ' stored a function with COPY … PROGRAM'
      ELSE ' ran COPY … PROGRAM'
    END,
    CASE WHEN in_the_open OR in_a_table THEN '' WHEN in_a_body THEN ', hidden in a block of code' ELSE ', through a function' END
  ) AS summary
FROM tries
WHERE in_the_open OR in_a_body OR refused OR in_a_table
