CREATE OR REPLACE VIEW access_tokens AS
SELECT token_id, name, role, created_at, created_by, expires_at, revoked_at, revoked_by FROM store.access_tokens;

COMMENT ON VIEW access_tokens IS 'Who may ask at the worker''s doors. The secrets are stored nowhere.';
COMMENT ON COLUMN access_tokens.token_id IS 'Id, a part of the token.';
COMMENT ON COLUMN access_tokens.name IS 'Name, unique among those in force; the user of PostgreSQL clients.';
COMMENT ON COLUMN access_tokens.role IS 'viewer, analyst or admin.';
COMMENT ON COLUMN access_tokens.created_at IS 'Time (UTC) at which it was made.';
COMMENT ON COLUMN access_tokens.created_by IS 'By whom.';
COMMENT ON COLUMN access_tokens.expires_at IS 'Time (UTC) from which it is worth nothing.';
COMMENT ON COLUMN access_tokens.revoked_at IS 'Time (UTC) at which it was taken back; null while it was not.';
COMMENT ON COLUMN access_tokens.revoked_by IS 'By whom.';

CREATE OR REPLACE VIEW query_log AS
SELECT started_at, user_name, via, client, sql_text, row_count, duration_ms, error FROM store.query_log;

COMMENT ON VIEW query_log IS 'Queries that people and tools asked at the worker''s doors, kept for 400 days. Those of commands on the machine itself are not there, nor those of the last second of a worker that was killed.';
COMMENT ON COLUMN query_log.started_at IS 'Time (UTC) at which it was asked.';
COMMENT ON COLUMN query_log.user_name IS 'Name of the token.';
COMMENT ON COLUMN query_log.via IS 'api or psql (any client of the PostgreSQL protocol).';
COMMENT ON COLUMN query_log.client IS 'Address that it was asked from.';
COMMENT ON COLUMN query_log.sql_text IS 'The query, secrets blanked; the first 8,192 characters.';
COMMENT ON COLUMN query_log.row_count IS 'Rows that were sent.';
COMMENT ON COLUMN query_log.duration_ms IS 'Milliseconds until the last of them.';
COMMENT ON COLUMN query_log.error IS 'Why it failed or was refused; null: it did not.';
