-- activity_minutes of the working set: sums of what each look added, and whose sessions they are by now.
CREATE VIEW working.main.activity_minutes AS
SELECT
  m.server,
  m.session_id,
  m.minute,
  m.class,
  coalesce(any_value(m.user_name), any_value(s.user_name)) AS user_name,
  coalesce(any_value(m.database_name), any_value(s.database_name)) AS database_name,
  coalesce(any_value(s.client), any_value(m.client)) AS client,
  coalesce(any_value(s.application), any_value(m.application)) AS application,
  coalesce(any_value(s.is_platform), false) AS is_platform,
  sum(m.audited)::BIGINT AS audited,
  sum(m.failed)::BIGINT AS failed,
  sum(m.row_count)::BIGINT AS row_count,
  min(m.first_record_id) AS first_record_id,
  arg_min(m.first_record_time, m.first_record_id) AS first_record_time,
  min(m.first_event) AS first_event,
  max(m.last_event) AS last_event
FROM working.main.minutes m
LEFT JOIN working.main.sessions s ON s.server = m.server AND s.session_id = m.session_id
GROUP BY m.server, m.session_id, m.minute, m.class;
