-- Which tables and views each user touched, by ten minutes: what a detector of breadth counts. Of rows as they came: what pgaudit
-- logged ran, whatever it failed of later.
CREATE OR REPLACE VIEW relations_touched AS
WITH uses AS (
  SELECT
    a.record_id, a.event_time, a.server, a.session_id, a.statement_record_id,
    coalesce(a.user_name, s.user_name) AS user_name,
    coalesce(a.database_name, s.database_name) AS database_name,
    coalesce(s.client, a.client) AS client,
    coalesce(s.application, a.application) AS application,
    unnest(list_distinct(list_concat(m.relations_read, m.relations_written))) AS relation
  FROM store.activities a
  JOIN store.templates m ON m.first_record_id = a.template_record_id
  LEFT JOIN sessions s ON s.session_key = a.session_key
  WHERE a.source = 'audit'
    AND a.class IN ('READ', 'WRITE')
    AND NOT coalesce(s.is_platform, false)
), touches AS (
  SELECT
    server,
    user_name,
    time_bucket(INTERVAL 10 MINUTE, event_time) AS span,
    relation,
    arg_min(record_id, (event_time, record_id)) AS record_id,
    min(event_time) AS event_time,
    arg_min(session_id, (event_time, record_id)) AS session_id,
    arg_min(client, (event_time, record_id)) AS client,
    arg_min(database_name, (event_time, record_id)) AS database_name,
    arg_min(application, (event_time, record_id)) AS application,
    arg_min(statement_record_id, (event_time, record_id)) AS statement_record_id
  FROM uses
  WHERE user_name IS NOT NULL
  GROUP BY server, user_name, time_bucket(INTERVAL 10 MINUTE, event_time), relation
)
SELECT c.* EXCLUDE (statement_record_id), t.statement_hash
FROM touches c
LEFT JOIN store.statements t ON t.first_record_id = c.statement_record_id;

COMMENT ON VIEW relations_touched IS 'Tables and views that users read or changed, by ten minutes. Without platform sessions.';
COMMENT ON COLUMN relations_touched.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN relations_touched.user_name IS 'Role that signed in.';
COMMENT ON COLUMN relations_touched.span IS 'Begin (UTC) of the ten minutes.';
COMMENT ON COLUMN relations_touched.relation IS 'Table or view as the statement names it.';
COMMENT ON COLUMN relations_touched.record_id IS 'Record of the first statement that named it.';
COMMENT ON COLUMN relations_touched.event_time IS 'Its event time (UTC).';
COMMENT ON COLUMN relations_touched.session_id IS 'Its session (%c).';
COMMENT ON COLUMN relations_touched.client IS 'Its client address.';
COMMENT ON COLUMN relations_touched.database_name IS 'Its database.';
COMMENT ON COLUMN relations_touched.application IS 'Its application_name.';
COMMENT ON COLUMN relations_touched.statement_hash IS 'Its text.';
