-- Adds what is judged for the first time to the minutes. What is judged again was counted before.
CREATE OR REPLACE TEMP TABLE added AS FROM counted.main.activity_minutes;

CREATE OR REPLACE TEMP TABLE summed AS
SELECT
  server,
  session_id,
  minute,
  class,
  any_value(user_name) AS user_name,
  any_value(database_name) AS database_name,
  any_value(client) AS client,
  any_value(application) AS application,
  bool_or(is_platform) AS is_platform,
  sum(audited)::BIGINT AS audited,
  sum(failed)::BIGINT AS failed,
  sum(row_count)::BIGINT AS row_count,
  min(first_record_id) AS first_record_id,
  arg_min(first_record_time, first_record_id) AS first_record_time,
  min(first_event) AS first_event,
  max(last_event) AS last_event
FROM (
  FROM added
  UNION ALL
  SELECT m.*
  FROM working.main.activity_minutes m
  SEMI JOIN added n ON n.server = m.server AND n.minute = m.minute AND n.session_id IS NOT DISTINCT FROM m.session_id
)
GROUP BY server, session_id, minute, class;

DELETE FROM working.main.activity_minutes m USING (SELECT DISTINCT server, session_id, minute FROM added) n
WHERE n.server = m.server AND n.minute = m.minute AND n.session_id IS NOT DISTINCT FROM m.session_id;
INSERT INTO working.main.activity_minutes FROM summed;
