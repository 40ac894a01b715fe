/*---
id: Y05
name: policy.unfiltered_read
title: Labelled table read without a condition
why: Work on labelled tables asks for certain rows; a read without a condition takes all of them at once, as somebody does who exports the table, or whose injection makes the condition true for every row.
severity: medium
risk: 50
tactic: collection
attack: [T1213.006]
mode: off
quiet: 1h
requires:
  - pgaudit.log with read
  - pgaudit.log_relation = on (sees a table behind a view)
parameters:
  relations: { type: strings, default: [], help: "Labelled tables and views, with % for any text (hr.%, customers). Without a schema the name counts in every schema. Without them nothing is reported." }
  readers: { type: strings, default: [], help: "Roles of backups, replication and reports that read whole tables in their ordinary work." }
false_positives:
  - A count of all rows, and a look at the first rows with LIMIT.
  - A statement that reads the table with a condition and something else without one, for example a WITH query that is filtered inside.
runbook:
  - Ask the person behind the account what the whole table was needed for.
  - See how much it was - row_count of the statement in activity, with pgaudit.log_rows = on.
  - For an application account, look for SQL injection (detector I01). An application that filters by itself is to send WHERE.
  - If nobody knows of it, end the session with pg_terminate_backend, change the password, and take the rows as known to others.
---*/
WITH reads AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash, flags,
    list_distinct(list_concat(
      relations_read,
      -- COPY of a table, and with log_relation the table behind a view.
      CASE WHEN list_has_all(flags, ['copy_relation', 'copy_to']) THEN [coalesce(target, '')] ELSE [] END,
      CASE WHEN coalesce(object_name, '') <> '' THEN [lower(replace(object_name, '"', ''))] ELSE [] END
    )) AS names
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND len($relations) > 0
    -- What pgaudit logged ran, also where it failed in the end.
    AND audit_type IS NOT NULL
    AND NOT list_contains($readers, coalesce(user_name, ''))
    AND (
      list_has_any(flags, ['no_where', 'where_true', 'tautology', 'tautology_rand'])
      OR list_has_all(flags, ['copy_relation', 'copy_to'])
    )
    -- UPDATE and DELETE of every row have a detector of their own (M01).
    AND (class = 'READ' OR list_has_any(flags, ['insert_select', 'ctas', 'copy_to']))
), judged AS (
  SELECT
    *,
    list_sort(list_filter(
      names,
      lambda name: len(list_filter(
        $relations,
        lambda pattern: name LIKE lower(pattern)
          -- The text may leave the schema out (hr.% says nothing of a bare name then), and so may the pattern.
          OR (NOT contains(name, '.') AND name LIKE lower(regexp_extract(pattern, '^.*\.([^.]*[^.%_][^.]*)$', 1)))
          OR (NOT contains(pattern, '.') AND regexp_replace(name, '^.*\.', '') LIKE lower(pattern))
      )) > 0
    )) AS labelled
  FROM reads
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    coalesce(user_name, 'unknown user'), ' read ', left(array_to_string(labelled, ', '), 200),
    CASE
      WHEN list_has_any(flags, ['no_where', 'copy_relation']) THEN ' without a condition'
      ELSE ' with a condition that is always true'
    END
  ) AS summary
FROM judged
WHERE len(labelled) > 0
