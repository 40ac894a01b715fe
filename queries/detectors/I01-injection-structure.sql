/*---
id: I01
name: inj.structure
title: SQL injection structure in a statement
why: An application sends the same shapes with other values; a condition that is always true, a UNION with a catalog or a comment that cuts the rest off is input that became SQL, and its author acts with the application's rights.
severity: high
risk: 70
tactic: initial-access
attack: [T1190]
denied_attempts: true
quiet: 1h
requires:
  - pgaudit.log with read and write
  - log_min_error_statement = error
  - literals in statements (a value that comes as a bind parameter is not in the text)
parameters:
  min_score: { type: number, default: 3, min: 1, max: 20, help: "Points. A condition that is always true 2, with random-looking constants or a contradiction 1 more; a row of constants added by UNION 2, and 1 more with two or more NULLs; UNION of a table with a catalog 3; several statements 1; a comment inside a keyword pair 1; a comment that cuts the rest off 1, behind a UNION 3, behind a second statement 2; data in an error through a cast 2, and 1 more when it failed; sleep or heavy computation 2, next to a table 3; text built from three or more chr() 3." }
  learned_days: { type: number, default: 3, min: 1, max: 60, help: "A statement that differs in its literals only from one that the user sent on this many earlier days is ordinary." }
false_positives:
  - A statement of an application that looks like it only with some values, such as a condition that a number makes always true. Its shape is known after three days.
  - A statement that looks like it every time, such as a reporting tool's that pads UNIONs of constants with NULL. What alerts is never learned; allow its fingerprint with pgvigil allow.
runbook:
  - Find the code that sends the statement; the normalised text and application_name lead to it. Use bind parameters there.
  - Read all statements of the session, and what they returned (row_count).
  - Block the client of the application that sends it, not only the database session.
---*/
WITH scored AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
    fingerprint, ok,
    list_contains(flags, 'tautology')::INTEGER * 2
      + list_has_any(flags, ['tautology_rand', 'contradiction'])::INTEGER
      -- A totals row of a report is padded with NULL too, but it comes from a relation.
      + list_contains(flags, 'union_probe')::INTEGER * 2
      + (list_contains(flags, 'union_probe') AND null_pads >= 2)::INTEGER
      -- The queries of psql and pg_dump join catalogs with catalogs; injection hangs one onto a table of the user.
      + (list_contains(flags, 'union_catalog') AND len(relations_read) > 0)::INTEGER * 3
      + list_contains(flags, 'stacked')::INTEGER
      + list_contains(flags, 'inline_comment')::INTEGER
      + list_contains(flags, 'comment_tail')::INTEGER
      + (list_contains(flags, 'comment_tail') AND list_contains(flags, 'union'))::INTEGER * 2
      + (list_contains(flags, 'comment_tail') AND list_contains(flags, 'stacked'))::INTEGER
      + list_contains(flags, 'err_cast')::INTEGER * 2
      + (list_contains(flags, 'err_cast') AND NOT ok)::INTEGER
      + list_has_any(flags, ['sleep', 'heavy_gs'])::INTEGER * 2
      + (list_has_any(flags, ['sleep', 'heavy_gs']) AND len(relations_read) > 0)::INTEGER
      + (chr_chain >= 3)::INTEGER * 3 AS score
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND (
      list_has_any(flags, ['tautology', 'contradiction', 'union', 'err_cast', 'sleep', 'heavy_gs', 'comment_tail', 'stacked'])
      OR chr_chain >= 3
    )
), suspects AS (
  SELECT * FROM scored WHERE score >= $min_score
), questions AS (
  SELECT DISTINCT server, user_name, fingerprint, event_time::DATE AS day FROM suspects
), usual AS (
  SELECT q.server, q.user_name, q.fingerprint, q.day
  FROM questions q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user_fingerprint' AND k.entity = q.user_name AND k.value = q.fingerprint
      AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
  HAVING count(*) >= $learned_days
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  concat(coalesce(user_name, 'unknown'), '@', coalesce(client, 'unknown')) AS entity,
  concat(
    coalesce(user_name, 'unknown user'), ' sent a statement with the structure of SQL injection (score ', score, ')',
    CASE WHEN ok THEN '' ELSE '; it failed' END
  ) AS summary,
  score AS observed,
  $min_score AS threshold
FROM suspects s
ANTI JOIN usual u
  ON u.server = s.server AND u.user_name = s.user_name AND u.fingerprint = s.fingerprint AND u.day = s.event_time::DATE
