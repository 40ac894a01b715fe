/*---
name: security-encryption
title: "Security layer 1: encryption in transit"
topic: posture
question: Is everything between clients and the server encrypted, and well?
how_to_read: "One row for each check, those that need work first. verdict: weak should be mended, look is for a person to judge, good is as it should be, unknown could not be seen. It shows what clients did, not how the server is set: require_secure_transport=on and ssl_min_protocol_version=TLSv1.2 make it certain."
parameters:
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 30d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
WITH ins AS (
  SELECT server, user_name, client, tls, tls_version, method, is_pooler
  FROM sign_ins
  WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND outcome = 'success'
    AND NOT is_platform
), counted AS (
  SELECT
    server,
    count(*) AS sign_ins,
    count(*) FILTER (tls) AS encrypted,
    count(*) FILTER (NOT tls) AS clear,
    count(*) FILTER (tls IS NULL) AS unknown,
    count(*) FILTER (tls_version < 'TLSv1.2') AS old,
    min(tls_version) AS lowest,
    count(*) FILTER (NOT tls AND method = 'password') AS clear_passwords,
    list_sort(list(DISTINCT concat(user_name, '@', client)) FILTER (NOT tls)) AS clear_names,
    list_sort(list(DISTINCT concat(user_name, '@', client)) FILTER (tls_version < 'TLSv1.2')) AS old_names,
    list_sort(list(DISTINCT concat(user_name, '@', client)) FILTER (tls IS NULL)) AS unknown_names,
    list_sort(list(DISTINCT concat(user_name, '@', client)) FILTER (NOT tls AND method = 'password')) AS password_names
  FROM ins
  GROUP BY server
), changed AS (
  SELECT server, count(*) AS times, list_sort(list(DISTINCT concat(parameter, '=', value))) AS names
  FROM setting_changes
  WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND parameter IN ('require_secure_transport', 'ssl', 'ssl_min_protocol_version', 'ssl_max_protocol_version', 'ssl_ciphers')
  GROUP BY server
), checks AS (
  SELECT
    1 AS place, server, 'sign-ins without encryption' AS "check", CASE WHEN clear > 0 THEN 'weak' ELSE 'good' END AS verdict,
    concat(clear, ' of ', sign_ins) AS finding, clear_names AS names, 'require_secure_transport=on' AS remedy
  FROM counted
  UNION ALL
  SELECT
    2, server, 'passwords sent in clear', CASE WHEN clear_passwords > 0 THEN 'weak' ELSE 'good' END,
    clear_passwords::VARCHAR, password_names, 'Change these passwords; use SCRAM over TLS.'
  FROM counted
  UNION ALL
  SELECT
    3, server, 'TLS older than 1.2', CASE WHEN old > 0 THEN 'weak' WHEN lowest IS NULL THEN 'unknown' ELSE 'good' END,
    CASE WHEN lowest IS NULL THEN 'no version was told' ELSE concat(old, ' of ', encrypted, ', lowest ', lowest) END, old_names,
    'ssl_min_protocol_version=TLSv1.2'
  FROM counted
  UNION ALL
  SELECT
    4, server, 'sign-ins of unknown encryption', CASE WHEN unknown > 0 THEN 'unknown' ELSE 'good' END,
    concat(unknown, ' of ', sign_ins), unknown_names, 'log_connections=on; those behind the built-in PgBouncer are told by its own log.'
  FROM counted
  UNION ALL
  SELECT
    5, c.server, 'settings of TLS changed', CASE WHEN s.times > 0 THEN 'look' ELSE 'good' END, coalesce(s.times, 0)::VARCHAR,
    coalesce(s.names, []), 'See who changed the server parameters in the activity log of Azure.'
  FROM counted c
  LEFT JOIN changed s ON s.server = c.server
)
SELECT server, "check", verdict, finding, coalesce(names[1:20], []) AS names, CASE WHEN verdict <> 'good' THEN remedy END AS remedy
FROM checks
ORDER BY server, CASE verdict WHEN 'weak' THEN 1 WHEN 'look' THEN 2 WHEN 'unknown' THEN 3 ELSE 4 END, place
