-- Takes in the connection lines that arrived: records above "known" up to "front". Lines from before "lines_from" are read
-- for the sessions only that did something since.
CREATE OR REPLACE TEMP TABLE fresh AS
SELECT c.server, c.session_id, max(c.event_time) AS last_event
FROM pgvigil.store.connection_events c
LEFT JOIN told.main.known k ON k.server = c.server AND k.session_id = c.session_id
WHERE
  c.record_id > getvariable('known') AND c.record_id <= getvariable('front') AND c.session_id IS NOT NULL
  AND (c.event_time > getvariable('lines_from') OR k.session_id IS NOT NULL)
GROUP BY c.server, c.session_id;

INSERT INTO told.main.lines
SELECT c.*
FROM pgvigil.store.connection_events c
SEMI JOIN fresh f ON f.server = c.server AND f.session_id = c.session_id
LEFT JOIN told.main.known k ON k.server = c.server AND k.session_id = c.session_id
WHERE
  c.record_id > getvariable('known') AND c.record_id <= getvariable('front')
  AND (c.event_time > getvariable('lines_from') OR k.session_id IS NOT NULL);

CREATE OR REPLACE TABLE told.main.sessions_told AS SELECT server, session_id FROM fresh;
