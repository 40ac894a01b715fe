-- Audited statements and failed ones, with the session and what the parser says of the text. A statement that pgaudit logged
-- and that failed then is the row of its failure, with what only the AUDIT rows say; see src/store/outcomes.ts.
CREATE OR REPLACE VIEW activity AS
-- pgaudit.log_statement_once: rows with "<previously logged>" have the text of the first row with their ids.
WITH texts AS (
  SELECT
    server, session_id, statement_id, substatement_id,
    min(statement_record_id) AS statement_record_id, arg_min(template_record_id, statement_record_id) AS template_record_id,
    min(parameters) AS parameters
  FROM store.activities
  SEMI JOIN (
    SELECT server, session_id, statement_id, substatement_id FROM store.activities WHERE previously_logged
  ) USING (server, session_id, statement_id, substatement_id)
  WHERE statement_record_id IS NOT NULL
  GROUP BY ALL
), own AS (
  -- Rows that need more than their session: they name the user themselves (log_line_prefix), or another row has their text.
  SELECT * FROM store.activities
  WHERE previously_logged IS NOT TRUE AND (user_name IS NOT NULL OR database_name IS NOT NULL OR client IS NOT NULL)
  UNION ALL
  SELECT
    a.* REPLACE (
      coalesce(a.statement_record_id, p.statement_record_id) AS statement_record_id,
      coalesce(a.template_record_id, p.template_record_id) AS template_record_id,
      coalesce(a.parameters, p.parameters) AS parameters
    )
  FROM store.activities a
  LEFT JOIN texts p
    ON p.server = a.server AND p.session_id = a.session_id
      AND p.statement_id = a.statement_id AND p.substatement_id = a.substatement_id
  WHERE a.previously_logged
), attributed AS (
  -- The others, which are nearly all, apart: who looks for a user or a client there finds his sessions first, then their rows. Of
  -- templates there are few, of texts many: who asks for a fingerprint is past most rows when the texts come.
  SELECT
    a.* REPLACE (
      s.user_name AS user_name, s.database_name AS database_name, s.client AS client,
      coalesce(s.application, a.application) AS application
    ),
    s.identity, s.method, s.tls, s.is_platform, m.* EXCLUDE (version, literals_read, first_record_id)
  FROM store.activities a
  LEFT JOIN store.templates m ON m.first_record_id = a.template_record_id
  LEFT JOIN sessions s ON s.session_key = a.session_key
  WHERE a.previously_logged IS NOT TRUE AND a.user_name IS NULL AND a.database_name IS NULL AND a.client IS NULL
  UNION ALL
  SELECT
    a.* REPLACE (
      coalesce(a.user_name, s.user_name) AS user_name, coalesce(a.database_name, s.database_name) AS database_name,
      coalesce(s.client, a.client) AS client, coalesce(s.application, a.application) AS application
    ),
    s.identity, s.method, s.tls, s.is_platform, m.* EXCLUDE (version, literals_read, first_record_id)
  FROM own a
  LEFT JOIN store.templates m ON m.first_record_id = a.template_record_id
  LEFT JOIN sessions s ON s.session_key = a.session_key
), audited AS (
  SELECT
    f.error_record_id, a.audit_type, a.statement_id, a.substatement_id, a.class, a.command, a.object_type, a.object_name,
    a.parameters
  FROM (SELECT error_record_id, min(record_id) AS record_id FROM store.failed_audits GROUP BY error_record_id) f
  JOIN store.activities a ON a.record_id = f.record_id
)
SELECT
  a.record_id,
  a.event_time,
  a.server,
  a.session_id,
  a.session_key,
  a.source,
  a.source = 'audit' AS ok,
  a.user_name,
  a.database_name,
  a.client,
  a.application,
  a.identity,
  a.method,
  a.tls,
  coalesce(a.audit_type, f.audit_type) AS audit_type,
  coalesce(a.statement_id, f.statement_id) AS statement_id,
  coalesce(a.substatement_id, f.substatement_id) AS substatement_id,
  coalesce(a.class, f.class) AS class,
  coalesce(a.command, f.command) AS command,
  coalesce(a.object_type, f.object_type) AS object_type,
  coalesce(a.object_name, f.object_name) AS object_name,
  coalesce(a.parameters, f.parameters) AS parameters,
  a.row_count,
  a.truncated,
  a.sqlstate,
  a.message,
  t.statement_hash,
  a.template_id,
  t.sql_text,
  a.parse_ok,
  a.fingerprint,
  a.normalized,
  a.kinds,
  a.relations_read,
  a.relations_written,
  a.catalogs,
  a.catalogs_written,
  a.columns_read,
  a.columns_written,
  a.functions,
  a.flags,
  a.setting_name,
  a.setting_value,
  a.setting_scope,
  a.settings,
  a.roles_granted,
  a.grantees,
  a.role_options,
  a.hosts,
  a.language,
  a.extension,
  a.path,
  a.target,
  a.statement_count,
  a.drop_count,
  a.null_pads,
  a.chr_chain,
  a.tail_redacted,
  coalesce(a.is_platform, false) AS is_platform,
  -- Everything but the plain reads and changes of data that a day's work consists of.
  a.source = 'error'
    OR NOT coalesce(a.parse_ok, false)
    OR len(list_filter(a.kinds, lambda k: k NOT IN (
      'SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'TransactionStmt', 'DeclareCursorStmt', 'FetchStmt',
      'ClosePortalStmt', 'PrepareStmt', 'ExecuteStmt', 'DeallocateStmt', 'DiscardStmt', 'VariableShowStmt', 'VariableSetStmt',
      'ListenStmt', 'UnlistenStmt', 'NotifyStmt', 'ExplainStmt'
    ))) > 0
    OR len(a.catalogs) + len(a.catalogs_written) + a.chr_chain > 0
    OR len(list_filter(a.flags, lambda f: f NOT IN (
      'select_star', 'no_where', 'no_limit', 'offset', 'union', 'where_true', 'where_false', 'trailing_comment', 'insert', 'update',
      'delete', 'merge', 'returning', 'insert_select', 'discard', 'notify'
    ))) > 0
    OR len(list_filter(a.functions, lambda f: regexp_matches(
      f,
      '^(pg_|lo_|dblink|http|azure_|has_.*_privilege$|(database|schema|table|query|cursor)_to_xml|(current_setting|set_config|version|ascii|substr|substring|left|right|strpos|position|get_byte|overlay|quote_ident|inet_.*_(addr|port)|col_description|obj_description|current_schemas|txid_.*|xpath)$)'
    ))) > 0
    OR coalesce(a.setting_name NOT IN (
      '*', 'application_name', 'client_encoding', 'client_min_messages', 'datestyle', 'extra_float_digits', 'idle_in_transaction_session_timeout',
      'idle_session_timeout', 'intervalstyle', 'lock_timeout', 'search_path', 'session_characteristics', 'standard_conforming_strings',
      'statement_timeout', 'timezone', 'transaction', 'transaction_isolation', 'transaction_read_only', 'work_mem'
    ), false) AS is_notable
FROM attributed a
ANTI JOIN store.failed_audits l ON l.record_id = a.record_id
LEFT JOIN audited f ON f.error_record_id = a.record_id
LEFT JOIN store.statements t ON t.first_record_id = a.statement_record_id;

COMMENT ON VIEW activity IS 'One row per audited statement and per statement that failed. With pgaudit.log_relation a statement that did not fail has one per relation.';
COMMENT ON COLUMN activity.record_id IS 'Record that it comes from, in order of arrival; of a statement that failed, that of the failure.';
COMMENT ON COLUMN activity.event_time IS 'Time (UTC) of that log line.';
COMMENT ON COLUMN activity.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN activity.session_id IS 'Session (%c).';
COMMENT ON COLUMN activity.session_key IS 'Number for (server, session_id): joins by it are faster.';
COMMENT ON COLUMN activity.source IS 'audit (pgaudit) or error (the failure; audit_type and what follows are filled where pgaudit had logged the statement).';
COMMENT ON COLUMN activity.ok IS 'false for a statement that failed. What one with an audit_type sent before it failed has left the server. Where it is not certain that an AUDIT line and a failure are one statement, both stand here.';
COMMENT ON COLUMN activity.user_name IS 'Role that signed in (SET ROLE does not change it).';
COMMENT ON COLUMN activity.database_name IS 'Database of the session.';
COMMENT ON COLUMN activity.client IS 'Client address; null until a connection line of the session arrives.';
COMMENT ON COLUMN activity.application IS 'application_name. Written by the client.';
COMMENT ON COLUMN activity.identity IS 'Authenticated identity (PostgreSQL 14 and later).';
COMMENT ON COLUMN activity.method IS 'Authentication method: scram-sha-256, md5, cert, trust, …';
COMMENT ON COLUMN activity.tls IS 'Whether the connection was encrypted; null when no authorization line was seen.';
COMMENT ON COLUMN activity.audit_type IS 'SESSION or OBJECT; null for a failure that pgaudit had not logged, or is not known to have logged.';
COMMENT ON COLUMN activity.statement_id IS 'pgaudit statement id, from 1 in each session.';
COMMENT ON COLUMN activity.substatement_id IS 'pgaudit sub-statement id.';
COMMENT ON COLUMN activity.class IS 'READ, WRITE, FUNCTION, ROLE, DDL or MISC.';
COMMENT ON COLUMN activity.command IS 'Command tag, e.g. SELECT, GRANT ROLE; ??? where pgaudit knows none (MERGE).';
COMMENT ON COLUMN activity.object_type IS 'TABLE, FUNCTION, … where pgaudit names it; of a statement that failed, the first.';
COMMENT ON COLUMN activity.object_name IS 'Object where pgaudit names it; of a statement that failed, the first.';
COMMENT ON COLUMN activity.parameters IS 'Bind parameters as pgaudit''s CSV (pgaudit.log_parameter=on).';
COMMENT ON COLUMN activity.row_count IS 'Rows read or changed (pgaudit.log_rows=on). Always 0 for COPY of a table and for cursors.';
COMMENT ON COLUMN activity.truncated IS 'The text was cut on its way.';
COMMENT ON COLUMN activity.sqlstate IS 'SQLSTATE of the failure.';
COMMENT ON COLUMN activity.message IS 'Error message of the failure.';
COMMENT ON COLUMN activity.statement_hash IS 'Key of the text in the view statements.';
COMMENT ON COLUMN activity.template_id IS 'Same for statements that differ in nothing but data.';
COMMENT ON COLUMN activity.sql_text IS 'Statement text, secrets blanked. Null where the server did not ship it.';
COMMENT ON COLUMN activity.parse_ok IS 'PostgreSQL''s parser accepted the text.';
COMMENT ON COLUMN activity.fingerprint IS 'Same for texts that differ in literals only.';
COMMENT ON COLUMN activity.normalized IS 'Text with $n for each literal.';
COMMENT ON COLUMN activity.kinds IS 'AST node of each statement in the string, e.g. SelectStmt.';
COMMENT ON COLUMN activity.relations_read IS 'Relations read, as written.';
COMMENT ON COLUMN activity.relations_written IS 'Relations changed, created or dropped, as written.';
COMMENT ON COLUMN activity.catalogs IS 'System catalogs and information_schema views touched.';
COMMENT ON COLUMN activity.catalogs_written IS 'Of these, the changed ones.';
COMMENT ON COLUMN activity.columns_read IS 'Columns that the text names, as relation.column where it tells the relation.';
COMMENT ON COLUMN activity.columns_written IS 'Columns of INSERT, UPDATE SET, MERGE and COPY FROM.';
COMMENT ON COLUMN activity.functions IS 'Functions called.';
COMMENT ON COLUMN activity.flags IS 'What the statement does, e.g. copy_program, dml_no_where.';
COMMENT ON COLUMN activity.setting_name IS 'Setting changed by SET, ALTER … SET or set_config.';
COMMENT ON COLUMN activity.setting_value IS 'Its new value.';
COMMENT ON COLUMN activity.setting_scope IS 'session, local, role, database, system or attempt.';
COMMENT ON COLUMN activity.settings IS 'All settings that the text changes, in its order, as {name, value, scope}; the three columns before have the one that matters most for security.';
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
COMMENT ON COLUMN activity.is_notable IS 'More than a plain read or change of data: failed, other commands, catalogs, flags, telling functions and settings.';
