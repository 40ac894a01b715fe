-- The life of alerts: what happened to each, in order, and whose doing it was. reason and note are of people.
CREATE TABLE store.alert_history (
  alert_id VARCHAR NOT NULL,
  sequence BIGINT NOT NULL,
  happened_at TIMESTAMP NOT NULL,
  action VARCHAR NOT NULL,
  actor VARCHAR NOT NULL,
  via VARCHAR NOT NULL,
  what VARCHAR,
  reason VARCHAR,
  note VARCHAR,
  severity VARCHAR NOT NULL,
  evidence_count BIGINT NOT NULL
);

-- Messages that wait to go out together have state gathered, and digested once they stand in one (digest_id).
ALTER TABLE store.outbox ADD COLUMN severity VARCHAR;
ALTER TABLE store.outbox ADD COLUMN gathered_for VARCHAR;
ALTER TABLE store.outbox ADD COLUMN digest_id VARCHAR;
-- Attempts before the message was put back by hand: the schedule begins anew.
ALTER TABLE store.outbox ADD COLUMN earlier_attempts INTEGER DEFAULT 0;

ALTER TABLE store.delivery_attempts ADD COLUMN outcome VARCHAR;
ALTER TABLE store.delivery_attempts ADD COLUMN body_sha256 VARCHAR;

-- Channels whose receiver wants no more (HTTP 410), until somebody enables them.
CREATE TABLE store.disabled_channels (channel VARCHAR NOT NULL, disabled_at TIMESTAMP NOT NULL, reason VARCHAR NOT NULL);
