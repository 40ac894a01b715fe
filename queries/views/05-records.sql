-- What is known of a session stands in all of its rows.
CREATE OR REPLACE VIEW records AS
SELECT
  r.record_id, r.event_time, r.azure_time, r.received_at, r.server, r.category, r.session_id, r.pid, r.backend_type,
  s.user_name, s.database_name, s.client, s.application, s.identity, s.method, s.tls,
  coalesce(s.is_platform, false) AS is_platform,
  r.level, r.sqlstate, r.message, r.detail, r.context, r.properties,
  r.source, r.partition, r.sequence_number, r.record_index
FROM store.records r
LEFT JOIN sessions s ON s.server = r.server AND s.session_id = r.session_id;

COMMENT ON VIEW records IS 'Every log record, secrets blanked, with what is known of its session.';
COMMENT ON COLUMN records.record_id IS 'Order of arrival, from 1.';
COMMENT ON COLUMN records.event_time IS 'Time (UTC) that the server wrote.';
COMMENT ON COLUMN records.azure_time IS 'Time (UTC) at which Azure took it over.';
COMMENT ON COLUMN records.received_at IS 'Time (UTC) at which it was stored.';
COMMENT ON COLUMN records.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN records.category IS 'PostgreSQLLogs, PostgreSQLFlexPGBouncer, …';
COMMENT ON COLUMN records.session_id IS 'Session (%c).';
COMMENT ON COLUMN records.pid IS 'Process id.';
COMMENT ON COLUMN records.backend_type IS 'client backend, checkpointer, …';
COMMENT ON COLUMN records.user_name IS 'Role that signed in.';
COMMENT ON COLUMN records.database_name IS 'Database of the session.';
COMMENT ON COLUMN records.client IS 'Client address.';
COMMENT ON COLUMN records.application IS 'application_name at sign-in. Written by the client.';
COMMENT ON COLUMN records.identity IS 'Authenticated identity (PostgreSQL 14 and later).';
COMMENT ON COLUMN records.method IS 'Authentication method.';
COMMENT ON COLUMN records.tls IS 'Whether the connection was encrypted.';
COMMENT ON COLUMN records.is_platform IS 'A line of Azure''s own management session.';
COMMENT ON COLUMN records.level IS 'LOG, WARNING, ERROR, FATAL, …';
COMMENT ON COLUMN records.sqlstate IS 'SQLSTATE; 00000 for LOG.';
COMMENT ON COLUMN records.message IS 'Text after prefix and level. Null for AUDIT lines (see activity) and for categories kept as properties.';
COMMENT ON COLUMN records.detail IS 'DETAIL.';
COMMENT ON COLUMN records.context IS 'CONTEXT.';
COMMENT ON COLUMN records.properties IS 'JSON of categories that are kept as they came.';
COMMENT ON COLUMN records.source IS 'Stream or file that it came from.';
COMMENT ON COLUMN records.partition IS 'Partition of the stream.';
COMMENT ON COLUMN records.sequence_number IS 'Message in the partition, or line of the file.';
COMMENT ON COLUMN records.record_index IS 'Place in the message, from 0.';
