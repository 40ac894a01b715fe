/*---
name: security-network
title: "Security layer 2: network"
topic: posture
question: From where is the server reached, who knocked, and where does it reach out to?
how_to_read: "One row for each check, those that need work first. verdict: weak should be mended, look is for a person to judge, good is as it should be, unknown could not be seen. A server with private access sees private addresses only; with public access its firewall rules should leave few public ones."
parameters:
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 30d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
WITH ins AS (
  SELECT
    i.server, i.user_name, i.client, i.outcome, i.reason, a.kind, a.is_private, a.country, a.as_org, a.lists, a.is_trusted
  FROM sign_ins i
  LEFT JOIN addresses a ON a.client = i.client
  WHERE i.event_time >= $since::TIMESTAMP AND i.event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR i.server = lower($server))
    AND NOT i.is_platform
), counted AS (
  SELECT
    server,
    count(DISTINCT client) FILTER (outcome = 'success') AS clients,
    count(DISTINCT client) FILTER (outcome = 'success' AND is_private IS NOT NULL) AS judged,
    list_sort(list(DISTINCT client) FILTER (outcome = 'success' AND NOT is_private)) AS public_clients,
    list_sort(list(DISTINCT concat(client, ' (', array_to_string(lists, ', '), ')')) FILTER (len(lists) > 0)) AS listed,
    list_sort(list(DISTINCT client) FILTER (outcome = 'success' AND NOT is_trusted)) AS untrusted,
    count(DISTINCT client) FILTER (outcome = 'success' AND is_trusted IS NOT NULL) AS trust_judged,
    list_sort(list(DISTINCT country) FILTER (outcome = 'success' AND country IS NOT NULL)) AS countries,
    count(*) FILTER (reason = 'no_hba') AS refused,
    list_sort(list(DISTINCT client) FILTER (reason = 'no_hba')) AS refused_clients
  FROM ins
  GROUP BY server
), knocks AS (
  SELECT server, count(*) AS times, list_sort(list(DISTINCT client)) AS clients
  FROM sessions
  WHERE started_at >= $since::TIMESTAMP AND started_at < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND outcome = 'protocol_error'
    AND NOT is_platform
  GROUP BY server
), outward AS (
  SELECT server, count(*) AS times, list_sort(list_distinct(flatten(list(hosts)))) AS hosts
  FROM activity
  WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND len(hosts) > 0
    AND NOT is_platform
  GROUP BY server
), checks AS (
  SELECT
    1 AS place, server, 'clients on threat lists' AS "check", CASE WHEN len(listed) > 0 THEN 'weak' ELSE 'good' END AS verdict,
    coalesce(len(listed), 0)::VARCHAR AS finding, listed AS names, 'Close the firewall to them; see client-activity.' AS remedy
  FROM counted
  UNION ALL
  SELECT
    2, server, 'public addresses that signed in',
    CASE WHEN len(public_clients) > 0 THEN 'look' WHEN judged < clients THEN 'unknown' ELSE 'good' END,
    concat(coalesce(len(public_clients), 0), ' of ', clients, ' clients'), public_clients,
    'Private access, or firewall rules for exactly these addresses.'
  FROM counted
  UNION ALL
  SELECT
    3, server, 'clients outside trusted networks',
    CASE WHEN trust_judged = 0 THEN 'unknown' WHEN len(untrusted) > 0 THEN 'look' ELSE 'good' END,
    CASE WHEN trust_judged = 0 THEN 'no trusted network is configured' ELSE concat(coalesce(len(untrusted), 0), ' of ', trust_judged, ' clients') END,
    untrusted, 'networks in pgvigil.yaml say which are yours.'
  FROM counted
  UNION ALL
  SELECT
    4, server, 'countries', CASE WHEN countries IS NULL THEN 'unknown' WHEN len(countries) > 1 THEN 'look' ELSE 'good' END,
    coalesce(len(countries)::VARCHAR, 'no address has a country'), countries, 'enrichment.country in pgvigil.yaml tells them.'
  FROM counted
  UNION ALL
  SELECT
    5, server, 'refused by pg_hba.conf', CASE WHEN refused > 0 THEN 'look' ELSE 'good' END, refused::VARCHAR, refused_clients,
    'Whoever is refused here came through the firewall.'
  FROM counted
  UNION ALL
  SELECT
    6, c.server, 'connections that broke the protocol', CASE WHEN k.times > 0 THEN 'look' ELSE 'good' END, coalesce(k.times, 0)::VARCHAR,
    k.clients, 'Scanners, or health checks of a load balancer.'
  FROM counted c
  LEFT JOIN knocks k ON k.server = c.server
  UNION ALL
  SELECT
    7, c.server, 'hosts that statements reach out to', CASE WHEN o.times > 0 THEN 'look' ELSE 'good' END,
    coalesce(o.times, 0)::VARCHAR, o.hosts, 'Foreign servers, dblink and subscriptions carry data out.'
  FROM counted c
  LEFT JOIN outward o ON o.server = c.server
)
SELECT
  server, "check", verdict, finding, coalesce(names[1:20], []) AS names, CASE WHEN verdict <> 'good' THEN remedy END AS remedy
FROM checks
ORDER BY server, CASE verdict WHEN 'weak' THEN 1 WHEN 'look' THEN 2 WHEN 'unknown' THEN 3 ELSE 4 END, place
