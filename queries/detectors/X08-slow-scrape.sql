/*---
id: X08
name: exfil.slow_scrape
title: Low-and-slow enumeration of a relation
why: A user asks a table about as often on each day; many times that, one value after the other, is how a whole table is taken away while every single hour stays below the limits on rows.
severity: medium
risk: 50
tactic: exfiltration
attack: [T1030, T1119]
quiet: 7d
requires:
  - pgaudit.log with read
parameters:
  days: { type: number, default: 3, min: 1, max: 14, help: "Whole days (UTC) that are counted together. The day of the alert is not one of them: it is told with the next use." }
  min_calls: { type: number, default: 500, min: 10, max: 1000000000, help: "Fewer statements than these in as many days are never unusual, nor half of them on the day before." }
  ratio: { type: number, default: 8, min: 2, max: 1000, help: "How many times the usual number of a day it has to be: on average, or on the day before." }
  min_days: { type: number, default: 7, min: 2, max: 45, help: Days before them on which the user was seen. }
  scrapers: { type: strings, default: [], help: "Roles that go through whole tables in their ordinary work (search indexes, exports)." }
false_positives:
  - An endpoint that grew, a crawler on the public site, a back-fill. Work that swells and shrinks is known by its busiest day.
  - A new dashboard that refreshes all day. A table that the user never used before is low.
  - With pgaudit.log_relation a statement has a line, and counts, for each of its relations.
runbook:
  - See whether one value after the other is asked for - pgvigil query "SELECT event_time, client, sql_text, parameters FROM activity WHERE user_name = '<user>' AND list_contains(relations_read, '<relation>') ORDER BY event_time DESC LIMIT 100".
  - See how it grew - pgvigil query "SELECT day, n FROM known_values WHERE dimension = 'user_relation' AND entity = '<user>' AND value = '<relation>' ORDER BY day".
  - For an application account, find in its own log who sent the requests, and limit their rate there.
  - If nobody knows of it, end the sessions with pg_terminate_backend, change the password, and take the relation as known to others.
---*/
WITH reads AS (
  SELECT
    record_id, event_time, event_time::DATE AS day, server, session_id, user_name, client, database_name, application,
    statement_hash, fingerprint, normalized,
    list_transform(relations_read, lambda r: regexp_replace(r, '^public\.', '')) AS relations
  FROM activity
  WHERE event_time > $since
    AND event_time <= $until
    AND NOT is_platform
    AND user_name IS NOT NULL
    AND (ok OR audit_type IS NOT NULL)
    AND class = 'READ'
    AND len(relations_read) > 0
    -- One without a value says the same each time: it polls.
    AND contains(normalized, '$')
    AND NOT list_contains($scrapers, user_name)
), uses AS (
  SELECT DISTINCT server, user_name, day, 'user_relation' AS dimension, unnest(relations) AS value FROM reads
  UNION ALL
  SELECT DISTINCT server, user_name, day, 'user_fingerprint', fingerprint FROM reads WHERE fingerprint IS NOT NULL
), questions AS MATERIALIZED (
  -- Two spellings of one name are one relation.
  SELECT
    u.*,
    unnest(CASE
      WHEN u.dimension = 'user_relation' AND NOT contains(u.value, '.') THEN [u.value, concat('public.', u.value)]
      ELSE [u.value]
    END) AS spelling
  FROM uses u
  JOIN learning l ON l.server = u.server AND u.day >= l.complete_from
), lately AS MATERIALIZED (
  -- First the few days that are counted: of the many that are compared with them only what few need is read.
  SELECT
    q.server, q.user_name, q.day, q.dimension, q.value,
    sum(k.n)::BIGINT AS all_calls,
    coalesce(sum(k.n) FILTER (k.day = q.day - 1), 0)::BIGINT AS last_calls
  FROM questions q
  JOIN known_values k
    ON k.server = q.server AND k.entity = q.user_name
      -- One who has alerted already is not usual, and counts.
      AND (k.dimension = q.dimension OR (k.dimension = 'suspect_relation' AND q.dimension = 'user_relation'))
      AND k.value = q.spelling
      AND k.day BETWEEN q.day - $days::INTEGER AND q.day - 1
  WHERE k.day >= ($since)::DATE - $days::INTEGER
  GROUP BY ALL
  HAVING all_calls >= $min_calls OR last_calls >= $min_calls / 2
), accounts AS MATERIALIZED (
  SELECT q.server, q.user_name, q.day, count(*) AS days
  FROM (SELECT DISTINCT server, user_name, day FROM lately) q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user' AND k.value = q.user_name AND q.day BETWEEN k.known_from AND k.known_until
      AND k.day < q.day - $days::INTEGER
  GROUP BY ALL
  HAVING count(*) >= $min_days
), earlier AS (
  SELECT server, user_name, day, dimension, value, sum(n) AS calls, max(n) AS busiest
  FROM (
    SELECT q.server, q.user_name, q.day, q.dimension, q.value, k.day AS at, sum(k.n) AS n
    FROM questions q
    SEMI JOIN lately t
      ON t.server = q.server AND t.user_name = q.user_name AND t.day = q.day AND t.dimension = q.dimension AND t.value = q.value
    JOIN known_values k
      ON k.server = q.server AND k.dimension = q.dimension AND k.entity = q.user_name AND k.value = q.spelling
        AND q.day BETWEEN k.known_from AND k.known_until
        AND k.day < q.day - $days::INTEGER
    GROUP BY ALL
  )
  GROUP BY ALL
), compared AS (
  SELECT
    t.*, a.days AS days_before,
    coalesce(e.calls, 0) / a.days AS usual,
    coalesce(e.busiest, 0) AS busiest
  FROM lately t
  JOIN accounts a ON a.server = t.server AND a.user_name = t.user_name AND a.day = t.day
  LEFT JOIN earlier e
    ON e.server = t.server AND e.user_name = t.user_name AND e.day = t.day AND e.dimension = t.dimension AND e.value = t.value
  -- A shape is new with every release. What it reads counts as the relation.
  WHERE t.dimension = 'user_relation' OR e.calls > 0
), grown AS (
  -- One day alone has to stand out from the busiest one.
  SELECT * EXCLUDE (all_calls, last_calls), all_calls AS calls, $days AS counted_days
  FROM compared
  WHERE all_calls >= $min_calls AND all_calls / $days > greatest($ratio * usual, busiest)
  UNION ALL
  SELECT * EXCLUDE (all_calls, last_calls), last_calls, 1
  FROM compared
  WHERE last_calls >= $min_calls / 2 AND last_calls > greatest($ratio * usual, 2 * busiest)
), found AS (
  -- One row per statement, of what grew most.
  SELECT DISTINCT ON (r.record_id)
    r.*, g.dimension, g.value, g.calls, g.counted_days, g.usual, g.busiest, g.days_before
  FROM reads r
  JOIN grown g
    ON g.server = r.server AND g.user_name = r.user_name AND g.day = r.day
      AND ((g.dimension = 'user_relation' AND list_contains(r.relations, g.value))
        OR (g.dimension = 'user_fingerprint' AND g.value = r.fingerprint))
  ORDER BY r.record_id, g.busiest = 0, g.calls / g.counted_days / greatest(g.usual, 0.01) DESC, g.counted_days DESC, g.value
)
SELECT
  f.record_id, f.event_time, f.server, f.session_id, f.user_name, f.client, f.database_name, f.application, f.statement_hash,
  concat(f.user_name, ' ', CASE WHEN f.dimension = 'user_relation' THEN f.value ELSE list_sort(f.relations)[1] END) AS entity,
  CASE WHEN f.busiest = 0 THEN 'low' ELSE 'medium' END AS severity,
  concat(
    f.user_name, ' sent ', f.calls, ' statements ',
    CASE
      WHEN f.dimension = 'user_relation' THEN concat('that read ', f.value)
      ELSE concat('of one shape that read ', left(array_to_string(list_sort(f.relations), ', '), 160))
    END,
    CASE WHEN f.counted_days = 1 THEN ' on the day before; ' ELSE concat(' in the ', f.counted_days::INTEGER, ' days before; ') END,
    CASE
      WHEN f.busiest = 0 THEN concat('none on ', f.days_before, ' days before that')
      ELSE concat('usual are ', regexp_replace(round(f.usual, 1)::VARCHAR, '\.0$', ''), ' a day, at most ', f.busiest::BIGINT)
    END
  ) AS summary,
  (f.calls / f.counted_days)::BIGINT AS observed,
  greatest($min_calls / $days, $ratio * f.usual, f.busiest)::BIGINT AS threshold,
  round(f.usual, 1) AS baseline
FROM found f
ANTI JOIN known_values e
  ON e.server = f.server AND e.dimension = 'open_ended' AND e.entity = f.user_name AND e.value = f.dimension
    AND f.day BETWEEN e.known_from AND e.known_until
