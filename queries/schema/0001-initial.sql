-- Hot tables are append-only, without keys or indexes: a key costs an order of magnitude in write speed, and
-- DuckDB's write-ahead log is at its weakest with indexes and deletes. Uniqueness is kept by positions.
-- Times are UTC, without zone.
CREATE SCHEMA store;

CREATE TABLE store.meta (key VARCHAR NOT NULL, value VARCHAR NOT NULL);

-- One row per log record, in order of arrival. record_id counts from 1 and is never reused.
CREATE TABLE store.records (
  record_id BIGINT NOT NULL,
  source VARCHAR NOT NULL,
  partition VARCHAR NOT NULL,
  sequence_number BIGINT NOT NULL,
  record_index INTEGER NOT NULL,
  event_time TIMESTAMP NOT NULL,
  received_at TIMESTAMP NOT NULL,
  server VARCHAR NOT NULL,
  category VARCHAR NOT NULL,
  session_id VARCHAR,
  pid BIGINT,
  backend_type VARCHAR,
  level VARCHAR,
  sqlstate VARCHAR,
  message VARCHAR,
  detail VARCHAR,
  context VARCHAR,
  properties VARCHAR
);

CREATE TABLE store.connection_events (
  record_id BIGINT NOT NULL,
  event_time TIMESTAMP NOT NULL,
  server VARCHAR NOT NULL,
  session_id VARCHAR,
  event VARCHAR NOT NULL,
  user_name VARCHAR,
  database_name VARCHAR,
  client VARCHAR,
  client_port INTEGER,
  application VARCHAR,
  identity VARCHAR,
  method VARCHAR,
  tls BOOLEAN,
  tls_version VARCHAR,
  replication BOOLEAN NOT NULL,
  sqlstate VARCHAR,
  reason VARCHAR,
  duration_ms BIGINT
);

-- Audited statements (source = audit) and failed ones (source = error).
CREATE TABLE store.activities (
  record_id BIGINT NOT NULL,
  event_time TIMESTAMP NOT NULL,
  server VARCHAR NOT NULL,
  session_id VARCHAR,
  source VARCHAR NOT NULL,
  user_name VARCHAR,
  database_name VARCHAR,
  client VARCHAR,
  application VARCHAR,
  audit_type VARCHAR,
  statement_id BIGINT,
  substatement_id BIGINT,
  class VARCHAR,
  command VARCHAR,
  object_type VARCHAR,
  object_name VARCHAR,
  statement_hash VARCHAR,
  parameters VARCHAR,
  row_count BIGINT,
  truncated BOOLEAN NOT NULL,
  sqlstate VARCHAR,
  message VARCHAR
);

-- One row per distinct statement text: what PostgreSQL's own parser says of it.
CREATE TABLE store.statements (
  statement_hash VARCHAR NOT NULL,
  first_record_id BIGINT NOT NULL,
  sql_text VARCHAR,
  text_length BIGINT NOT NULL,
  parse_ok BOOLEAN NOT NULL,
  fingerprint VARCHAR,
  normalized VARCHAR,
  kinds VARCHAR[] NOT NULL,
  relations_read VARCHAR[] NOT NULL,
  relations_written VARCHAR[] NOT NULL,
  catalogs VARCHAR[] NOT NULL,
  functions VARCHAR[] NOT NULL,
  flags VARCHAR[] NOT NULL,
  setting_name VARCHAR,
  setting_value VARCHAR,
  setting_scope VARCHAR,
  roles_granted VARCHAR[] NOT NULL,
  grantees VARCHAR[] NOT NULL,
  role_options VARCHAR[] NOT NULL,
  hosts VARCHAR[] NOT NULL,
  language VARCHAR,
  extension VARCHAR,
  path VARCHAR,
  target VARCHAR,
  statement_count INTEGER NOT NULL,
  drop_count INTEGER NOT NULL,
  null_pads INTEGER NOT NULL,
  chr_chain INTEGER NOT NULL,
  tail_redacted BOOLEAN NOT NULL
);

CREATE TABLE store.setting_changes (
  record_id BIGINT NOT NULL,
  event_time TIMESTAMP NOT NULL,
  server VARCHAR NOT NULL,
  parameter VARCHAR NOT NULL,
  value VARCHAR
);

-- What could not be decoded, with its bytes (secrets blanked).
CREATE TABLE store.rejects (
  source VARCHAR NOT NULL,
  partition VARCHAR NOT NULL,
  sequence_number BIGINT NOT NULL,
  record_index INTEGER,
  received_at TIMESTAMP NOT NULL,
  code VARCHAR NOT NULL,
  reason VARCHAR NOT NULL,
  raw BLOB NOT NULL
);

-- Everything up to here is stored. Changed in the same transaction as the rows.
-- "offset" is opaque; for files it is the SHA-256 of all that was read so far.
CREATE TABLE store.positions (
  source VARCHAR NOT NULL,
  partition VARCHAR NOT NULL,
  sequence_number BIGINT NOT NULL,
  "offset" VARCHAR NOT NULL,
  updated_at TIMESTAMP NOT NULL
);

-- Sequence numbers that never arrived although later ones did: aged out of the hub before they were read.
CREATE TABLE store.gaps (
  source VARCHAR NOT NULL,
  partition VARCHAR NOT NULL,
  first_missing BIGINT NOT NULL,
  last_missing BIGINT NOT NULL,
  found_at TIMESTAMP NOT NULL
);

-- How far each detector has looked.
CREATE TABLE store.detector_state (
  detector VARCHAR NOT NULL,
  last_record_id BIGINT NOT NULL,
  watermark TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL,
  runs BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  last_error VARCHAR
);

CREATE TABLE store.alerts (
  alert_id VARCHAR NOT NULL,
  detector VARCHAR NOT NULL,
  detector_name VARCHAR NOT NULL,
  title VARCHAR NOT NULL,
  severity VARCHAR NOT NULL,
  status VARCHAR NOT NULL,
  server VARCHAR NOT NULL,
  entity VARCHAR NOT NULL,
  summary VARCHAR NOT NULL,
  user_name VARCHAR,
  client VARCHAR,
  database_name VARCHAR,
  application VARCHAR,
  first_seen TIMESTAMP NOT NULL,
  last_seen TIMESTAMP NOT NULL,
  evidence_count BIGINT NOT NULL,
  sessions VARCHAR[] NOT NULL,
  observed DOUBLE,
  threshold DOUBLE,
  created_at TIMESTAMP NOT NULL,
  updated_at TIMESTAMP NOT NULL
);

CREATE TABLE store.evidence (
  alert_id VARCHAR NOT NULL,
  detector VARCHAR NOT NULL,
  server VARCHAR NOT NULL,
  entity VARCHAR NOT NULL,
  record_id BIGINT NOT NULL,
  event_time TIMESTAMP NOT NULL,
  session_id VARCHAR,
  user_name VARCHAR,
  client VARCHAR,
  summary VARCHAR NOT NULL,
  statement_hash VARCHAR
);

-- Alerts on their way out. Written in the same transaction as the alert.
CREATE TABLE store.outbox (
  delivery_id VARCHAR NOT NULL,
  alert_id VARCHAR NOT NULL,
  channel VARCHAR NOT NULL,
  webhook_id VARCHAR NOT NULL,
  body VARCHAR NOT NULL,
  state VARCHAR NOT NULL,
  attempts INTEGER NOT NULL,
  next_attempt_at TIMESTAMP NOT NULL,
  created_at TIMESTAMP NOT NULL,
  finished_at TIMESTAMP
);

CREATE TABLE store.delivery_attempts (
  delivery_id VARCHAR NOT NULL,
  attempt INTEGER NOT NULL,
  started_at TIMESTAMP NOT NULL,
  latency_ms BIGINT NOT NULL,
  status INTEGER,
  error VARCHAR
);
