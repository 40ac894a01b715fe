/*---
id: E01
name: exec.copy_program
title: COPY … PROGRAM attempted
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
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    coalesce(user_name, 'unknown user'), CASE WHEN ok THEN ' ran COPY … PROGRAM' ELSE ' tried COPY … PROGRAM' END,
    CASE WHEN list_contains(flags, 'body_copy_program') THEN ', hidden in a block of code' ELSE '' END
  ) AS summary
FROM activity
WHERE event_time > $since
  AND event_time <= $until
  AND NOT is_platform
  AND list_has_any(flags, ['copy_program', 'body_copy_program'])
