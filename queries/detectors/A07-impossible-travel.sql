/*---
id: A07
name: auth.impossible_travel
title: One user signed in from two places too far apart for the time between
why: Nobody travels that fast, so two people use the account, or one comes through a network in another country; a stolen password looks like this while its owner goes on working.
severity: medium
risk: 50
tactic: initial-access
attack: [T1078]
quiet: 1d
window: $window
requires:
  - log_connections = on
  - client addresses
  - enrichment.country
parameters:
  window: { type: duration, default: 1d, help: How far back earlier sign-ins of the user are looked at. }
  max_kmh: { type: number, default: 900, min: 50, max: 100000, help: Kilometres an hour that nobody travels faster than. }
  min_km: { type: number, default: 500, min: 1, max: 20000, help: "Distance that counts, after what both places may be off by is taken away: with a country file the size of both countries, with a city file some kilometres." }
  shared_users: { type: strings, default: [], help: Roles that several people in several countries use. }
false_positives:
  - A VPN whose exit is in another country. Name it in networks as trusted; such addresses are left out.
  - A role that people in several countries share. Give each a role, or put it into shared_users.
  - A mobile network that leads its customers abroad to the Internet.
runbook:
  - Ask the person behind the account whether both sign-ins were theirs, by a way that is not the account.
  - "Look at what both sessions did - pgvigil query \"SELECT event_time, client, command, normalized FROM activity WHERE user_name = '<user>' ORDER BY event_time DESC LIMIT 100\"."
  - If one was not theirs, end its sessions with pg_terminate_backend and change the password.
  - Close the firewall for the address - az postgres flexible-server firewall-rule list -g <group> -n <server>.
---*/
-- Addresses of cloud providers are left out: data bases place them at the head office.
WITH arrivals AS (
  SELECT
    s.record_id, s.event_time, s.server, s.session_id, s.user_name, s.client, s.database_name, s.application,
    a.latitude, a.longitude, coalesce(a.accuracy_km, 0) AS accuracy_km, coalesce(a.country, 'an unknown country') AS country
  FROM sign_ins s
  JOIN addresses a ON a.client = s.client
  WHERE s.event_time > $since - $window
    AND s.event_time <= $until
    AND s.outcome = 'success'
    AND NOT s.is_platform
    AND NOT list_contains($shared_users, coalesce(s.user_name, ''))
    AND a.latitude IS NOT NULL AND a.longitude IS NOT NULL
    AND a.provider IS NULL
    AND a.is_trusted IS DISTINCT FROM true
), travellers AS (
  SELECT server, user_name
  FROM arrivals
  GROUP BY server, user_name
  HAVING count(DISTINCT concat(latitude, ' ', longitude)) > 1
), moving AS (
  SELECT * FROM arrivals SEMI JOIN travellers USING (server, user_name)
), places AS (
  SELECT DISTINCT server, user_name, latitude, longitude FROM moving
), legs AS (
  -- The last time that the user was at each of the other places: not only the sign-in before, which may have been a third
  -- place, or arrive late.
  SELECT
    m.*,
    p.client AS left_client, p.event_time AS left_at, p.country AS left_country,
    12742 * asin(least(1, sqrt(
      pow(sin(radians(m.latitude - p.latitude) / 2), 2)
      + cos(radians(p.latitude)) * cos(radians(m.latitude)) * pow(sin(radians(m.longitude - p.longitude) / 2), 2)
    ))) - m.accuracy_km - p.accuracy_km AS km
  FROM (
    SELECT m.*, o.latitude AS other_latitude, o.longitude AS other_longitude
    FROM moving m
    JOIN places o
      ON o.server = m.server AND o.user_name = m.user_name
        AND (o.latitude <> m.latitude OR o.longitude <> m.longitude)
    WHERE m.event_time > $since
  ) m
  ASOF JOIN moving p
    ON p.server = m.server AND p.user_name = m.user_name
      AND p.latitude = m.other_latitude AND p.longitude = m.other_longitude
      AND m.event_time >= p.event_time
  WHERE p.event_time > m.event_time - $window
), journeys AS (
  -- A minute at least, so that the figure stays one that people can read.
  SELECT *, km / (greatest(date_diff('second', left_at, event_time), 60) / 3600) AS kmh FROM legs WHERE km >= $min_km
)
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application,
  user_name AS entity,
  concat(
    user_name, ' signed in from ', country, ' (', client, ') ', date_diff('minute', left_at, event_time), ' minutes after ',
    left_country, ' (', left_client, '), at least ', round(km)::BIGINT, ' km away'
  ) AS summary,
  round(kmh) AS observed,
  $max_kmh AS threshold
FROM journeys
WHERE kmh > $max_kmh
QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY kmh DESC, left_client) = 1
