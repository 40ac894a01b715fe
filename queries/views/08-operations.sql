CREATE OR REPLACE VIEW deliveries AS
SELECT
  o.delivery_id, o.alert_id, o.channel, o.webhook_id, o.body->>'$.type' AS type, o.severity, o.state, o.attempts, o.created_at,
  o.finished_at, o.next_attempt_at, o.gathered_for, o.digest_id, a.attempt AS last_attempt, a.status AS last_status, a.error AS last_error, a.latency_ms AS last_latency_ms
FROM store.outbox o
LEFT JOIN (
  SELECT delivery_id, max(attempt) AS attempt, arg_max_null(status, attempt) AS status,
         arg_max_null(error, attempt) AS error, arg_max(latency_ms, attempt) AS latency_ms
  FROM store.delivery_attempts GROUP BY delivery_id
) a ON a.delivery_id = o.delivery_id;

COMMENT ON VIEW deliveries IS 'One row per message and channel.';
COMMENT ON COLUMN deliveries.delivery_id IS 'Id of the delivery.';
COMMENT ON COLUMN deliveries.alert_id IS 'Alert, or the digest itself (dg_…).';
COMMENT ON COLUMN deliveries.channel IS 'Name of the channel in the configuration.';
COMMENT ON COLUMN deliveries.webhook_id IS 'webhook-id header, the same on every attempt.';
COMMENT ON COLUMN deliveries.type IS 'alert.opened, alert.updated, alert.acknowledged, alert.reopened, alert.closed or alert.digest.';
COMMENT ON COLUMN deliveries.severity IS 'Severity of the alert at that time; null for messages of an older version.';
COMMENT ON COLUMN deliveries.state IS 'pending, delivered, dead (given up), gathered (waits for a digest) or digested (went out in one).';
COMMENT ON COLUMN deliveries.attempts IS 'Attempts so far.';
COMMENT ON COLUMN deliveries.created_at IS 'Time (UTC) at which it was put in the outbox.';
COMMENT ON COLUMN deliveries.finished_at IS 'Time (UTC) at which it was taken, given up, or put into a digest.';
COMMENT ON COLUMN deliveries.next_attempt_at IS 'Time (UTC) of the next attempt while pending, of the digest while gathered.';
COMMENT ON COLUMN deliveries.gathered_for IS 'Why it waits or waited for a digest: schedule, quiet_hours or overflow; null where it went out at once.';
COMMENT ON COLUMN deliveries.digest_id IS 'Digest that it went out in.';
COMMENT ON COLUMN deliveries.last_attempt IS 'Number of the last attempt.';
COMMENT ON COLUMN deliveries.last_status IS 'HTTP status (SMTP: reply code) of the last attempt; null where there was no answer.';
COMMENT ON COLUMN deliveries.last_error IS 'Why the last attempt failed.';
COMMENT ON COLUMN deliveries.last_latency_ms IS 'Milliseconds that the last attempt took.';

CREATE OR REPLACE VIEW delivery_attempts AS
SELECT
  a.delivery_id, o.alert_id, o.channel, o.webhook_id, a.attempt, a.started_at, a.latency_ms, a.outcome, a.status, a.error,
  a.body_sha256
FROM store.delivery_attempts a
JOIN store.outbox o ON o.delivery_id = a.delivery_id;

COMMENT ON VIEW delivery_attempts IS 'Every attempt to deliver a message. Recorded after it was made: a crash in between leaves one that only the receiver knows.';
COMMENT ON COLUMN delivery_attempts.delivery_id IS 'Delivery, see deliveries.';
COMMENT ON COLUMN delivery_attempts.alert_id IS 'Alert, or the digest itself (dg_…).';
COMMENT ON COLUMN delivery_attempts.channel IS 'Name of the channel in the configuration.';
COMMENT ON COLUMN delivery_attempts.webhook_id IS 'webhook-id header, the same on every attempt.';
COMMENT ON COLUMN delivery_attempts.attempt IS 'Number of the attempt, from 1.';
COMMENT ON COLUMN delivery_attempts.started_at IS 'Time (UTC) at which it began.';
COMMENT ON COLUMN delivery_attempts.latency_ms IS 'Milliseconds until the answer, or until there was to be none.';
COMMENT ON COLUMN delivery_attempts.outcome IS 'delivered, retry, refused (never again), gone (the channel is disabled) or aborted (pgvigil was stopped); null for those of an older version.';
COMMENT ON COLUMN delivery_attempts.status IS 'HTTP status, SMTP reply code; null where there was no answer.';
COMMENT ON COLUMN delivery_attempts.error IS 'Why it failed; of a delivered mail, which recipients were refused.';
COMMENT ON COLUMN delivery_attempts.body_sha256 IS 'SHA-256 of the body that was sent, hex.';

CREATE OR REPLACE VIEW disabled_channels AS
SELECT channel, disabled_at, reason FROM store.disabled_channels;

COMMENT ON VIEW disabled_channels IS 'Channels whose receiver wants no more (HTTP 410): nothing is sent until pgvigil alerts channels enable.';
COMMENT ON COLUMN disabled_channels.channel IS 'Name of the channel in the configuration.';
COMMENT ON COLUMN disabled_channels.disabled_at IS 'Time (UTC) of the answer.';
COMMENT ON COLUMN disabled_channels.reason IS 'What the receiver answered.';

CREATE OR REPLACE VIEW positions AS
SELECT source, partition, sequence_number, "offset" AS stored_offset, newest_event, updated_at,
  epoch_ms(updated_at) - epoch_ms(newest_event) AS lag_ms
FROM store.positions;

COMMENT ON VIEW positions IS 'How far each partition or file is stored.';
COMMENT ON COLUMN positions.source IS 'Stream or file.';
COMMENT ON COLUMN positions.partition IS 'Partition.';
COMMENT ON COLUMN positions.sequence_number IS 'Last message stored.';
COMMENT ON COLUMN positions.stored_offset IS 'Its offset, opaque.';
COMMENT ON COLUMN positions.newest_event IS 'Newest event (UTC) that it brought; null if none since an older version stored it.';
COMMENT ON COLUMN positions.updated_at IS 'Time (UTC) of the commit.';
COMMENT ON COLUMN positions.lag_ms IS 'Milliseconds from that event to that commit. How many messages still wait in the hub: GET /api/v1/status.';

CREATE OR REPLACE VIEW rejects AS
SELECT source, partition, sequence_number, record_index, received_at, server, code, reason,
       octet_length(raw) AS bytes, raw
FROM store.rejects;

COMMENT ON VIEW rejects IS 'What could not be decoded, with its bytes.';
COMMENT ON COLUMN rejects.source IS 'Stream or file.';
COMMENT ON COLUMN rejects.partition IS 'Partition.';
COMMENT ON COLUMN rejects.sequence_number IS 'Message.';
COMMENT ON COLUMN rejects.record_index IS 'Record in the message; null when the whole message was rejected.';
COMMENT ON COLUMN rejects.received_at IS 'Time (UTC).';
COMMENT ON COLUMN rejects.server IS 'Name of the Flexible Server where the prefix is what was not understood.';
COMMENT ON COLUMN rejects.code IS 'INVALID_JSON, NOT_A_RECORD, PREFIX_MISMATCH, BAD_TIME, NO_SERVER, BAD_AUDIT or NOT_STORABLE.';
COMMENT ON COLUMN rejects.reason IS 'One sentence.';
COMMENT ON COLUMN rejects.bytes IS 'Size in bytes.';
COMMENT ON COLUMN rejects.raw IS 'The bytes, secrets blanked.';

CREATE OR REPLACE VIEW gaps AS
SELECT source, partition, first_missing, last_missing, found_at FROM store.gaps;

COMMENT ON VIEW gaps IS 'Messages that aged out of the hub before they were read.';
COMMENT ON COLUMN gaps.source IS 'Stream.';
COMMENT ON COLUMN gaps.partition IS 'Partition.';
COMMENT ON COLUMN gaps.first_missing IS 'First missing sequence number.';
COMMENT ON COLUMN gaps.last_missing IS 'Last missing sequence number.';
COMMENT ON COLUMN gaps.found_at IS 'Time (UTC) at which it was noticed.';

CREATE OR REPLACE VIEW setting_changes AS
SELECT record_id, event_time, server, parameter, value FROM store.setting_changes;

COMMENT ON VIEW setting_changes IS 'Server settings that changed on reload.';
COMMENT ON COLUMN setting_changes.record_id IS 'Record that it comes from.';
COMMENT ON COLUMN setting_changes.event_time IS 'Time (UTC).';
COMMENT ON COLUMN setting_changes.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN setting_changes.parameter IS 'Setting.';
COMMENT ON COLUMN setting_changes.value IS 'New value; null when it was reset to its default.';

CREATE OR REPLACE VIEW detector_runs AS
SELECT detector, last_record_id, watermark, updated_at, runs, failures, last_error FROM store.detector_state;

COMMENT ON VIEW detector_runs IS 'How far each detector has looked.';
COMMENT ON COLUMN detector_runs.detector IS 'Detector id.';
COMMENT ON COLUMN detector_runs.last_record_id IS 'Last record that had arrived at its last run.';
COMMENT ON COLUMN detector_runs.watermark IS 'Event time (UTC) up to which it has looked.';
COMMENT ON COLUMN detector_runs.updated_at IS 'Time (UTC) of its last run.';
COMMENT ON COLUMN detector_runs.runs IS 'Runs so far.';
COMMENT ON COLUMN detector_runs.failures IS 'Runs that failed.';
COMMENT ON COLUMN detector_runs.last_error IS 'Error of the last run; null when it succeeded.';
