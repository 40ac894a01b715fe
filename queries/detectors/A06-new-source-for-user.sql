/*---
id: A06
name: auth.new_source_for_user
title: Known user signs in from a network that it never used
why: Applications and people come from the same few networks again and again; a stolen password is used from wherever the thief is, and of all that is known of the owner the network is the hardest to copy.
severity: medium
risk: 40
tactic: initial-access
attack: [T1078]
quiet: 7d
requires:
  - log_connections = on
  - client addresses
parameters:
  min_days: { type: number, default: 7, min: 1, max: 60, help: Days on which the user was seen before; of a newer one nothing is usual yet. }
  networks: { type: strings, default: [], help: "Networks that are expected of everybody, as network_of(client) writes them: 10.1.2.0/24, 2001:db8:1::/48." }
false_positives:
  - Behind a proxy or pooler of your own all users come from its address; add its network to networks.
  - Outbound addresses of Azure services change. A network of which other users came before is low; add the ranges of your own to networks.
  - People at home have dynamic addresses. A user with very many networks is open-ended and not reported.
  - The alert goes on as long as the network is used, as nothing of its sessions is learned while they are suspect.
runbook:
  - Ask the person or the owner of the application whether they moved.
  - See where the user came from before - pgvigil query "SELECT value, count(*) AS days, max(day) FROM known_values WHERE dimension = 'user_client' AND entity = '<user>' GROUP BY value".
  - Read what the session did - pgvigil query "SELECT event_time, command, normalized FROM activity WHERE session_id = '<session>'".
  - If nobody knows it, end the sessions with pg_terminate_backend, change the password and close the address in the firewall - az postgres flexible-server firewall-rule list.
---*/
WITH arrivals AS (
  SELECT
    record_id, event_time, event_time::DATE AS day, server, session_id, user_name, client, network,
    database_name, application
  FROM sign_ins
  WHERE outcome = 'success'
    AND NOT is_platform
    AND event_time > $since
    AND event_time <= $until
    -- The pooler or a proxy of the platform stands in front: whose address it is cannot be told.
    AND NOT list_contains(['[local]', '127.0.0.1', '::1'], client)
    AND NOT starts_with(client, '169.254.')
    AND NOT list_contains($networks, network)
), strangers AS (
  SELECT a.*
  FROM arrivals a
  JOIN learning l ON l.server = a.server AND a.day >= l.complete_from
  ANTI JOIN known_values k
    ON k.server = a.server AND k.dimension = 'user_client' AND k.entity = a.user_name AND k.value = a.network
      AND a.day BETWEEN k.known_from AND k.known_until
), questions AS (
  SELECT DISTINCT server, user_name, network, day FROM strangers
), accounts AS (
  SELECT q.server, q.user_name, q.network, q.day, count(*) AS days
  FROM questions q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user' AND k.value = q.user_name
      AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
  HAVING count(*) >= $min_days
), before AS (
  SELECT q.server, q.user_name, q.network, q.day, list_sort(list(DISTINCT k.value)) AS networks
  FROM questions q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user_client' AND k.entity = q.user_name
      AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
), others AS (
  SELECT q.server, q.user_name, q.network, q.day, count(DISTINCT k.entity) AS users
  FROM questions q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user_client' AND k.value = q.network
      AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
)
SELECT
  s.record_id, s.event_time, s.server, s.session_id, s.user_name, s.client, s.database_name, s.application,
  concat(s.user_name, '@', s.network) AS entity,
  CASE WHEN o.users > 0 THEN 'low' ELSE 'medium' END AS severity,
  concat(
    s.user_name, ' signed in from ', s.client, ', a network that it never used on ', a.days, ' days; it came from ',
    coalesce(array_to_string(b.networks[1:3], ', '), 'no address that is known'),
    CASE WHEN len(b.networks) > 3 THEN concat(' and ', len(b.networks) - 3, ' more') ELSE '' END,
    CASE WHEN o.users = 1 THEN '. Another user came from there' WHEN o.users > 1 THEN concat('. ', o.users, ' other users came from there') ELSE '' END
  ) AS summary,
  0 AS observed,
  1 AS threshold
FROM strangers s
JOIN accounts a ON a.server = s.server AND a.user_name = s.user_name AND a.network = s.network AND a.day = s.day
LEFT JOIN before b ON b.server = s.server AND b.user_name = s.user_name AND b.network = s.network AND b.day = s.day
LEFT JOIN others o ON o.server = s.server AND o.user_name = s.user_name AND o.network = s.network AND o.day = s.day
ANTI JOIN known_values e
  ON e.server = s.server AND e.dimension = 'open_ended' AND e.entity = s.user_name AND e.value = 'user_client'
    AND s.day BETWEEN e.known_from AND e.known_until
