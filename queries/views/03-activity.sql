-- Audited statements and failed ones, with the session and what the parser says of the text.
CREATE OR REPLACE VIEW activity AS
-- pgaudit.log_statement_once: rows with "<previously logged>" have the text of the first row with their ids.
WITH texts AS (
  SELECT
    server, session_id, statement_id, substatement_id,
    min(statement_hash) AS statement_hash, min(parameters) AS parameters
  FROM store.activities
  SEMI JOIN (
    SELECT server, session_id, statement_id, substatement_id FROM store.activities WHERE previously_logged
  ) USING (server, session_id, statement_id, substatement_id)
  WHERE statement_hash IS NOT NULL
  GROUP BY ALL
)
SELECT
  a.record_id,
  a.event_time,
  a.server,
  a.session_id,
  a.source,
  a.source = 'audit' AS ok,
  coalesce(a.user_name, s.user_name) AS user_name,
  coalesce(a.database_name, s.database_name) AS database_name,
  coalesce(s.client, a.client) AS client,
  coalesce(s.application, a.application) AS application,
  s.identity,
  s.method,
  s.tls,
  a.audit_type,
  a.statement_id,
  a.substatement_id,
  a.class,
  a.command,
  a.object_type,
  a.object_name,
  coalesce(a.parameters, p.parameters) AS parameters,
  a.row_count,
  a.truncated,
  a.sqlstate,
  a.message,
  coalesce(a.statement_hash, p.statement_hash) AS statement_hash,
  t.sql_text,
  t.parse_ok,
  t.fingerprint,
  t.normalized,
  t.kinds,
  t.relations_read,
  t.relations_written,
  t.catalogs,
  t.functions,
  t.flags,
  t.setting_name,
  t.setting_value,
  t.setting_scope,
  t.roles_granted,
  t.grantees,
  t.role_options,
  t.hosts,
  t.language,
  t.extension,
  t.path,
  t.target,
  t.statement_count,
  t.drop_count,
  t.null_pads,
  t.chr_chain,
  t.tail_redacted,
  coalesce(s.is_platform, false) AS is_platform
FROM store.activities a
LEFT JOIN sessions s ON s.server = a.server AND s.session_id = a.session_id
LEFT JOIN texts p
  ON a.previously_logged AND p.server = a.server AND p.session_id = a.session_id
    AND p.statement_id = a.statement_id AND p.substatement_id = a.substatement_id
LEFT JOIN store.statements t ON t.statement_hash = coalesce(a.statement_hash, p.statement_hash);

COMMENT ON VIEW activity IS 'One row per audited statement and per statement that failed.';
COMMENT ON COLUMN activity.record_id IS 'Record that it comes from, in order of arrival.';
COMMENT ON COLUMN activity.event_time IS 'Time (UTC) of the log line.';
COMMENT ON COLUMN activity.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN activity.session_id IS 'Session (%c).';
COMMENT ON COLUMN activity.source IS 'audit (pgaudit) or error.';
COMMENT ON COLUMN activity.ok IS 'false for a statement that failed. One that pgaudit logged before it failed stands here twice.';
COMMENT ON COLUMN activity.user_name IS 'Role that signed in (SET ROLE does not change it).';
COMMENT ON COLUMN activity.database_name IS 'Database of the session.';
COMMENT ON COLUMN activity.client IS 'Client address; null until a connection line of the session arrives.';
COMMENT ON COLUMN activity.application IS 'application_name. Written by the client.';
COMMENT ON COLUMN activity.identity IS 'Authenticated identity (PostgreSQL 14 and later).';
COMMENT ON COLUMN activity.method IS 'Authentication method: scram-sha-256, md5, cert, trust, …';
COMMENT ON COLUMN activity.tls IS 'Whether the connection was encrypted; null when no authorization line was seen.';
COMMENT ON COLUMN activity.audit_type IS 'SESSION or OBJECT.';
COMMENT ON COLUMN activity.statement_id IS 'pgaudit statement id, from 1 in each session.';
COMMENT ON COLUMN activity.substatement_id IS 'pgaudit sub-statement id.';
COMMENT ON COLUMN activity.class IS 'READ, WRITE, FUNCTION, ROLE, DDL or MISC.';
COMMENT ON COLUMN activity.command IS 'Command tag, e.g. SELECT, GRANT ROLE; ??? where pgaudit knows none (MERGE).';
COMMENT ON COLUMN activity.object_type IS 'TABLE, FUNCTION, … where pgaudit names it.';
COMMENT ON COLUMN activity.object_name IS 'Object where pgaudit names it.';
COMMENT ON COLUMN activity.parameters IS 'Bind parameters as pgaudit''s CSV (pgaudit.log_parameter=on).';
COMMENT ON COLUMN activity.row_count IS 'Rows read or changed (pgaudit.log_rows=on). Always 0 for COPY of a table and for cursors.';
COMMENT ON COLUMN activity.truncated IS 'The text was cut on its way.';
COMMENT ON COLUMN activity.sqlstate IS 'SQLSTATE of the failure.';
COMMENT ON COLUMN activity.message IS 'Error message of the failure.';
COMMENT ON COLUMN activity.statement_hash IS 'Key of the text in the view statements.';
COMMENT ON COLUMN activity.sql_text IS 'Statement text, secrets blanked. Null where the server did not ship it.';
COMMENT ON COLUMN activity.parse_ok IS 'PostgreSQL''s parser accepted the text.';
COMMENT ON COLUMN activity.fingerprint IS 'Same for texts that differ in literals only.';
COMMENT ON COLUMN activity.normalized IS 'Text with $n for each literal.';
COMMENT ON COLUMN activity.kinds IS 'AST node of each statement in the string, e.g. SelectStmt.';
COMMENT ON COLUMN activity.relations_read IS 'Relations read, as written.';
COMMENT ON COLUMN activity.relations_written IS 'Relations changed, created or dropped, as written.';
COMMENT ON COLUMN activity.catalogs IS 'System catalogs and information_schema views touched.';
COMMENT ON COLUMN activity.functions IS 'Functions called.';
COMMENT ON COLUMN activity.flags IS 'What the statement does, e.g. copy_program, dml_no_where.';
COMMENT ON COLUMN activity.setting_name IS 'Setting changed by SET, ALTER … SET or set_config.';
COMMENT ON COLUMN activity.setting_value IS 'Its new value.';
COMMENT ON COLUMN activity.setting_scope IS 'session, local, role, database, system or attempt.';
COMMENT ON COLUMN activity.roles_granted IS 'Roles given by GRANT.';
COMMENT ON COLUMN activity.grantees IS 'Roles that received them.';
COMMENT ON COLUMN activity.role_options IS 'Attributes switched on by CREATE ROLE or ALTER ROLE.';
COMMENT ON COLUMN activity.hosts IS 'Hosts in connection strings and URLs.';
COMMENT ON COLUMN activity.language IS 'Language of a function or DO block.';
COMMENT ON COLUMN activity.extension IS 'Extension created or dropped.';
COMMENT ON COLUMN activity.path IS 'File or program of COPY, library of LOAD.';
COMMENT ON COLUMN activity.target IS 'Object or role that the statement is about.';
COMMENT ON COLUMN activity.statement_count IS 'Statements in the string.';
COMMENT ON COLUMN activity.drop_count IS 'Objects dropped or truncated.';
COMMENT ON COLUMN activity.null_pads IS 'NULLs in a UNION''s right select list.';
COMMENT ON COLUMN activity.chr_chain IS 'Calls of chr().';
COMMENT ON COLUMN activity.tail_redacted IS 'pgaudit cut the text after PASSWORD.';
COMMENT ON COLUMN activity.is_platform IS 'Azure''s own management session.';
