-- What is known of each backend, from whichever of its lines arrived. Lines may arrive in any order.
CREATE OR REPLACE VIEW sessions AS
SELECT
  server,
  session_id,
  min(event_time) AS started_at,
  max(event_time) FILTER (event = 'disconnected') AS ended_at,
  -- The first authorization counts: RAISE LOG lets any role print a second one under its own session id.
  coalesce(
    arg_min(user_name, event_time) FILTER (event = 'authorized'),
    arg_min(user_name, event_time) FILTER (event = 'disconnected'),
    -- A name such as "x database=y" makes those lines ambiguous; the identity is quoted, and for passwords it is the role.
    arg_min(identity, event_time) FILTER (method IN ('scram-sha-256', 'md5', 'password')),
    arg_min(user_name, event_time)
  ) AS user_name,
  coalesce(
    arg_min(database_name, event_time) FILTER (event = 'authorized'),
    arg_min(database_name, event_time) FILTER (event = 'disconnected'),
    arg_min(database_name, event_time)
  ) AS database_name,
  coalesce(
    arg_min(client, event_time) FILTER (event = 'received'),
    arg_min(client, event_time) FILTER (event = 'disconnected'),
    arg_min(client, event_time)
  ) AS client,
  coalesce(
    arg_min(client_port, event_time) FILTER (event = 'received'),
    arg_min(client_port, event_time)
  ) AS client_port,
  arg_min(application, event_time) FILTER (application <> '') AS application,
  arg_min(identity, event_time) AS identity,
  arg_min(method, event_time) AS method,
  bool_or(tls) AS tls,
  arg_min(tls_version, event_time) AS tls_version,
  bool_or(replication) AS replication,
  CASE
    WHEN bool_or(event IN ('failed', 'rejected', 'limit', 'protocol_error'))
      THEN arg_min(event, event_time) FILTER (event IN ('failed', 'rejected', 'limit', 'protocol_error'))
    WHEN bool_or(event = 'authorized') THEN 'signed_in'
    WHEN bool_or(event = 'disconnected') THEN 'signed_in'
    ELSE 'incomplete'
  END AS outcome,
  arg_min(reason, event_time) AS reason,
  max(duration_ms) AS duration_ms,
  -- The platform's own sessions: the pair of a local address and its certificate, never the name alone. Every line
  -- has to agree: RAISE LOG lets any role print lines of the platform under its own session id.
  coalesce(
    bool_and(method = 'cert' AND identity LIKE 'CN=azuresu.%') FILTER (event = 'authenticated')
      AND bool_and(client IN ('127.0.0.1', '::1', '[local]') OR client LIKE '169.254.%'),
    false
  ) AS is_platform
FROM store.connection_events
WHERE session_id IS NOT NULL
GROUP BY server, session_id;

COMMENT ON VIEW sessions IS 'One row per PostgreSQL backend that logged a connection line.';
COMMENT ON COLUMN sessions.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN sessions.session_id IS '%c of the log_line_prefix: start time and pid in hex.';
COMMENT ON COLUMN sessions.started_at IS 'Time (UTC) of the first connection line seen.';
COMMENT ON COLUMN sessions.ended_at IS 'Time (UTC) of the disconnection; null while open, and for sign-ins that failed.';
COMMENT ON COLUMN sessions.user_name IS 'Role that the client asked for. Written by the client: not proof of a sign-in.';
COMMENT ON COLUMN sessions.database_name IS 'Database that the client asked for.';
COMMENT ON COLUMN sessions.client IS 'Client address or host name; [local] for the unix socket (the built-in PgBouncer).';
COMMENT ON COLUMN sessions.client_port IS 'Client port.';
COMMENT ON COLUMN sessions.application IS 'application_name at sign-in. Written by the client.';
COMMENT ON COLUMN sessions.identity IS 'Authenticated identity (PostgreSQL 14 and later).';
COMMENT ON COLUMN sessions.method IS 'Authentication method: scram-sha-256, md5, cert, trust, …';
COMMENT ON COLUMN sessions.tls IS 'Whether the connection was encrypted; null when no authorization line was seen.';
COMMENT ON COLUMN sessions.tls_version IS 'TLSv1.2, TLSv1.3, …';
COMMENT ON COLUMN sessions.replication IS 'A replication connection.';
COMMENT ON COLUMN sessions.outcome IS 'signed_in, failed, rejected, limit, protocol_error or incomplete (nothing but a connection received).';
COMMENT ON COLUMN sessions.reason IS 'Why it did not sign in: bad_password, no_such_role, no_hba, no_such_db, …';
COMMENT ON COLUMN sessions.duration_ms IS 'Session time in milliseconds, from the disconnection line.';
COMMENT ON COLUMN sessions.is_platform IS 'A session of Azure''s own management (local address and azuresu certificate).';
