/*---
id: X04
name: exfil.first_sensitive_access
title: First access to a sensitive relation
why: Who works with sensitive data does so again and again; the first access of an account that did without it means new duties, or somebody who uses its rights to get at what is worth most.
severity: high
risk: 60
tactic: collection
attack: [T1213.006]
denied_attempts: true
quiet: 1d
requires:
  - pgaudit.log with read and write
  - pgaudit.log_relation = on (sees a table behind a view or a search_path)
parameters:
  sensitive: { type: strings, default: [], help: "Tables and views with sensitive data, in lower case, with % for any text (hr.%, %.card_numbers). Without a schema the name counts in every schema. A whole schema (hr.%) covers names that a statement writes without it only where pgaudit.log_relation is on. Without them nothing is reported." }
  readers: { type: strings, default: [], help: "Roles whose work it is to read such tables as they come: backups, replication." }
  min_days: { type: number, default: 7, min: 1, max: 60, help: Days on which the user was seen before. The first access of a newer one is medium. }
false_positives:
  - New joiners and moved duties. What another user reads as well is low.
  - A sensitive table that was just created, or renamed. For whoever works with sensitive tables of its schema it is low.
  - The alert goes on as long as the access does, as nothing of its sessions is learned while they are suspect. Put the role into readers when it is meant.
  - A backup that meets a new table. Put its role into readers.
  - A user who touches more relations than baselines keep is open-ended and not reported.
runbook:
  - Ask the person or the owner of the application what the data was needed for.
  - See who else reads it - pgvigil query "SELECT entity, count(*) AS days, max(day) FROM known_values WHERE dimension = 'user_relation' AND value = '<relation>' GROUP BY entity".
  - Read what the session did - pgvigil query "SELECT event_time, ok, row_count, sql_text FROM activity WHERE session_id = '<session>' ORDER BY event_time".
  - Look for an export after it (detectors X01, X02 and X05). If it was not meant, revoke the right, end the session with pg_terminate_backend and change the password.
---*/
WITH touches AS (
  SELECT
    record_id, event_time, event_time::DATE AS day, server, session_id, user_name, client, database_name, application,
    statement_hash,
    ok OR audit_type IS NOT NULL AS done,
    list_distinct(list_concat(
      relations_read, relations_written,
      -- COPY of a table.
      CASE WHEN list_contains(flags, 'copy_relation') AND target IS NOT NULL THEN [target] ELSE [] END
    )) AS written,
    -- With log_relation pgaudit names each relation, in a row of its own.
    CASE WHEN audit_type IS NOT NULL AND contains(object_name, '.') THEN lower(replace(object_name, '"', '')) END AS resolved
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND user_name IS NOT NULL
    AND len($sensitive) > 0
    AND NOT list_contains($readers, user_name)
    AND (
      -- To create or to alter a table is not to see its data.
      class IN ('READ', 'WRITE')
      OR list_has_any(flags, ['ctas', 'insert_select', 'copy_to', 'copy_from'])
      OR sqlstate = '42501'
    )
), named AS (
  SELECT
    *,
    list_distinct(list_concat(
      -- A name without a schema is that of the row where pgaudit tells it.
      list_filter(written, lambda n: resolved IS NULL OR contains(n, '.')),
      CASE WHEN resolved IS NULL THEN [] ELSE [resolved] END
    )) AS names
  FROM touches
), matched AS (
  SELECT
    *,
    list_filter(
      names,
      -- The text may leave the schema out (hr.% says nothing of a bare name then), and so may the pattern.
      lambda n: len(list_filter(
        $sensitive,
        lambda p: n LIKE lower(p)
          OR (NOT contains(n, '.') AND n LIKE lower(regexp_extract(p, '^.*\.([^.]*[^.%_][^.]*)$', 1)))
          OR (NOT contains(p, '.') AND regexp_replace(n, '^.*\.', '') LIKE lower(p))
      )) > 0
    ) AS relations
  FROM named
), touched AS MATERIALIZED (
  SELECT * EXCLUDE (relations, names, written, resolved), unnest(relations) AS relation, written
  FROM matched
  WHERE len(relations) > 0
), questions AS MATERIALIZED (
  SELECT DISTINCT
    t.server, t.user_name, t.day, t.relation,
    regexp_replace(t.relation, '^.*\.', '') AS bare,
    -- Baselines keep names as they were written.
    NOT contains(t.relation, '.') OR list_contains(t.written, regexp_replace(t.relation, '^.*\.', '')) AS is_bare
  FROM touched t
  JOIN learning l ON l.server = t.server AND t.day >= l.complete_from
), users AS (
  -- Who touched the relation before, under its name, and under its name without the schema where it is written so.
  SELECT q.server, q.user_name, q.day, q.relation, q.is_bare, k.entity
  FROM questions q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user_relation' AND string_split(k.value, '.')[-1] = q.bare
      AND (k.value = q.relation OR NOT contains(q.relation, '.') OR (q.is_bare AND k.value = q.bare))
      AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
), peers AS (
  SELECT
    server, user_name, day, relation, is_bare,
    bool_or(entity = user_name) AS is_known,
    list_sort(list(entity) FILTER (entity <> user_name)) AS others
  FROM users
  GROUP BY ALL
), strangers AS MATERIALIZED (
  SELECT q.*, coalesce(p.others, []) AS others
  FROM questions q
  LEFT JOIN peers p
    ON p.server = q.server AND p.user_name = q.user_name AND p.day = q.day AND p.relation = q.relation
      AND p.is_bare = q.is_bare
  WHERE NOT coalesce(p.is_known, false)
), people AS (
  SELECT DISTINCT server, user_name, day FROM strangers
), days AS (
  SELECT q.server, q.user_name, q.day, count(*) AS days
  FROM people q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user' AND k.value = q.user_name AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
), duties AS (
  -- Sensitive relations of the same schema that the user works with.
  SELECT q.server, q.user_name, q.day, q.relation, count(DISTINCT k.value) AS relations
  FROM strangers q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user_relation' AND k.entity = q.user_name
      AND regexp_extract(k.value, '^(.*)\.', 1) = regexp_extract(q.relation, '^(.*)\.', 1)
      AND q.day BETWEEN k.known_from AND k.known_until
  WHERE contains(q.relation, '.')
    AND len(list_filter(
      $sensitive,
      lambda p: k.value LIKE lower(p) OR (NOT contains(p, '.') AND regexp_replace(k.value, '^.*\.', '') LIKE lower(p))
    )) > 0
  GROUP BY ALL
), found AS (
  -- One row per statement, of the relation that the fewest others use.
  SELECT DISTINCT ON (t.record_id)
    t.*, s.others, coalesce(d.days, 0) AS days, coalesce(u.relations, 0) AS relations
  FROM touched t
  JOIN strangers s
    ON s.server = t.server AND s.user_name = t.user_name AND s.day = t.day AND s.relation = t.relation
      AND s.is_bare = (NOT contains(t.relation, '.') OR list_contains(t.written, regexp_replace(t.relation, '^.*\.', '')))
  LEFT JOIN days d ON d.server = t.server AND d.user_name = t.user_name AND d.day = t.day
  LEFT JOIN duties u
    ON u.server = t.server AND u.user_name = t.user_name AND u.day = t.day AND u.relation = t.relation
  ORDER BY t.record_id, len(s.others), t.relation
)
SELECT
  f.record_id, f.event_time, f.server, f.session_id, f.user_name, f.client, f.database_name, f.application, f.statement_hash,
  f.user_name AS entity,
  CASE
    -- Nothing is learned of sessions behind a medium alert: those whose duty it is must become known.
    WHEN len(f.others) > 0 OR f.relations > 0 THEN 'low'
    WHEN NOT f.done OR f.days < $min_days THEN 'medium'
    ELSE 'high'
  END AS severity,
  concat(
    f.user_name, ' from ', coalesce(f.client, 'an unknown address'),
    CASE WHEN f.done THEN ' used ' ELSE ' tried to use ' END, f.relation, ' for the first time',
    CASE WHEN f.days = 0 THEN ', and was never seen before' ELSE concat(' on ', f.days + 1, ' days') END,
    CASE
      WHEN len(f.others) = 0 AND f.relations > 0 THEN concat('; nobody else uses it, and ', f.relations, ' other sensitive relations of its schema are usual')
      WHEN len(f.others) = 0 THEN '; nobody else uses it'
      ELSE concat(
        '; others do: ', array_to_string(f.others[1:3], ', '),
        CASE WHEN len(f.others) > 3 THEN concat(' and ', len(f.others) - 3, ' more') ELSE '' END
      )
    END
  ) AS summary,
  len(f.others) AS observed,
  1 AS threshold
FROM found f
ANTI JOIN known_values e
  ON e.server = f.server AND e.dimension = 'open_ended' AND e.entity = f.user_name AND e.value = 'user_relation'
    AND f.day BETWEEN e.known_from AND e.known_until
