-- Entries of the allow-list (kind allow) and suppression windows (kind suppress): evidence that one matches becomes no alert
-- that is sent. Rows stay when they end: the alerts that they kept quiet name them in allowed_by.
-- A scope is text, with * for any characters; null: any. starts_at and expires_at (exclusive) are event time.
CREATE TABLE store.allow_list (
  entry_id VARCHAR NOT NULL,
  kind VARCHAR NOT NULL,
  detector VARCHAR NOT NULL,
  server VARCHAR,
  user_name VARCHAR,
  client VARCHAR,
  database_name VARCHAR,
  application VARCHAR,
  entity VARCHAR,
  relation VARCHAR,
  fingerprint VARCHAR,
  reason VARCHAR NOT NULL,
  author VARCHAR NOT NULL,
  created_at TIMESTAMP NOT NULL,
  starts_at TIMESTAMP NOT NULL,
  expires_at TIMESTAMP NOT NULL,
  hits BIGINT NOT NULL,
  last_hit TIMESTAMP,
  removed_at TIMESTAMP,
  removed_by VARCHAR
);

-- Of the detector at the time; null where it reads the alerts of others, and in rows that are older than this step.
ALTER TABLE store.alerts ADD COLUMN tactic VARCHAR;
ALTER TABLE store.alerts ADD COLUMN risk INTEGER;
-- Hour of event time whose cap the alert counts to; null where none applies (shadow, allowed, suppressed).
ALTER TABLE store.alerts ADD COLUMN cap_hour TIMESTAMP;
ALTER TABLE store.alerts ADD COLUMN allowed_by VARCHAR[];
