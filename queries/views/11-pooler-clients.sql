-- The built-in PgBouncer reaches the server through the unix socket: which of its clients a session serves is not said.
-- Here are those that may be: same user and database, connected while the session lasted. Not a column of sessions,
-- because every detector reads sessions and would pay for it.
CREATE OR REPLACE VIEW pooler_clients AS
SELECT
  s.server, s.session_id, s.user_name, s.database_name, c.client,
  count(*) AS connections, min(c.started_at) AS first_connected
FROM sessions s
JOIN sessions c ON c.server = s.server AND c.user_name = s.user_name AND c.database_name = s.database_name
WHERE
  s.client = '[local]' AND NOT s.is_pooler AND NOT s.is_platform
  AND c.is_pooler AND c.outcome IN ('signed_in', 'incomplete') AND c.client <> '[local]'
  AND c.started_at <= coalesce(s.ended_at, TIMESTAMP 'infinity')
  AND coalesce(c.ended_at, TIMESTAMP 'infinity') >= s.started_at
GROUP BY ALL;

COMMENT ON VIEW pooler_clients IS 'For each session of the built-in PgBouncer at the server, the clients that it may have served.';
COMMENT ON COLUMN pooler_clients.server IS 'Name of the Flexible Server, lower case.';
COMMENT ON COLUMN pooler_clients.session_id IS 'Session at the server (%c), with client [local].';
COMMENT ON COLUMN pooler_clients.user_name IS 'Role of both.';
COMMENT ON COLUMN pooler_clients.database_name IS 'Database of both.';
COMMENT ON COLUMN pooler_clients.client IS 'Address of a client that was connected to PgBouncer while the session lasted.';
COMMENT ON COLUMN pooler_clients.connections IS 'Connections of that address in that time.';
COMMENT ON COLUMN pooler_clients.first_connected IS 'Time (UTC) of the first of them.';
