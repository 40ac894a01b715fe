-- Databases in memory beside the store. told: connection lines, and the sessions that something new is told of.
-- arrived: the activities that are to be judged, with what belongs to them. counted: those of them that were never counted.
-- working: what detectors read. The public views
-- are created in each from their own files, so that a detector reads the same definitions everywhere.
ATTACH ':memory:' AS told;
ATTACH ':memory:' AS arrived;
ATTACH ':memory:' AS counted;
ATTACH ':memory:' AS working;

CREATE SCHEMA told.store;
CREATE TABLE told.main.lines AS FROM pgvigil.store.connection_events LIMIT 0;
-- Sessions whose lines were read, and when each last did something.
CREATE TABLE told.main.known (server VARCHAR, session_id VARCHAR, last_event TIMESTAMP);
CREATE TABLE told.main.sessions_told (server VARCHAR, session_id VARCHAR);
-- Sessions of which something else was known when their statements were judged.
CREATE TABLE told.main.retold (server VARCHAR, session_id VARCHAR);
CREATE VIEW told.store.connection_events AS
SELECT * FROM told.main.lines SEMI JOIN told.main.sessions_told USING (server, session_id);

CREATE SCHEMA arrived.store;
CREATE TABLE arrived.main.picked AS FROM pgvigil.store.activities LIMIT 0;
CREATE TABLE arrived.store.activities AS FROM pgvigil.store.activities LIMIT 0;
CREATE TABLE arrived.store.failed_audits AS FROM pgvigil.store.failed_audits LIMIT 0;
CREATE TABLE arrived.store.statements AS FROM pgvigil.store.statements LIMIT 0;
CREATE VIEW arrived.store.templates AS FROM pgvigil.store.templates;
CREATE VIEW arrived.store.records AS FROM pgvigil.store.records;

CREATE SCHEMA counted.store;
CREATE VIEW counted.store.activities AS
SELECT * FROM arrived.main.picked WHERE record_id > getvariable('judged') OR event_time > getvariable('watermark');
