/*---
id: X02
name: exfil.rows_volume
title: Unusual number of rows read
why: A user's work needs about as many rows in each hour; far more of them are what it looks like when tables are read out, and rows that have gone to the client cannot be called back.
severity: medium
risk: 55
tactic: collection
attack: [T1213.006]
quiet: 1h
window: 2h
requires:
  - pgaudit.log with read
  - pgaudit.log_rows = on
parameters:
  min_rows: { type: number, default: 5000, min: 1, max: 1000000000, help: Fewer rows than these are never unusual. }
  z: { type: number, default: 6, min: 1, max: 100, help: Distance from the median in robust standard deviations (MAD / 0.6745). }
  min_hours: { type: number, default: 16, min: 2, max: 1440, help: Hours with reads that must be known of the user. }
false_positives:
  - Month-end reports and new exports. Raise min_rows for a server whose reports are large.
  - A user that reads in fewer hours than min_hours is not judged. COPY and cursors have no row counts; see X01.
runbook:
  - Ask the user what was read and for what.
  - See which statements it was - pgvigil query "SELECT normalized, count(*), sum(row_count) FROM activity WHERE user_name = '<user>' AND event_time > now() - INTERVAL 1 DAY GROUP BY 1 ORDER BY 3 DESC".
  - See what is usual - pgvigil query "SELECT hour, amount FROM known_volumes WHERE metric = 'rows_read' AND entity = '<user>' ORDER BY hour".
  - If it was not meant, end the sessions with pg_terminate_backend and change the password.
---*/
WITH reads AS MATERIALIZED (
  SELECT
    first_record_id AS record_id, first_record_time AS event_time, minute, minute::DATE AS day,
    server, session_id, user_name, client, database_name, application, row_count
  FROM activity_minutes
  WHERE minute > $since - INTERVAL 2 HOUR
    AND first_event <= $until
    AND class = 'READ'
    AND row_count > 0
    AND user_name IS NOT NULL
    AND NOT is_platform
), totals AS (
  SELECT server, user_name, sum(row_count) AS total FROM reads GROUP BY server, user_name HAVING sum(row_count) >= $min_rows
), questions AS (
  SELECT DISTINCT r.server, r.user_name, r.day, t.total
  FROM reads r
  JOIN totals t ON t.server = r.server AND t.user_name = r.user_name
  JOIN learning l ON l.server = r.server AND r.day >= l.complete_from
), usual AS (
  SELECT
    q.server, q.user_name, q.day, q.total,
    count(*) AS hours,
    median(k.amount) AS median,
    mad(k.amount::DOUBLE) AS mad,
    quantile_cont(k.amount, 0.99) AS p99
  FROM questions q
  JOIN known_volumes k
    ON k.server = q.server AND k.metric = 'rows_read' AND k.entity = q.user_name
      AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
  HAVING count(*) >= $min_hours
), bounds AS (
  -- Below 5 % of the median, or ten rows, a distance is no deviation; twice the 99th percentile is what heavy tails do anyway.
  SELECT
    *,
    greatest($min_rows, 2 * p99, median + $z * greatest(mad, 0.05 * median, 10) / 0.6745)::BIGINT AS bound
  FROM usual
), near AS (
  -- Windows cost more than sums: they are looked at of those only who could have crossed their bound.
  SELECT server, user_name FROM bounds GROUP BY server, user_name HAVING max(total) > min(bound)
), counted AS (
  SELECT
    r.*,
    sum(row_count) OVER (
      PARTITION BY r.server, r.user_name ORDER BY r.minute RANGE BETWEEN INTERVAL 59 MINUTE PRECEDING AND CURRENT ROW
    ) AS rows_read
  FROM reads r
  SEMI JOIN near n ON n.server = r.server AND n.user_name = r.user_name
), peaks AS (
  SELECT
    *,
    max(rows_read) OVER (
      PARTITION BY server, user_name ORDER BY minute RANGE BETWEEN CURRENT ROW AND INTERVAL 59 MINUTE FOLLOWING
    ) AS peak
  FROM counted
)
SELECT
  s.record_id, s.event_time, s.server, s.session_id, s.user_name, s.client, s.database_name, s.application,
  s.user_name AS entity,
  concat(
    s.user_name, ' read ', s.rows_read::BIGINT, ' rows within an hour from ', coalesce(s.client, 'an unknown address'),
    '; usual are ', round(b.median)::BIGINT, ' an hour (99 of 100 hours below ', ceil(b.p99)::BIGINT, ', ', b.hours, ' hours known)'
  ) AS summary,
  s.rows_read AS observed,
  b.bound AS threshold,
  round(b.median)::BIGINT AS baseline
FROM peaks s
JOIN bounds b ON b.server = s.server AND b.user_name = s.user_name AND b.day = s.day
WHERE s.peak > b.bound
