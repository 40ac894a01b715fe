CREATE OR REPLACE VIEW errors AS
SELECT record_id, event_time, server, session_id, user_name, database_name, client, application,
       identity, method, tls, sqlstate, message, sql_text, normalized, flags, is_platform
FROM activity
WHERE source = 'error';

COMMENT ON VIEW errors IS 'Statements that failed, whether pgaudit had logged them or not.';
COMMENT ON COLUMN errors.record_id IS 'Record that it comes from.';
COMMENT ON COLUMN errors.event_time IS 'Time (UTC) of the failure.';
COMMENT ON COLUMN errors.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN errors.session_id IS 'Session (%c).';
COMMENT ON COLUMN errors.user_name IS 'Role that signed in.';
COMMENT ON COLUMN errors.database_name IS 'Database of the session.';
COMMENT ON COLUMN errors.client IS 'Client address.';
COMMENT ON COLUMN errors.application IS 'application_name.';
COMMENT ON COLUMN errors.identity IS 'Authenticated identity.';
COMMENT ON COLUMN errors.method IS 'Authentication method.';
COMMENT ON COLUMN errors.tls IS 'Whether the connection was encrypted.';
COMMENT ON COLUMN errors.sqlstate IS 'SQLSTATE, e.g. 42501 for a denied statement.';
COMMENT ON COLUMN errors.message IS 'Error message.';
COMMENT ON COLUMN errors.sql_text IS 'Statement text where the server shipped it.';
COMMENT ON COLUMN errors.normalized IS 'Text with $n for each literal.';
COMMENT ON COLUMN errors.flags IS 'What the statement would have done.';
COMMENT ON COLUMN errors.is_platform IS 'Azure''s own management session.';
