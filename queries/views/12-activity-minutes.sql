-- How much each session did, minute by minute: what detectors of volumes and of silence look back at. Of rows as they came: a
-- statement that was audited and failed counts as both.
CREATE OR REPLACE VIEW activity_minutes AS
SELECT
  a.server,
  a.session_id,
  date_trunc('minute', a.event_time) AS minute,
  a.class,
  any_value(coalesce(a.user_name, s.user_name)) AS user_name,
  any_value(coalesce(a.database_name, s.database_name)) AS database_name,
  any_value(coalesce(s.client, a.client)) AS client,
  any_value(coalesce(s.application, a.application)) AS application,
  coalesce(any_value(s.is_platform), false) AS is_platform,
  count(*) FILTER (a.source = 'audit') AS audited,
  count(*) FILTER (a.source = 'error') AS failed,
  sum(a.row_count)::BIGINT AS row_count,
  min(a.record_id) AS first_record_id,
  arg_min(a.event_time, a.record_id) AS first_record_time,
  min(a.event_time) AS first_event,
  max(a.event_time) AS last_event
FROM store.activities a
LEFT JOIN sessions s ON s.session_key = a.session_key
GROUP BY a.server, a.session_id, date_trunc('minute', a.event_time), a.class;

COMMENT ON VIEW activity_minutes IS 'Activity by session, minute and class.';
COMMENT ON COLUMN activity_minutes.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN activity_minutes.session_id IS 'Session (%c).';
COMMENT ON COLUMN activity_minutes.minute IS 'Begin (UTC) of the minute.';
COMMENT ON COLUMN activity_minutes.class IS 'READ, WRITE, FUNCTION, ROLE, DDL or MISC; null for failures.';
COMMENT ON COLUMN activity_minutes.user_name IS 'Role that signed in.';
COMMENT ON COLUMN activity_minutes.database_name IS 'Database of the session.';
COMMENT ON COLUMN activity_minutes.client IS 'Client address.';
COMMENT ON COLUMN activity_minutes.application IS 'application_name.';
COMMENT ON COLUMN activity_minutes.is_platform IS 'Azure''s own management session.';
COMMENT ON COLUMN activity_minutes.audited IS 'AUDIT lines.';
COMMENT ON COLUMN activity_minutes.failed IS 'Statements that failed.';
COMMENT ON COLUMN activity_minutes.row_count IS 'Rows read or changed (pgaudit.log_rows=on); null where none was told.';
COMMENT ON COLUMN activity_minutes.first_record_id IS 'Record of the first that arrived.';
COMMENT ON COLUMN activity_minutes.first_record_time IS 'Its event time (UTC).';
COMMENT ON COLUMN activity_minutes.first_event IS 'Time (UTC) of the earliest.';
COMMENT ON COLUMN activity_minutes.last_event IS 'Time (UTC) of the latest.';
