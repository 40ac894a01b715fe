-- Drops sessions that have done nothing for two days. Tables are written anew: rows that were deleted take memory until then.
CREATE OR REPLACE TEMP TABLE gone AS
SELECT server, session_id FROM told.main.known WHERE last_event < getvariable('forget_sessions_before');
CREATE OR REPLACE TABLE told.main.known AS FROM told.main.known ANTI JOIN gone USING (server, session_id);
CREATE OR REPLACE TABLE told.main.lines AS FROM told.main.lines ANTI JOIN gone USING (server, session_id);
CREATE OR REPLACE TABLE working.main.sessions AS FROM working.main.sessions ANTI JOIN gone USING (server, session_id);
CREATE OR REPLACE TABLE working.main.sign_ins AS FROM working.main.sign_ins ANTI JOIN gone USING (server, session_id);
CREATE OR REPLACE TABLE working.main.number_runs AS FROM working.main.number_runs ANTI JOIN gone USING (server, session_id);
CREATE OR REPLACE TABLE working.main.notable_activity AS FROM working.main.notable_activity;
CREATE OR REPLACE TABLE working.main.relations_touched AS FROM working.main.relations_touched;
CREATE OR REPLACE TABLE working.main.activity_minutes AS FROM working.main.activity_minutes;
DROP TABLE gone;
