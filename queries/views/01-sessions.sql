-- What is known of each connection, from whichever of its lines arrived. Lines may arrive in any order: of two in the same
-- millisecond one counts, always the same.
CREATE OR REPLACE VIEW sessions AS
SELECT
  server,
  session_id,
  any_value(session_key) AS session_key,
  starts_with(session_id, 'pgbouncer/') AS is_pooler,
  -- The id begins with the start, in seconds: known of every session, also of those that began before the first record.
  coalesce(
    min(event_time) FILTER (event = 'received'),
    make_timestamp(try_cast('0x' || regexp_extract(session_id, '^([0-9a-f]+)\.', 1) AS BIGINT) * 1000000),
    min(event_time)
  ) AS started_at,
  bool_or(event = 'received') AS is_start_seen,
  max(event_time) FILTER (event = 'disconnected') AS ended_at,
  arg_min(claimed_user, order_of(user_rank, event_time, claimed_user)) AS user_name,
  arg_min(database_name, order_of(name_rank, event_time, database_name)) AS database_name,
  arg_min(client, order_of(client_rank, event_time, client)) AS client,
  arg_min(client_port, order_of(client_rank, event_time, client_port)) AS client_port,
  arg_min(application, order_of(0, event_time, application)) FILTER (application <> '') AS application,
  arg_min(identity, order_of(0, event_time, identity)) AS identity,
  arg_min(method, order_of(0, event_time, method)) AS method,
  bool_or(tls) AS tls,
  arg_min(tls_version, order_of(0, event_time, tls_version)) AS tls_version,
  bool_or(replication) AS replication,
  CASE
    WHEN bool_or(event IN ('failed', 'rejected', 'limit', 'protocol_error'))
      THEN arg_min(event, order_of(0, event_time, event)) FILTER (event IN ('failed', 'rejected', 'limit', 'protocol_error'))
    WHEN bool_or(event = 'authorized') THEN 'signed_in'
    WHEN bool_or(event IN ('disconnected', 'seen')) THEN 'signed_in'
    ELSE 'incomplete'
  END AS outcome,
  arg_min(reason, order_of(0, event_time, reason)) AS reason,
  max(duration_ms) AS duration_ms,
  -- The platform's own sessions: the pair of a local address and its certificate, never the name alone. Every line
  -- has to agree: RAISE LOG lets any role print lines of the platform under its own session id.
  -- In the log of PgBouncer: the unix socket, which no customer reaches, and the platform's names.
  coalesce(
    bool_and(method = 'cert' AND identity LIKE 'CN=azuresu.%') FILTER (event = 'authenticated')
      AND coalesce(bool_and(user_name = 'azuresu') FILTER (user_name IS NOT NULL), true)
      AND bool_and(client IN ('127.0.0.1', '::1', '[local]') OR client LIKE '169.254.%'),
    starts_with(session_id, 'pgbouncer/')
      AND bool_and(client = '[local]') AND bool_and(user_name IN ('azuresu', 'pgbouncer')),
    false
  ) AS is_platform
FROM (
  SELECT
    *,
    -- The first authorization counts: RAISE LOG lets any role print a second one under its own session id.
    CASE event WHEN 'authorized' THEN 0 WHEN 'disconnected' THEN 1 ELSE 3 END AS name_rank,
    CASE event WHEN 'received' THEN 0 WHEN 'disconnected' THEN 1 ELSE 2 END AS client_rank,
    -- A name such as "x database=y" makes those lines ambiguous; the identity is quoted, and for passwords it is the role.
    name_rank > 1 AND identity IS NOT NULL AND coalesce(method IN ('scram-sha-256', 'md5', 'password'), false) AS is_proven,
    CASE WHEN is_proven THEN 2 ELSE name_rank END AS user_rank,
    CASE WHEN is_proven THEN identity ELSE user_name END AS claimed_user
  FROM store.connection_events
  WHERE session_id IS NOT NULL
)
GROUP BY server, session_id;

COMMENT ON VIEW sessions IS 'One row per connection: of a PostgreSQL backend, or of a client of the built-in PgBouncer.';
COMMENT ON COLUMN sessions.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN sessions.session_id IS '%c of the log_line_prefix: start time and pid in hex. pgbouncer/… for a client of the built-in PgBouncer.';
COMMENT ON COLUMN sessions.session_key IS 'Number for (server, session_id): joins by it are faster.';
COMMENT ON COLUMN sessions.is_pooler IS 'A client of the built-in PgBouncer (port 6432), as its own log tells.';
COMMENT ON COLUMN sessions.started_at IS 'Time (UTC) of the connection, to the second where its line was not seen.';
COMMENT ON COLUMN sessions.is_start_seen IS 'Whether the line of the connection was seen; if not, the session began before the first record.';
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
