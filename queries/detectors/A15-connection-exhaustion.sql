/*---
id: A15
name: auth.connection_exhaustion
title: Connection slots used up, or a flood of connections that never sign in
why: Pools are made to fit the slots of a server; when slots run out, or connections pile up that never sign in, applications are shut out, and that is all that somebody wants who is after the service.
severity: medium
risk: 47
tactic: impact
attack: [T1499.002]
quiet: 1h
window: 2 * $window + $settle + $grace
requires:
  - log_connections = on
parameters:
  window: { type: duration, default: 10m, help: Time in which connections are counted. }
  min_refused: { type: number, default: 5, min: 2, max: 100000, help: Connections refused because no slot was free. }
  min_minutes: { type: number, default: 2, min: 1, max: 60, help: "Different minutes in which they were refused. A deployment crowds the server for a moment." }
  min_unfinished: { type: number, default: 1000, min: 20, max: 1000000, help: "Connections of one address that neither signed in nor were refused. A health check every second makes 600 in ten minutes." }
  settle: { type: duration, default: 2m, help: "How long a connection may take to sign in. The server gives up after authentication_timeout, a minute." }
  grace: { type: duration, default: 10m, help: "Time after a restart or a failover in which all pools come back at once, and nothing is counted." }
  health_checks: { type: strings, default: [], help: Addresses of load balancers and monitors that only connect. }
false_positives:
  - Pools that together are larger than max_connections. That is to be mended, and no attack.
  - Pools that come back after a break of the network, while the server still holds their old connections.
  - A load balancer that checks the port more than once a second. Put its address into health_checks.
runbook:
  - See who holds the slots - SELECT usename, client_addr, state, count(*) FROM pg_stat_activity GROUP BY 1, 2, 3 ORDER BY 4 DESC. Slots for administrators are kept free (reserved_connections).
  - See who connected - pgvigil query "SELECT user_name, client, outcome, count(*) FROM sessions WHERE server = '<server>' AND started_at > '<time>' GROUP BY ALL ORDER BY 4 DESC".
  - End the sessions of who is not yours with pg_terminate_backend, and block the address - az postgres flexible-server firewall-rule list -g <group> -n <server>.
  - Limit the account (ALTER ROLE … CONNECTION LIMIT n), make the pools smaller, or put PgBouncer in front - az postgres flexible-server parameter set -g <group> -s <server> -n pgbouncer.enabled -v true.
---*/
WITH starts AS (
  -- Anybody can write such a line with RAISE LOG, but not as the postmaster.
  SELECT server, event_time AS started_at
  FROM records
  WHERE message = 'database system is ready to accept connections'
    AND backend_type = 'postmaster'
    AND event_time > $since - 2 * $window - $settle - $grace
    AND event_time <= $until
  UNION
  SELECT server, event_time
  FROM sign_ins
  WHERE reason = 'not_accepting'
    AND NOT is_pooler
    AND event_time > $since - 2 * $window - $settle - $grace
    AND event_time <= $until
), refused AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application,
    'connection slots' AS entity
  FROM sign_ins
  -- Limits of a role or a database hurt nobody else.
  WHERE outcome = 'limit'
    AND reason NOT IN ('role_limit', 'db_limit')
    AND event_time > $since - 2 * $window
    AND event_time <= $until
), unfinished AS (
  -- Judged a little later than all else: until then nobody knows whether they sign in. Whether clients of PgBouncer did
  -- is known only when they leave.
  SELECT server, session_id, client
  FROM sessions
  WHERE NOT is_pooler
    AND is_start_seen
    AND (outcome IN ('incomplete', 'protocol_error') OR reason = 'auth_timeout')
    AND NOT list_contains($health_checks, coalesce(client, ''))
    AND started_at > $since - 2 * $window - $settle
    AND started_at <= $until - $settle
), crowds AS (
  SELECT server, client FROM unfinished GROUP BY ALL HAVING count(*) >= $min_unfinished
), flood AS (
  SELECT
    r.record_id, r.event_time, r.server, r.session_id, r.user_name, u.client, r.database_name, r.application,
    coalesce(u.client, 'unknown') AS entity
  FROM unfinished u
  SEMI JOIN crowds c ON c.server = u.server AND c.client IS NOT DISTINCT FROM u.client
  JOIN records r ON r.server = u.server AND r.session_id = u.session_id
  WHERE starts_with(r.message, 'connection received: ')
    AND r.event_time > $since - 2 * $window - $settle
    AND r.event_time <= $until - $settle
), events AS (
  SELECT *, true AS is_refused FROM refused
  UNION ALL
  SELECT *, false FROM flood
), counted AS (
  SELECT e.*, count(*) OVER recent AS connections, count(DISTINCT date_trunc('minute', e.event_time)) OVER recent AS minutes
  FROM events e
  ASOF LEFT JOIN starts s ON s.server = e.server AND s.started_at <= e.event_time
  WHERE s.started_at IS NULL OR e.event_time - s.started_at > $grace
  WINDOW recent AS (
    PARTITION BY e.server, is_refused, entity ORDER BY e.event_time RANGE BETWEEN $window PRECEDING AND CURRENT ROW
  )
), peaks AS (
  SELECT
    *,
    bool_or(
      CASE WHEN is_refused THEN connections >= $min_refused AND minutes >= $min_minutes ELSE connections >= $min_unfinished END
    ) OVER (
      PARTITION BY server, is_refused, entity ORDER BY event_time RANGE BETWEEN CURRENT ROW AND $window FOLLOWING
    ) AS is_crowd
  FROM counted
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, entity,
  CASE
    WHEN is_refused THEN concat(connections, ' connections refused because no slot was free')
    ELSE concat(connections, ' connections from ', coalesce(client, 'an unknown address'), ' never signed in')
  END AS summary,
  connections AS observed,
  CASE WHEN is_refused THEN $min_refused ELSE $min_unfinished END AS threshold
FROM peaks
WHERE is_crowd
