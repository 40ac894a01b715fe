CREATE OR REPLACE VIEW statements AS
SELECT
  t.statement_hash,
  t.template_id,
  m.normalized,
  t.sql_text,
  m.* EXCLUDE (template_id, version, literals_read, normalized, first_record_id),
  r.event_time AS first_seen
FROM store.statements t
JOIN store.templates m ON m.template_id = t.template_id
LEFT JOIN store.records r ON r.record_id = t.first_record_id;

COMMENT ON VIEW statements IS 'One row per distinct statement text.';
COMMENT ON COLUMN statements.statement_hash IS 'First 32 hex digits of SHA-256 over the text.';
COMMENT ON COLUMN statements.template_id IS 'Same for statements that differ in nothing but data: their features are the same too.';
COMMENT ON COLUMN statements.normalized IS 'Text with $n for each literal; null where it did not parse.';
COMMENT ON COLUMN statements.sql_text IS 'Text, secrets blanked; null where only the error message is known.';
COMMENT ON COLUMN statements.parse_ok IS 'PostgreSQL''s parser accepted the text.';
COMMENT ON COLUMN statements.fingerprint IS 'Same for texts that differ in literals only.';
COMMENT ON COLUMN statements.kinds IS 'AST node of each statement in the string, e.g. SelectStmt.';
COMMENT ON COLUMN statements.relations_read IS 'Relations read, as written; names of WITH queries and aliases resolved.';
COMMENT ON COLUMN statements.relations_written IS 'Relations changed, created or dropped, as written.';
COMMENT ON COLUMN statements.catalogs IS 'System catalogs and information_schema views touched.';
COMMENT ON COLUMN statements.catalogs_written IS 'Of these, the changed ones.';
COMMENT ON COLUMN statements.columns_read IS 'Columns that the text names, as relation.column where it tells the relation.';
COMMENT ON COLUMN statements.columns_written IS 'Columns of INSERT, UPDATE SET, MERGE and COPY FROM.';
COMMENT ON COLUMN statements.functions IS 'Functions called, without schema.';
COMMENT ON COLUMN statements.flags IS 'What the statement does, e.g. copy_program, dml_no_where.';
COMMENT ON COLUMN statements.setting_name IS 'Setting changed by SET, ALTER … SET or set_config; of several the one that matters most for security.';
COMMENT ON COLUMN statements.setting_value IS 'Its new value.';
COMMENT ON COLUMN statements.setting_scope IS 'session, local, role, database, system or attempt.';
COMMENT ON COLUMN statements.settings IS 'All settings that the text changes, in its order, as {name, value, scope}: 100 at most, the ones that matter most.';
COMMENT ON COLUMN statements.roles_granted IS 'Roles given by GRANT.';
COMMENT ON COLUMN statements.grantees IS 'Roles that received them, or became owner.';
COMMENT ON COLUMN statements.role_options IS 'Attributes switched on by CREATE ROLE or ALTER ROLE.';
COMMENT ON COLUMN statements.hosts IS 'Hosts in connection strings and URLs.';
COMMENT ON COLUMN statements.language IS 'Language of a function or DO block.';
COMMENT ON COLUMN statements.extension IS 'Extension created or dropped.';
COMMENT ON COLUMN statements.path IS 'File or program of COPY, library of LOAD, file of a function that reads files.';
COMMENT ON COLUMN statements.target IS 'Object or role that the statement is about.';
COMMENT ON COLUMN statements.statement_count IS 'Statements in the string.';
COMMENT ON COLUMN statements.drop_count IS 'Objects dropped or truncated.';
COMMENT ON COLUMN statements.null_pads IS 'NULLs in a UNION''s right select list.';
COMMENT ON COLUMN statements.chr_chain IS 'Calls of chr().';
COMMENT ON COLUMN statements.tail_redacted IS 'pgaudit cut the text after PASSWORD.';
COMMENT ON COLUMN statements.first_seen IS 'Time (UTC) of the first record with this text, in order of arrival.';
