/*---
name: security-audit
title: "Security layer 4: audit"
topic: posture
question: Is everything logged that has to be, and did all of it arrive?
how_to_read: "One row for each check, those that need work first. verdict: weak should be mended, look is for a person to judge, good is as it should be, unknown could not be seen. Absence is no proof: a class that nobody used looks like one that is not logged. audit-coverage has the numbers, pgvigil detectors status the commands that mend it."
parameters:
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 7d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
WITH heard AS (
  SELECT server, max(event_time) AS last_time FROM records WHERE event_time < $until::TIMESTAMP AND ($server::VARCHAR IS NULL OR server = lower($server)) GROUP BY server
), acts AS (
  SELECT
    server, session_id, source, class, statement_id, row_count, truncated, user_name, ok, settings, flags,
    sql_text IS NOT NULL AS has_text
  FROM activity
  WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND NOT is_platform
), counted AS (
  SELECT
    server,
    list_sort(list(DISTINCT class) FILTER (source = 'audit')) AS classes,
    count(*) FILTER (class IN ('READ', 'WRITE') AND source = 'audit') AS data_lines,
    count(*) FILTER (class IN ('READ', 'WRITE') AND source = 'audit' AND row_count IS NOT NULL) AS with_rows,
    count(*) FILTER (source = 'error') AS errors,
    count(*) FILTER (source = 'error' AND has_text) AS errors_with_text,
    count(*) FILTER (truncated) AS cut,
    list_sort(list(DISTINCT user_name) FILTER (
      len(list_filter(settings, lambda s: starts_with(s.name, 'pgaudit.') OR starts_with(s.name, 'log_'))) > 0
    )) AS changers
  FROM acts
  GROUP BY server
), numbered AS (
  -- pgaudit numbers the statements of a session without holes.
  SELECT server, session_id, any_value(user_name) AS user_name, max(statement_id) - min(statement_id) + 1 - count(DISTINCT statement_id) AS missing
  FROM acts
  WHERE statement_id IS NOT NULL
  GROUP BY server, session_id
), holes AS (
  SELECT server, sum(missing) AS missing, list_sort(list(DISTINCT user_name) FILTER (missing > 0)) AS users
  FROM numbered
  GROUP BY server
), ins AS (
  SELECT server, count(*) AS sign_ins FROM sign_ins WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP AND ($server::VARCHAR IS NULL OR server = lower($server)) AND NOT is_platform GROUP BY server
), changed AS (
  SELECT server, list_sort(list(DISTINCT concat(parameter, '=', value))) AS names
  FROM setting_changes
  WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND (starts_with(parameter, 'pgaudit.') OR starts_with(parameter, 'log_') OR parameter = 'shared_preload_libraries')
  GROUP BY server
), unread AS (
  SELECT server, count(*) AS records, list_sort(list(DISTINCT code)) AS codes FROM rejects WHERE server IS NOT NULL AND ($server::VARCHAR IS NULL OR server = lower($server)) GROUP BY server
), told AS (
  SELECT server, count(*) AS alerts, list_sort(list(DISTINCT concat(detector, ' ', entity))) AS names
  FROM alerts
  WHERE detector IN ('D01', 'D02', 'D03', 'G02')
    AND first_seen >= $since::TIMESTAMP AND first_seen < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
  GROUP BY server
), checks AS (
  SELECT
    1 AS place, h.server, 'log arrives' AS "check",
    CASE WHEN h.last_time < $since::TIMESTAMP THEN 'weak' ELSE 'good' END AS verdict,
    concat('last line ', strftime(h.last_time, '%Y-%m-%d %H:%M:%S')) AS finding, NULL::VARCHAR[] AS names,
    'The diagnostic setting of the server, category PostgreSQLLogs.' AS remedy
  FROM heard h
  UNION ALL
  SELECT
    2, h.server, 'classes of pgaudit',
    CASE WHEN c.classes IS NULL THEN 'weak' WHEN len(c.classes) < 6 THEN 'unknown' ELSE 'good' END,
    concat(coalesce(len(c.classes), 0), ' of 6 seen'), c.classes, 'pgaudit.log=read,write,function,role,ddl,misc'
  FROM heard h
  LEFT JOIN counted c ON c.server = h.server
  UNION ALL
  SELECT
    3, h.server, 'row counts', CASE WHEN coalesce(c.data_lines, 0) = 0 THEN 'unknown' WHEN c.with_rows = 0 THEN 'weak' ELSE 'good' END,
    concat(coalesce(c.with_rows, 0), ' of ', coalesce(c.data_lines, 0), ' lines'), NULL, 'pgaudit.log_rows=on'
  FROM heard h
  LEFT JOIN counted c ON c.server = h.server
  UNION ALL
  SELECT
    4, h.server, 'sign-ins', CASE WHEN coalesce(i.sign_ins, 0) = 0 THEN 'unknown' ELSE 'good' END, coalesce(i.sign_ins, 0)::VARCHAR, NULL,
    'log_connections=on'
  FROM heard h
  LEFT JOIN ins i ON i.server = h.server
  UNION ALL
  SELECT
    5, h.server, 'errors with their statement',
    CASE WHEN coalesce(c.errors, 0) = 0 THEN 'unknown' WHEN c.errors_with_text = 0 THEN 'look' ELSE 'good' END,
    concat(coalesce(c.errors_with_text, 0), ' of ', coalesce(c.errors, 0)), NULL, 'log_min_error_statement=error'
  FROM heard h
  LEFT JOIN counted c ON c.server = h.server
  UNION ALL
  SELECT
    6, h.server, 'missing AUDIT lines', CASE WHEN o.missing > 0 THEN 'look' WHEN o.missing IS NULL THEN 'unknown' ELSE 'good' END,
    coalesce(o.missing, 0)::VARCHAR, o.users, 'See the view audit_gaps: lines of 16 KB and more are lost on their way.'
  FROM heard h
  LEFT JOIN holes o ON o.server = h.server
  UNION ALL
  SELECT
    7, h.server, 'statements that were cut', CASE WHEN c.cut > 0 THEN 'look' ELSE 'good' END, coalesce(c.cut, 0)::VARCHAR, NULL,
    'A statement that was padded hides its end.'
  FROM heard h
  LEFT JOIN counted c ON c.server = h.server
  UNION ALL
  SELECT
    8, h.server, 'settings of the log changed', CASE WHEN len(s.names) > 0 OR len(c.changers) > 0 THEN 'look' ELSE 'good' END,
    concat(coalesce(len(s.names), 0), ' at the server, by ', coalesce(len(c.changers), 0), ' users'), list_concat(s.names, c.changers),
    'See settings-changed.'
  FROM heard h
  LEFT JOIN counted c ON c.server = h.server
  LEFT JOIN changed s ON s.server = h.server
  UNION ALL
  SELECT
    9, h.server, 'alerts about the audit', CASE WHEN t.alerts > 0 THEN 'weak' ELSE 'good' END, coalesce(t.alerts, 0)::VARCHAR, t.names,
    'pgvigil alerts list --detector D01'
  FROM heard h
  LEFT JOIN told t ON t.server = h.server
  UNION ALL
  SELECT
    10, h.server, 'lines that could not be read', CASE WHEN u.records > 0 THEN 'weak' ELSE 'good' END, coalesce(u.records, 0)::VARCHAR,
    u.codes, 'See rejected-records.'
  FROM heard h
  LEFT JOIN unread u ON u.server = h.server
)
SELECT
  server, "check", verdict, finding, coalesce(names[1:20], []) AS names, CASE WHEN verdict <> 'good' THEN remedy END AS remedy
FROM checks
ORDER BY server, CASE verdict WHEN 'weak' THEN 1 WHEN 'look' THEN 2 WHEN 'unknown' THEN 3 ELSE 4 END, place
