-- Copies of one record (hub, archive, Log Analytics) have the same content_hash and azure_time; see src/store/copies.ts.
-- Null in rows that are older than this step.
ALTER TABLE store.records ADD COLUMN azure_time TIMESTAMP;
ALTER TABLE store.records ADD COLUMN content_hash UBIGINT;

-- pgaudit.log_statement_once: the text stands in the first row of the same statement.
ALTER TABLE store.activities ADD COLUMN previously_logged BOOLEAN;

ALTER TABLE store.rejects ADD COLUMN server VARCHAR;

-- log_line_prefix values in use: how many lines of a server each explained. origin: configured (or the default), or found
-- from the lines themselves.
CREATE TABLE store.prefixes (
  server VARCHAR NOT NULL,
  format VARCHAR NOT NULL,
  origin VARCHAR NOT NULL,
  lines BIGINT NOT NULL,
  first_seen TIMESTAMP,
  last_seen TIMESTAMP
);
