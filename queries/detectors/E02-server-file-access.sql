/*---
id: E02
name: exec.server_file_access
title: Files of the server read, written or listed
why: Applications keep their data in tables and have no business with files of the server; keys, settings and password hashes lie there, and a file that is written there can become code that runs.
severity: high
risk: 80
tactic: collection
attack: [T1005, T1083, T1105]
denied_attempts: true
quiet: 1h
requires:
  - pgaudit.log with read, write and misc
  - log_min_error_statement = error
parameters:
  functions:
    type: strings
    default:
      - pg_read_file
      - pg_read_binary_file
      - pg_ls_dir
      - pg_stat_file
      - lo_import
      - lo_export
      - pg_file_read
      - pg_file_write
      - pg_file_rename
      - pg_file_unlink
      - pg_file_sync
      - pg_file_length
      - pg_logdir_ls
    help: Functions whose every call is reported.
  listings:
    type: strings
    default:
      - pg_ls_logdir
      - pg_ls_waldir
      - pg_ls_tmpdir
      - pg_ls_archive_statusdir
      - pg_ls_logicalsnapdir
      - pg_ls_logicalmapdir
      - pg_ls_replslotdir
      - pg_ls_summariesdir
    help: Functions that list a fixed folder for members of pg_monitor. Reported only when they are denied.
  monitors: { type: strings, default: [], help: Roles of monitoring agents whose denied listings and denied pg_ls_dir and pg_stat_file are not reported. }
false_positives:
  - A monitoring agent that lists WAL or temporary files without being a member of pg_monitor (medium, with pg_ls_dir or pg_stat_file high). Grant it the role, or name it in `monitors`.
  - A script from a server of your own with COPY to or from a file. psql's \copy reads the file of the client and is not meant.
runbook:
  - Ask the person behind the account what it was for. On a Flexible Server files are out of reach, so the try is the finding.
  - For an application account, look for SQL injection (detector I01), and block the client that sends it.
  - Read what the session did - pgvigil query "SELECT event_time, ok, normalized FROM activity WHERE session_id = '<session>'".
  - If it succeeded, take what the file holds as known to the attacker, and open a case with Azure support.
---*/
WITH seen AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, ok,
    sqlstate, path, flags, kinds, lower(coalesce(sql_text, '')) AS text,
    NOT ok AND sqlstate = '42501' AND list_contains($monitors, coalesce(user_name, '')) AS is_denied_monitor,
    -- Called through a function of the user's, only the refusal tells of it.
    list_append(
      functions,
      lower(regexp_extract(coalesce(message, ''), '^permission denied for function "?([\w$]{1,128})', 1))
    ) AS called,
    coalesce(regexp_matches(message, 'the "?filename"? option of a file_fdw foreign table$'), false) AS file_table_denied
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND (
      list_has_any(flags, ['copy_file', 'body_danger'])
      OR list_has_any(functions, $functions)
      OR list_has_any(functions, $listings)
      OR list_contains(functions, 'pg_relation_filepath')
      OR list_has_any(kinds, ['CreateForeignTableStmt', 'AlterTableStmt'])
      OR starts_with(message, 'permission denied for function ')
      OR contains(message, 'file_fdw')
    )
), judged AS (
  SELECT
    *,
    list_filter(
      list_intersect(called, $functions),
      lambda name: NOT (is_denied_monitor AND list_contains(['pg_ls_dir', 'pg_stat_file'], name))
    ) AS direct,
    CASE
      WHEN NOT ok AND sqlstate = '42501' AND NOT is_denied_monitor THEN list_intersect(called, $listings)
      ELSE []
    END AS denied_listings,
    -- The body of a stored function: it runs later, when only the call is logged.
    list_contains(kinds, 'CreateFunctionStmt') AND list_contains(flags, 'body_danger') AND (
      -- Also where the name is put together from pieces.
      regexp_matches(regexp_replace(text, '''\s*\|\|\s*''', '', 'g'), concat('\b(?:', array_to_string($functions, '|'), ')\b'))
      OR regexp_matches(text, 'copy\s[^;]{1,300}\s(?:from|to)\s+e?''{1,2}[^'']')
    ) AS stored,
    file_table_denied OR (
      list_has_any(kinds, ['CreateForeignTableStmt', 'AlterTableStmt'])
      AND regexp_matches(text, 'foreign[^;]*options\s*\([^;]*\bfilename"?\s+e?''')
    ) AS file_table,
    -- Where the file with the password hashes lies.
    list_contains(called, 'pg_relation_filepath') AND regexp_matches(text, 'pg_authid|\b1260\b') AS password_file
  FROM seen
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  CASE
    WHEN len(direct) > 0 OR list_contains(flags, 'copy_file') OR stored OR file_table THEN 'high'
    ELSE 'medium'
  END AS severity,
  concat(
    coalesce(user_name, 'unknown user'),
    CASE
      WHEN stored THEN CASE WHEN ok THEN ' stored' ELSE ' tried to store' END
      -- Class 42: a right was missing, or the statement made no sense. What failed otherwise ran up to there.
      WHEN ok OR NOT starts_with(sqlstate, '42') THEN ' used'
      ELSE ' tried'
    END,
    CASE
      WHEN stored THEN ' a function that reaches for files'
      WHEN len(direct) > 0 THEN concat(' ', array_to_string(direct, ', '))
      WHEN list_contains(flags, 'copy_file')
        THEN CASE WHEN list_contains(flags, 'copy_from') THEN ' COPY from a file' ELSE ' COPY to a file' END
      WHEN file_table THEN ' a foreign table over a file'
      WHEN len(denied_listings) > 0 THEN concat(' ', array_to_string(denied_listings, ', '))
      ELSE ' pg_relation_filepath to find the file with the password hashes'
    END,
    CASE WHEN path IS NULL THEN ' on the server' ELSE concat(' on the server: ', left(path, 100)) END
  ) AS summary
FROM judged
WHERE len(direct) > 0
  OR list_contains(flags, 'copy_file')
  OR stored
  OR file_table
  OR len(denied_listings) > 0
  OR password_file
