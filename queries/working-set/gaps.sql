-- audit_gaps of the working set: between the runs of a session, and before the first of one that began within what is remembered.
CREATE TABLE working.main.number_runs (
  server VARCHAR,
  session_id VARCHAR,
  first_id BIGINT,
  last_id BIGINT,
  first_event TIMESTAMP,
  last_event TIMESTAMP,
  first_record_id BIGINT
);

CREATE VIEW working.main.audit_gaps AS
WITH neighbours AS (
  SELECT
    *,
    lag(last_id) OVER session AS before_id,
    lag(last_event) OVER session AS before_time
  FROM working.main.number_runs
  WINDOW session AS (PARTITION BY server, session_id ORDER BY first_id)
)
SELECT
  n.first_record_id AS record_id,
  n.first_event AS event_time,
  n.server,
  n.session_id,
  s.user_name,
  s.database_name,
  s.client,
  s.application,
  coalesce(n.before_id, 0) + 1 AS first_missing,
  n.first_id - 1 AS last_missing,
  n.first_id - coalesce(n.before_id, 0) - 1 AS missing,
  n.before_time AS not_before,
  coalesce(s.is_platform, false) AS is_platform
FROM neighbours n
LEFT JOIN working.main.sessions s ON s.server = n.server AND s.session_id = n.session_id
WHERE
  n.first_id - coalesce(n.before_id, 0) > 1
  AND (n.before_id IS NOT NULL OR (s.is_start_seen AND s.started_at > getvariable('runs_from')));
