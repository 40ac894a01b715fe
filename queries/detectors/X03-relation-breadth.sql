/*---
id: X03
name: exfil.relation_breadth
title: User touches far more relations than usual
why: Work touches the tables that belong to it; somebody who looks for what is worth taking, or takes all there is, goes through far more of them in an hour than the work of the account does in a day.
severity: medium
risk: 50
tactic: collection
attack: [T1119]
quiet: 1h
window: 2h
requires:
  - pgaudit.log with read
parameters:
  min_relations: { type: number, default: 15, min: 2, max: 10000, help: Fewer tables and views than these within an hour (six spans of ten minutes) are never unusual. }
  z: { type: number, default: 5, min: 1, max: 100, help: Distance from the median in robust standard deviations (MAD / 0.6745). }
  min_days: { type: number, default: 7, min: 2, max: 60, help: Days on which relations of the user must be known. }
false_positives:
  - A migration or a new dashboard touches many tables at once. Raise min_relations for such a server, or allow the alert of that user.
  - Schemas of tenants count one by one; partitions, whose names differ in their numbers, count as one table.
  - An hour is held against whole days, so a user whose days are broad is reported late. One with very many relations is open-ended and not judged.
runbook:
  - Ask the user for what so many tables were needed.
  - See which they were - pgvigil query "SELECT DISTINCT relation FROM relations_touched WHERE user_name = '<user>' AND span > now()::TIMESTAMP - INTERVAL 1 DAY ORDER BY 1".
  - See what is usual - pgvigil query "SELECT value, count(*) AS days, max(day) FROM known_values WHERE dimension = 'user_relation' AND entity = '<user>' GROUP BY value".
  - If it was not meant, end the sessions with pg_terminate_backend, change the password and see what the role may read at all.
---*/
WITH touches AS MATERIALIZED (
  -- While a server is learning nothing is said of it, and nothing need be counted.
  SELECT t.*, t.span::DATE AS day
  FROM relations_touched t
  SEMI JOIN learning l ON l.server = t.server AND t.span::DATE >= l.complete_from
  WHERE t.span > $since - INTERVAL 2 HOUR
    AND t.event_time <= $until
), totals AS (
  SELECT server, user_name, count(DISTINCT relation) AS total
  FROM touches
  GROUP BY server, user_name
  HAVING total >= $min_relations
), questions AS MATERIALIZED (
  SELECT DISTINCT u.server, u.user_name, u.day, t.total
  FROM touches u
  JOIN totals t ON t.server = u.server AND t.user_name = u.user_name
  ANTI JOIN known_values e
    ON e.server = u.server AND e.dimension = 'open_ended' AND e.entity = u.user_name AND e.value = 'user_relation'
      AND u.day BETWEEN e.known_from AND e.known_until
), days AS (
  -- The schema as it is, the table without its numbers: partitions are one table. Catalogs are not among them, see R01.
  SELECT
    q.server, q.user_name, q.day, q.total,
    count(DISTINCT concat(
      regexp_extract(replace(concat('.', k.value), '.public.', '.'), '^.*\.'),
      regexp_replace(regexp_extract(k.value, '[^.]*$'), '[0-9]+', '#', 'g')
    )) AS relations
  FROM questions q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user_relation' AND k.entity = q.user_name
      AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY q.server, q.user_name, q.day, q.total, k.day
), usual AS (
  SELECT
    server, user_name, day, total,
    count(*) AS days,
    median(relations) AS median,
    mad(relations::DOUBLE) AS mad,
    max(relations) AS highest
  FROM days
  GROUP BY ALL
  HAVING count(*) >= $min_days
), bounds AS (
  SELECT
    u.*,
    greatest($min_relations - 1, highest, median + $z * greatest(mad, 0.05 * median, 1) / 0.6745)::BIGINT AS bound
  FROM usual u
), near AS (
  SELECT server, user_name FROM bounds GROUP BY server, user_name HAVING max(total) > min(bound)
), suspects AS (
  -- Named as above, or another way of writing it would be another table.
  SELECT
    u.*,
    concat(
      regexp_extract(replace(concat('.', u.relation), '.public.', '.'), '^.*\.'),
      regexp_replace(regexp_extract(u.relation, '[^.]*$'), '[0-9]+', '#', 'g')
    ) AS counted_as
  FROM touches u
  SEMI JOIN near n ON n.server = u.server AND n.user_name = u.user_name
), counted AS (
  SELECT DISTINCT
    server, user_name, span,
    count(DISTINCT counted_as) OVER (
      PARTITION BY server, user_name ORDER BY span RANGE BETWEEN INTERVAL 50 MINUTE PRECEDING AND CURRENT ROW
    ) AS touched
  FROM suspects
), peaks AS (
  SELECT
    *,
    max(touched) OVER (
      PARTITION BY server, user_name ORDER BY span RANGE BETWEEN CURRENT ROW AND INTERVAL 50 MINUTE FOLLOWING
    ) AS peak
  FROM counted
)
SELECT DISTINCT ON (s.record_id)
  s.record_id, s.event_time, s.server, s.session_id, s.user_name, s.client, s.database_name, s.application, s.statement_hash,
  s.user_name AS entity,
  concat(
    s.user_name, ' touched ', p.touched, ' tables and views within an hour from ', coalesce(s.client, 'an unknown address'),
    '; usual are ', round(b.median)::BIGINT, ' a day (', b.highest, ' at most, ', b.days, ' days known)'
  ) AS summary,
  p.touched AS observed,
  b.bound AS threshold,
  round(b.median)::BIGINT AS baseline
FROM suspects s
JOIN peaks p ON p.server = s.server AND p.user_name = s.user_name AND p.span = s.span
JOIN bounds b ON b.server = s.server AND b.user_name = s.user_name AND b.day = s.day
WHERE p.peak > b.bound
