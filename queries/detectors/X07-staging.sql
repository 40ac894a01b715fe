/*---
id: X07
name: exfil.staging
title: Sensitive data copied into another table
why: Rights and watching hang on the sensitive table and not on its copy; few tasks need one, and an intruder gathers data in it to carry it off later without touching the table again.
severity: medium
risk: 55
tactic: collection
attack: [T1074.001]
quiet: 1h
requires:
  - pgaudit.log with read, write and ddl
  - pgaudit.log_relation = on (sees a table behind a view)
parameters:
  sensitive: { type: strings, default: [], help: "Tables and views with sensitive data, in lower case, with % for any text (hr.%, %.card_numbers). Without a schema the name counts in every schema. A whole schema (hr.%) covers names that a statement writes without it only where pgaudit.log_relation is on." }
  copiers: { type: strings, default: [], help: Roles whose work it is to copy such data (ELT). }
false_positives:
  - Jobs that load a warehouse. Put their role into copiers.
  - A DBA who saves a table before a risky change.
  - A query that copies no more than counts and sums of a sensitive table.
runbook:
  - Ask the person behind the account what the copy is for. Rights on the new table are not those of the old one.
  - Look at who read the copy - pgvigil query "SELECT event_time, user_name, client, sql_text FROM activity WHERE list_contains(relations_read, '<copy>')".
  - Drop the copy when it is not needed.
  - Look for an export after it (detector X01) and for a way out of the server (detector X05).
---*/
WITH copies AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, target,
    flags, relations_written,
    list_distinct(list_concat(
      relations_read,
      -- With log_relation pgaudit names the table behind a view.
      CASE WHEN coalesce(object_name, '') <> '' AND class = 'READ' THEN [lower(replace(object_name, '"', ''))] ELSE [] END
    )) AS sources
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    -- One that pgaudit logged ran. In a transaction that is rolled back later the copy could be read.
    AND (ok OR audit_type IS NOT NULL)
    AND NOT is_platform
    AND len($sensitive) > 0
    AND list_has_any(flags, ['ctas', 'insert_select'])
    AND NOT list_contains($copiers, coalesce(user_name, ''))
), matched AS (
  SELECT
    *,
    list_sort(list_filter(
      sources,
      -- The text may leave the schema out (hr.% says nothing of a bare name then), and so may the pattern.
      lambda n: len(list_filter(
        $sensitive,
        lambda p: n LIKE lower(p)
          OR (NOT contains(n, '.') AND n LIKE lower(regexp_extract(p, '^.*\.([^.]*[^.%_][^.]*)$', 1)))
          OR (NOT contains(p, '.') AND regexp_replace(n, '^.*\.', '') LIKE lower(p))
      )) > 0
    )) AS taken,
    -- A copy whose name is covered as well stays under the same eyes. Without its schema nobody knows where it is.
    list_filter(
      relations_written,
      lambda n: list_contains(flags, 'temp')
        OR len(list_filter(
          $sensitive,
          lambda p: (contains(n, '.') AND n LIKE lower(p))
            OR (NOT contains(p, '.') AND regexp_replace(n, '^.*\.', '') LIKE lower(p))
        )) = 0
    ) AS uncovered
  FROM copies
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    coalesce(user_name, 'unknown user'), ' copied data of ', array_to_string(taken, ', '), ' into ',
    CASE
      WHEN list_contains(flags, 'temp') THEN 'the temporary table '
      WHEN list_contains(flags, 'unlogged') THEN 'the unlogged table '
      ELSE ''
    END,
    array_to_string(list_sort(uncovered), ', ')
  ) AS summary
FROM matched
WHERE len(taken) > 0 AND len(uncovered) > 0
