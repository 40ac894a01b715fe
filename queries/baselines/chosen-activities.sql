-- What activities add to the baselines, or take back (negative): per session, statement and hour; is_suspect: to what is
-- counted of sessions behind an alert, which is kept apart. Three kinds: records that
-- arrived for what is learned already, records of the time that is learned now, and sessions that are seen differently now.
-- Two scans instead of an OR: each can skip most of the table.
CREATE OR REPLACE TEMP TABLE chosen_activities AS
WITH fresh AS (
  SELECT record_id, event_time, server, session_id, source, class, statement_record_id, row_count
  FROM store.activities
  WHERE record_id > $known_record AND record_id <= $last_record AND event_time >= $oldest AND event_time < $until
  UNION ALL
  SELECT record_id, event_time, server, session_id, source, class, statement_record_id, row_count
  FROM store.activities
  WHERE record_id <= $known_record AND event_time >= $oldest AND event_time >= $known_until AND event_time < $until
), counted AS (
  SELECT f.*, 1 AS sign, w.server IS NOT NULL AS is_suspect
  FROM fresh f
  LEFT JOIN withheld w ON w.server = f.server AND w.session_id = f.session_id
  UNION ALL
  SELECT
    a.record_id, a.event_time, a.server, a.session_id, a.source, a.class, a.statement_record_id, a.row_count,
    CASE WHEN q.is_suspect THEN -r.sign ELSE r.sign END,
    q.is_suspect
  FROM store.activities a
  JOIN reconsidered r ON r.server = a.server AND r.session_id = a.session_id,
  (VALUES (false), (true)) q(is_suspect)
  WHERE r.sign <> 0 AND a.record_id <= $known_record AND a.event_time >= $oldest AND a.event_time < $known_until
)
SELECT
  server,
  session_id,
  is_suspect,
  statement_record_id,
  date_trunc('hour', event_time) AS hour,
  coalesce(sum(sign) FILTER (source = 'audit'), 0)::BIGINT AS statements,
  coalesce(sum(sign) FILTER (source = 'error'), 0)::BIGINT AS errors,
  coalesce(sum(sign * row_count) FILTER (source = 'audit' AND class = 'READ'), 0)::BIGINT AS rows_read
FROM counted c
-- A statement that failed taught nobody anything; its failure counts as an error.
ANTI JOIN store.failed_audits l ON l.record_id = c.record_id
WHERE session_id IS NOT NULL
GROUP BY ALL;
