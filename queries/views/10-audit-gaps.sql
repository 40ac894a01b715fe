-- pgaudit numbers the statements that it logs, per session and without holes (also where commands fail, are rolled back
-- or belong to a class that is not logged): a hole is a line that never arrived. Azure loses lines of about 16 KB and more,
-- so whoever pads a statement hides it; the hole stays. pgaudit.log_client with a low log_level also makes holes: the lines
-- go to the client alone.
CREATE OR REPLACE VIEW audit_gaps AS
WITH numbered AS (
  SELECT
    session_key, statement_id, any_value(server) AS server, any_value(session_id) AS session_id, min(event_time) AS event_time,
    min(record_id) AS record_id
  FROM store.activities
  WHERE source = 'audit' AND session_id IS NOT NULL
  GROUP BY session_key, statement_id
), neighbours AS (
  SELECT
    *,
    lag(statement_id) OVER session AS before_id,
    lag(event_time) OVER session AS before_time
  FROM numbered
  WINDOW session AS (PARTITION BY session_key ORDER BY statement_id)
)
SELECT
  n.record_id,
  n.event_time,
  n.server,
  n.session_id,
  s.user_name,
  s.database_name,
  s.client,
  s.application,
  coalesce(n.before_id, 0) + 1 AS first_missing,
  n.statement_id - 1 AS last_missing,
  n.statement_id - coalesce(n.before_id, 0) - 1 AS missing,
  n.before_time AS not_before,
  coalesce(s.is_platform, false) AS is_platform
FROM neighbours n
LEFT JOIN sessions s ON s.session_key = n.session_key
WHERE
  n.statement_id - coalesce(n.before_id, 0) > 1
  -- Before the first number that was seen there may be nothing but the time before the first record.
  AND (n.before_id IS NOT NULL OR s.is_start_seen);

COMMENT ON VIEW audit_gaps IS 'Audited statements that are missing from a session: numbers that pgaudit gave and that never arrived.';
COMMENT ON COLUMN audit_gaps.record_id IS 'Record of the first statement after the gap.';
COMMENT ON COLUMN audit_gaps.event_time IS 'Time (UTC) of that statement.';
COMMENT ON COLUMN audit_gaps.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN audit_gaps.session_id IS 'Session (%c).';
COMMENT ON COLUMN audit_gaps.user_name IS 'Role that signed in.';
COMMENT ON COLUMN audit_gaps.database_name IS 'Database of the session.';
COMMENT ON COLUMN audit_gaps.client IS 'Client address.';
COMMENT ON COLUMN audit_gaps.application IS 'application_name at sign-in.';
COMMENT ON COLUMN audit_gaps.first_missing IS 'First missing statement id.';
COMMENT ON COLUMN audit_gaps.last_missing IS 'Last missing statement id.';
COMMENT ON COLUMN audit_gaps.missing IS 'Number of missing statements.';
COMMENT ON COLUMN audit_gaps.not_before IS 'Time (UTC) of the last statement before the gap; null at the start of the session.';
COMMENT ON COLUMN audit_gaps.is_platform IS 'Azure''s own management session.';
