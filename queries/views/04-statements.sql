CREATE OR REPLACE VIEW statements AS
SELECT
  t.statement_hash,
  t.normalized,
  t.sql_text,
  t.parse_ok,
  t.fingerprint,
  t.kinds,
  t.relations_read,
  t.relations_written,
  t.catalogs,
  t.functions,
  t.flags,
  r.event_time AS first_seen
FROM store.statements t
LEFT JOIN store.records r ON r.record_id = t.first_record_id;

COMMENT ON VIEW statements IS 'One row per distinct statement text.';
COMMENT ON COLUMN statements.statement_hash IS 'First 32 hex digits of SHA-256 over the text.';
COMMENT ON COLUMN statements.normalized IS 'Text with $n for each literal; null where it did not parse.';
COMMENT ON COLUMN statements.sql_text IS 'Text, secrets blanked; null where only the error message is known.';
COMMENT ON COLUMN statements.parse_ok IS 'PostgreSQL''s parser accepted the text.';
COMMENT ON COLUMN statements.fingerprint IS 'Same for texts that differ in literals only.';
COMMENT ON COLUMN statements.kinds IS 'AST node of each statement in the string.';
COMMENT ON COLUMN statements.relations_read IS 'Relations read, as written.';
COMMENT ON COLUMN statements.relations_written IS 'Relations changed, created or dropped, as written.';
COMMENT ON COLUMN statements.catalogs IS 'System catalogs touched.';
COMMENT ON COLUMN statements.functions IS 'Functions called.';
COMMENT ON COLUMN statements.flags IS 'What the statement does.';
COMMENT ON COLUMN statements.first_seen IS 'Time (UTC) of the first record with this text, in order of arrival.';
