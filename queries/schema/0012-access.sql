-- Access tokens: names and roles, and of each secret what checks it, never the secret: its SHA-256, as 256 random bits cannot be
-- guessed, and what SCRAM-SHA-256 needs (RFC 5803). Rows stay when a token ends: the query log names them.
CREATE TABLE store.access_tokens (
  token_id VARCHAR NOT NULL,
  name VARCHAR NOT NULL,
  role VARCHAR NOT NULL,
  sha256 VARCHAR NOT NULL,
  verifier VARCHAR NOT NULL,
  created_at TIMESTAMP NOT NULL,
  created_by VARCHAR NOT NULL,
  expires_at TIMESTAMP NOT NULL,
  revoked_at TIMESTAMP,
  revoked_by VARCHAR
);

-- Queries of people and tools at the worker's doors; secrets in their text are blanked.
CREATE TABLE store.query_log (
  started_at TIMESTAMP NOT NULL,
  user_name VARCHAR NOT NULL,
  via VARCHAR NOT NULL,
  client VARCHAR NOT NULL,
  sql_text VARCHAR NOT NULL,
  row_count BIGINT NOT NULL,
  duration_ms BIGINT NOT NULL,
  error VARCHAR
);
