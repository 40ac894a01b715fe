-- Sessions of the picked activities that are met for the first time.
CREATE OR REPLACE TEMP TABLE fresh AS
SELECT server, session_id, max(event_time) AS last_event
FROM arrived.main.picked
WHERE session_id IS NOT NULL
GROUP BY server, session_id;

CREATE OR REPLACE TABLE told.main.sessions_told AS
SELECT server, session_id FROM fresh ANTI JOIN told.main.known USING (server, session_id);
