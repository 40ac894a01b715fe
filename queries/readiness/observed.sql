-- What was seen of each server in the last 24 hours of its data. Times: when something of the kind was seen last.
WITH span AS (
  SELECT server, max(event_time) AS newest, max(event_time) - INTERVAL 1 DAY AS since FROM store.records GROUP BY server
), lines AS (
  SELECT
    r.server,
    count(*) AS lines,
    -- Sessions of clients that began in that time: the id begins with the start.
    count(DISTINCT r.session_id) FILTER (
      r.backend_type IN ('client backend', 'walsender')
      AND make_timestamp(try_cast('0x' || regexp_extract(r.session_id, '^([0-9a-f]+)\.', 1) AS BIGINT) * 1000000) > s.since
    ) AS sessions,
    max(r.event_time) FILTER (r.level = 'ERROR') AS error,
    max(r.event_time) FILTER (r.category = 'PostgreSQLFlexPGBouncer') AS pooler,
    max(r.event_time) FILTER (starts_with(r.message, 'received replication command')) AS replication
  FROM store.records r
  JOIN span s ON s.server = r.server AND r.event_time > s.since
  GROUP BY r.server
), connections AS (
  SELECT
    e.server,
    max(e.event_time) FILTER (e.event IN ('received', 'authenticated', 'authorized')) AS connection,
    max(e.event_time) FILTER (e.event = 'disconnected') AS disconnection,
    count(DISTINCT e.session_id) FILTER (e.event = 'authorized') AS authorized
  FROM store.connection_events e
  JOIN span s ON s.server = e.server AND e.event_time > s.since
  WHERE NOT starts_with(e.session_id, 'pgbouncer/')
  GROUP BY e.server
), clients AS (
  SELECT
    c.server,
    count(*) FILTER (c.client = '[local]' AND NOT c.is_pooler) AS socket_clients,
    count(*) FILTER (regexp_matches(c.client, '^(127\.|169\.254\.|::1$)')) AS proxy_clients,
    count(*) FILTER (
      regexp_matches(c.client, '^([0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.%a-z]*)$')
      AND NOT regexp_matches(c.client, '^(127\.|169\.254\.|::1$)')
    ) AS remote_clients,
    count(*) FILTER (
      c.client <> '[local]' AND NOT regexp_matches(c.client, '^([0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.%a-z]*)$')
    ) AS named_clients
  FROM sessions c
  JOIN span s ON s.server = c.server AND coalesce(c.ended_at, c.started_at) > s.since
  WHERE NOT c.is_platform
  GROUP BY c.server
), statements AS (
  SELECT
    a.server,
    max(a.event_time) FILTER (a.source = 'audit') AS audit,
    max(a.event_time) FILTER (a.class = 'READ') AS "read",
    max(a.event_time) FILTER (a.class = 'WRITE') AS "write",
    max(a.event_time) FILTER (a.class = 'FUNCTION') AS "function",
    max(a.event_time) FILTER (a.class = 'ROLE') AS "role",
    max(a.event_time) FILTER (a.class = 'DDL') AS "ddl",
    max(a.event_time) FILTER (a.class = 'MISC') AS "misc",
    max(a.event_time) FILTER (a.source = 'audit' AND a.row_count IS NOT NULL) AS "rows",
    max(a.event_time) FILTER (a.class IN ('READ', 'WRITE') AND a.row_count IS NULL) AS no_rows,
    max(a.event_time) FILTER (a.class IN ('READ', 'WRITE') AND a.object_name IS NOT NULL) AS relation,
    max(a.event_time) FILTER (
      a.class IN ('READ', 'WRITE') AND a.object_name IS NULL AND len(m.relations_read) + len(m.relations_written) > 0
    ) AS no_relation,
    -- Statements over catalogs alone: pgaudit.log_catalog decides about those only.
    max(a.event_time) FILTER (
      a.class = 'READ' AND len(m.catalogs) > 0 AND len(m.relations_read) = 0 AND len(m.relations_written) = 0
    ) AS "catalog",
    max(a.event_time) FILTER (a.source = 'error' AND t.sql_text IS NOT NULL) AS error_text,
    count(*) FILTER (a.class IN ('READ', 'WRITE') AND contains(t.sql_text, '$1')) AS with_parameters,
    count(*) FILTER (a.class IN ('READ', 'WRITE') AND t.sql_text <> m.normalized) AS with_literals
  FROM store.activities a
  JOIN span s ON s.server = a.server AND a.event_time > s.since
  LEFT JOIN store.statements t ON t.first_record_id = a.statement_record_id
  LEFT JOIN store.templates m ON m.first_record_id = a.template_record_id
  GROUP BY a.server
), settings AS (
  SELECT server, list(struct_pack(parameter := parameter, value := value, changed := changed)) AS settings
  FROM (
    SELECT server, parameter, arg_max_null(value, (event_time, record_id)) AS value, max(event_time) AS changed
    FROM store.setting_changes GROUP BY server, parameter
  )
  GROUP BY server
)
SELECT s.newest, l.* EXCLUDE (server), c.* EXCLUDE (server), k.* EXCLUDE (server), a.* EXCLUDE (server), p.settings, s.server
FROM span s
LEFT JOIN lines l ON l.server = s.server
LEFT JOIN connections c ON c.server = s.server
LEFT JOIN clients k ON k.server = s.server
LEFT JOIN statements a ON a.server = s.server
LEFT JOIN settings p ON p.server = s.server
ORDER BY s.server
