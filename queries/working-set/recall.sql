-- Reads the older lines of sessions that are met for the first time, and puts the sessions together anew. The id of a session
-- begins with its start: older lines need not be looked for. That of a client of PgBouncer does not; its older lines are
-- known from the day that was read at first.
CREATE OR REPLACE TEMP TABLE strangers AS
SELECT
  server, session_id,
  make_timestamp(try_cast('0x' || regexp_extract(session_id, '^([0-9a-f]+)\.', 1) AS BIGINT) * 1000000) AS started_at
FROM told.main.sessions_told
ANTI JOIN told.main.known USING (server, session_id);

DELETE FROM strangers WHERE started_at IS NULL OR started_at > getvariable('lines_from');
SET VARIABLE oldest_start = (SELECT min(started_at) FROM strangers);

INSERT INTO told.main.lines
SELECT c.*
FROM pgvigil.store.connection_events c
SEMI JOIN strangers USING (server, session_id)
WHERE
  c.record_id <= getvariable('front')
  AND c.event_time <= getvariable('lines_from')
  AND c.event_time >= getvariable('oldest_start') - INTERVAL 1 MINUTE;

-- Of one that did something before any of its lines came nothing was known.
CREATE OR REPLACE TEMP TABLE before AS
SELECT t.server, t.session_id, s.* EXCLUDE (server, session_id)
FROM told.main.sessions_told t
SEMI JOIN told.main.known k ON k.server = t.server AND k.session_id = t.session_id
LEFT JOIN working.main.sessions s ON s.server = t.server AND s.session_id = t.session_id;

DELETE FROM working.main.sessions USING told.main.sessions_told t
WHERE sessions.server = t.server AND sessions.session_id = t.session_id;
INSERT INTO working.main.sessions FROM told.main.sessions;

DELETE FROM working.main.sign_ins USING told.main.sessions_told t
WHERE sign_ins.server = t.server AND sign_ins.session_id = t.session_id;
INSERT INTO working.main.sign_ins FROM told.main.sign_ins;
