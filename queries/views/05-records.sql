CREATE OR REPLACE VIEW records AS
SELECT
  record_id, event_time, received_at, server, category, session_id, pid, backend_type,
  level, sqlstate, message, detail, context, properties, source, partition, sequence_number, record_index
FROM store.records;

COMMENT ON VIEW records IS 'Every log record as it arrived, secrets blanked.';
COMMENT ON COLUMN records.record_id IS 'Order of arrival, from 1.';
COMMENT ON COLUMN records.event_time IS 'Time (UTC) that the server wrote.';
COMMENT ON COLUMN records.received_at IS 'Time (UTC) at which it was stored.';
COMMENT ON COLUMN records.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN records.category IS 'PostgreSQLLogs, PostgreSQLFlexPGBouncer, …';
COMMENT ON COLUMN records.session_id IS 'Session (%c).';
COMMENT ON COLUMN records.pid IS 'Process id.';
COMMENT ON COLUMN records.backend_type IS 'client backend, checkpointer, …';
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
