/*---
id: I04
name: inj.new_query_shape
title: New query shape from a service account
why: An application sends the statements that stand in its code; one of another shape comes of a release, of an injection, or of somebody who has its password, and the last two act with all of its rights.
severity: low
risk: 35
tactic: initial-access
attack: [T1190, T1078]
quiet: 1d
requires:
  - pgaudit.log with read and write
parameters:
  service_users: { type: strings, default: [], help: "Accounts of applications, as they are written in the server. Others are taken for one when they send few shapes and seldom a new one." }
  min_days: { type: number, default: 14, min: 1, max: 60, help: Days on which the account was seen before; of a newer one nothing is usual yet. }
  max_shapes: { type: number, default: 500, min: 1, max: 2000, help: An account that is not in service_users is judged only while no more shapes of it are known. }
  max_changes: { type: number, default: 2, min: 0, max: 7, help: "Days of the last seven on which an account that is not in service_users sent something new; people do so nearly every day." }
false_positives:
  - Every release brings new shapes. They are one alert of the account, info as long as they use the tables that it always used and ask for no more of them; on the next day they are known.
  - A release with new tables, and the queries of a new driver version to the catalogs, are low.
  - Work that is done once in a quarter. What was not seen for as long as baselines remember is new again.
  - An application that writes values as names or builds its statements from parts sends more shapes than baselines keep. It becomes open-ended, which is told for a week; its new shapes are not judged any more.
runbook:
  - Ask the owner of the application whether there was a release, and whether the statement is theirs.
  - Read what is new - pgvigil query "SELECT normalized, min(event_time), count(*), list(DISTINCT client) FROM activity WHERE user_name = '<user>' AND event_time > now() - INTERVAL 1 DAY GROUP BY 1 ORDER BY 2 DESC".
  - If it is not, look for an injection (detectors I01 to I03) and for a person who uses the account (detectors A06 and A11). Change the password, mend the query.
  - For an account that became open-ended, see whether values stand in place of names. When that is mended, forget what was learned - pgvigil baselines reset --entity <user> --dimension user_fingerprint.
---*/
WITH uses AS (
  SELECT
    record_id, event_time, event_time::DATE AS day, server, session_id, user_name, client, database_name, application,
    statement_hash, fingerprint, normalized, catalogs, flags, class,
    list_transform(list_distinct(list_concat(relations_read, relations_written)), lambda r: regexp_replace(r, '^public\.', ''))
      AS relations
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND user_name IS NOT NULL
    -- What failed before it ran is the business of I03, and never becomes known.
    AND (ok OR audit_type IS NOT NULL)
    AND parse_ok
    AND fingerprint IS NOT NULL
    -- SET, BEGIN and the like change with every version of a driver.
    AND class IN ('READ', 'WRITE', 'FUNCTION', 'DDL', 'ROLE')
), keys AS MATERIALIZED (
  SELECT DISTINCT u.server, u.user_name, u.day, u.fingerprint
  FROM uses u
  JOIN learning l ON l.server = u.server AND u.day >= l.complete_from
), usual AS (
  -- Nearly all of what is sent was sent in the last week as well: of the long memory only what few need is read.
  SELECT DISTINCT q.server, q.user_name, q.day, q.fingerprint
  FROM keys q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user_fingerprint' AND k.entity = q.user_name AND k.value = q.fingerprint
      AND q.day BETWEEN k.known_from AND k.known_until
  WHERE k.day >= ($since)::DATE - 7
), seldom AS MATERIALIZED (
  SELECT q.*
  FROM keys q
  ANTI JOIN usual u
    ON u.server = q.server AND u.user_name = q.user_name AND u.day = q.day AND u.fingerprint = q.fingerprint
), known AS (
  SELECT DISTINCT q.server, q.user_name, q.day, q.fingerprint
  FROM seldom q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user_fingerprint' AND k.entity = q.user_name AND k.value = q.fingerprint
      AND q.day BETWEEN k.known_from AND k.known_until
), unknown AS MATERIALIZED (
  SELECT q.*
  FROM seldom q
  ANTI JOIN known k
    ON k.server = q.server AND k.user_name = q.user_name AND k.day = q.day AND k.fingerprint = q.fingerprint
), strangers AS (
  SELECT u.*
  FROM uses u
  JOIN unknown q
    ON q.server = u.server AND q.user_name = u.user_name AND q.day = u.day AND q.fingerprint = u.fingerprint
), questions AS (
  SELECT DISTINCT server, user_name, day FROM unknown
), accounts AS MATERIALIZED (
  SELECT q.server, q.user_name, q.day, count(*) AS days
  FROM questions q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user' AND k.value = q.user_name AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
  HAVING count(*) >= $min_days
), openings AS (
  SELECT q.server, q.user_name, q.day, k.value AS dimension, min(k.day) AS opened
  FROM accounts q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'open_ended' AND k.entity = q.user_name
      AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
), shapes AS (
  SELECT q.server, q.user_name, q.day, k.value, min(k.day) AS first_day
  FROM accounts q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user_fingerprint' AND k.entity = q.user_name
      AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
), habits AS (
  SELECT
    a.server, a.user_name, a.day, a.days, o.opened,
    -- Of an account that became open-ended, as it was before.
    count(*) FILTER (o.opened IS NULL OR s.first_day < o.opened) AS known_shapes,
    count(DISTINCT s.first_day) FILTER (
      s.first_day >= coalesce(o.opened, a.day) - 7 AND s.first_day < coalesce(o.opened, a.day)
    ) AS changes
  FROM accounts a
  JOIN shapes s ON s.server = a.server AND s.user_name = a.user_name AND s.day = a.day
  LEFT JOIN openings o
    ON o.server = a.server AND o.user_name = a.user_name AND o.day = a.day AND o.dimension = 'user_fingerprint'
  GROUP BY ALL
), services AS MATERIALIZED (
  SELECT *
  FROM habits
  WHERE (opened IS NULL OR day - opened <= 7)
    AND known_shapes > 0
    AND (list_contains($service_users, user_name) OR (known_shapes <= $max_shapes AND changes <= $max_changes))
), tables AS (
  SELECT s.server, s.user_name, s.day, list(DISTINCT regexp_replace(k.value, '^public\.', '')) AS known
  FROM services s
  JOIN known_values k
    ON k.server = s.server AND k.dimension = 'user_relation' AND k.entity = s.user_name
      AND s.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
), judged AS (
  SELECT
    u.*, s.days, s.known_shapes, s.opened,
    CASE
      WHEN o.opened IS NOT NULL THEN []
      ELSE list_sort(list_filter(u.relations, lambda r: NOT list_contains(coalesce(t.known, []), r)))
    END AS new_tables,
    len(u.catalogs) > 0 OR u.class IN ('DDL', 'ROLE') OR list_has_any(u.flags, ['union', 'no_where', 'copy_to']) AS is_broad
  FROM strangers u
  JOIN services s ON s.server = u.server AND s.user_name = u.user_name AND s.day = u.day
  LEFT JOIN tables t ON t.server = u.server AND t.user_name = u.user_name AND t.day = u.day
  LEFT JOIN openings o
    ON o.server = u.server AND o.user_name = u.user_name AND o.day = u.day AND o.dimension = 'user_relation'
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, statement_hash,
  user_name AS entity,
  -- Nothing is learned of sessions behind a medium alert: a release must not stop the learning of its account.
  CASE WHEN opened IS NOT NULL THEN 'medium' WHEN len(new_tables) > 0 OR is_broad THEN 'low' ELSE 'info' END AS severity,
  CASE
    WHEN opened IS NOT NULL THEN concat(
      user_name, ' sent more shapes of statements on ', opened, ' than are kept; ', known_shapes,
      ' were known before. What it sends is not judged any more, such as ', left(normalized, 160)
    )
    ELSE concat(
      user_name, ' sent a statement of a shape that it never sent on ', days, ' days (', known_shapes, ' shapes known)',
      CASE WHEN len(new_tables) > 0 THEN concat(' with ', left(array_to_string(new_tables, ', '), 160), ', which it never used') ELSE '' END,
      ': ', left(normalized, 160)
    )
  END AS summary,
  0 AS observed,
  1 AS threshold
FROM judged
