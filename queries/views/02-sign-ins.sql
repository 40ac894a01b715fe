-- One row per attempt to sign in, once its outcome is known.
CREATE OR REPLACE VIEW sign_ins AS
WITH outcome AS (
  SELECT
    server,
    session_id,
    -- "connection authorized" comes before the checks of database and role: a failure in the session outranks it.
    coalesce(
      arg_min(record_id, (event_time, event, reason)) FILTER (event IN ('failed', 'rejected', 'limit')),
      arg_min(record_id, (event_time, event, reason)) FILTER (event = 'authorized'),
      -- PgBouncer never says that a client was let in; that it was is known when it leaves.
      arg_min(record_id, (event_time, event, reason)) FILTER (event = 'disconnected' AND starts_with(session_id, 'pgbouncer/'))
    ) AS record_id
  FROM store.connection_events
  WHERE session_id IS NOT NULL
  GROUP BY server, session_id
)
SELECT
  e.record_id,
  e.event_time,
  e.server,
  e.session_id,
  CASE WHEN e.event IN ('authorized', 'disconnected') THEN 'success' ELSE e.event END AS outcome,
  coalesce(e.user_name, s.user_name) AS user_name,
  coalesce(e.database_name, s.database_name) AS database_name,
  coalesce(s.client, e.client) AS client,
  network_of(coalesce(s.client, e.client)) AS network,
  s.application,
  s.identity,
  s.method,
  s.tls,
  s.tls_version,
  s.replication,
  s.is_pooler,
  e.sqlstate,
  e.reason,
  s.is_platform
FROM outcome o
JOIN store.connection_events e USING (record_id)
JOIN sessions s ON s.server = e.server AND s.session_id = e.session_id;

COMMENT ON VIEW sign_ins IS 'One row per attempt to sign in whose outcome is known.';
COMMENT ON COLUMN sign_ins.record_id IS 'Record of the line that decided.';
COMMENT ON COLUMN sign_ins.event_time IS 'Time (UTC) of that line.';
COMMENT ON COLUMN sign_ins.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN sign_ins.session_id IS 'Session (%c).';
COMMENT ON COLUMN sign_ins.outcome IS 'success, failed (credential refused), rejected (refused for another reason) or limit (no slot free).';
COMMENT ON COLUMN sign_ins.user_name IS 'Role that the client asked for.';
COMMENT ON COLUMN sign_ins.database_name IS 'Database that the client asked for.';
COMMENT ON COLUMN sign_ins.client IS 'Client address.';
COMMENT ON COLUMN sign_ins.network IS 'network_of(client): the /24 of an IPv4 address, the /48 of an IPv6 address, else the name.';
COMMENT ON COLUMN sign_ins.application IS 'application_name at sign-in.';
COMMENT ON COLUMN sign_ins.identity IS 'Authenticated identity.';
COMMENT ON COLUMN sign_ins.method IS 'Authentication method.';
COMMENT ON COLUMN sign_ins.tls IS 'Whether the connection was encrypted.';
COMMENT ON COLUMN sign_ins.tls_version IS 'TLS version.';
COMMENT ON COLUMN sign_ins.replication IS 'A replication connection.';
COMMENT ON COLUMN sign_ins.is_pooler IS 'At the built-in PgBouncer, told by its own log; a success is known when the client leaves.';
COMMENT ON COLUMN sign_ins.sqlstate IS 'SQLSTATE of the refusal.';
COMMENT ON COLUMN sign_ins.reason IS 'bad_password, no_such_role, no_password, expired, no_hba, not_permitted, no_such_db, no_connect_priv, too_many, …';
COMMENT ON COLUMN sign_ins.is_platform IS 'Azure''s own management session.';
