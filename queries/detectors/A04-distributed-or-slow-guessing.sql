/*---
id: A04
name: auth.distributed_or_slow_guessing
title: Passwords guessed from many networks, or slowly
why: Clients that know the password are not refused from everywhere, nor all day long; guesses that are spread over networks or over hours stay below every limit on one address, and one that is right is enough.
severity: medium
risk: 50
tactic: credential-access
attack: [T1110.004, T1110.001]
quiet: 1d
window: 2 * $window + $burst
requires:
  - log_connections = on
parameters:
  window: { type: duration, default: 1d, help: Time in which networks and failures are counted. }
  min_networks: { type: number, default: 15, min: 3, max: 10000, help: "Public networks (/24 of IPv4, /48 of IPv6) with refused passwords, on one server." }
  min_slow: { type: number, default: 40, min: 5, max: 100000, help: "Refused passwords of one account that are no brute force (A01)." }
  burst: { type: duration, default: 10m, help: Time in which the tries of one account from one address are counted. }
  max_burst: { type: number, default: 9, min: 1, max: 10000, help: "What one address tries more often in the time burst is brute force (A01) and no slow guessing." }
  exempt_users: { type: strings, default: [], help: "Accounts of fleets that are known to keep old passwords." }
false_positives:
  - An application that keeps trying a password that was changed, every minute or less. From private addresses it is low.
  - A fleet with public addresses in many networks after a change of its password. Put the account into exempt_users until it is mended.
  - A server that is open to the internet is guessed at from everywhere, always. That is what the alert says.
runbook:
  - Close the server to the internet. Firewall rules for the networks that need it, or private access - az postgres flexible-server firewall-rule list -g <group> -n <server>.
  - See what is tried from where - pgvigil query "SELECT user_name, client, reason, count(*) FROM sign_ins WHERE server = '<server>' AND outcome = 'failed' GROUP BY ALL ORDER BY 4 DESC".
  - If one account of an application is tried at a steady interval, ask its owner whether the password was changed.
  - Look whether one of the addresses signed in (detector A02) - pgvigil query "SELECT event_time, user_name, client FROM sign_ins WHERE outcome = 'success' AND client IN (SELECT client FROM sign_ins WHERE outcome = 'failed')".
---*/
WITH failures AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application, reason,
    CASE WHEN NOT regexp_matches(client, '^(\[local\]|::1|(::ffff:)?(10|127|169\.254|192\.168|172\.(1[6-9]|2\d|3[01])|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7]))\.[\d.]+|f([cd][\da-f]|e[89ab])[\da-f]:.*)$')
      THEN CASE
        WHEN regexp_full_match(client, '\d+\.\d+\.\d+\.\d+') THEN regexp_extract(client, '^\d+\.\d+\.\d+')
        WHEN contains(client, ':') THEN regexp_extract(client, '^([\da-f]*:){1,3}')
        ELSE client
      END
    END AS network,
    count(*) OVER (
      PARTITION BY server, user_name, client ORDER BY event_time RANGE BETWEEN $burst PRECEDING AND CURRENT ROW
    ) > $max_burst AS is_brute_force
  FROM sign_ins
  WHERE outcome = 'failed'
    AND NOT is_platform
    AND NOT list_contains($exempt_users, coalesce(user_name, ''))
    AND event_time > $since - 2 * $window - $burst
    AND event_time <= $until
), wide AS (
  -- Most servers and accounts never come near a threshold, and need no windows.
  SELECT server FROM failures GROUP BY server HAVING count(DISTINCT network) >= $min_networks
), tried AS (
  SELECT server, user_name FROM failures WHERE NOT is_brute_force GROUP BY ALL HAVING count(*) >= $min_slow
), spread AS (
  SELECT *, count(*) OVER recent AS failed, count(DISTINCT network) OVER recent AS networks
  FROM failures f
  SEMI JOIN wide w ON w.server = f.server
  WHERE network IS NOT NULL AND event_time > $since - 2 * $window
  WINDOW recent AS (PARTITION BY server ORDER BY event_time RANGE BETWEEN $window PRECEDING AND CURRENT ROW)
), slow AS (
  SELECT *, count(*) OVER recent AS failed, count(network) OVER recent AS from_outside
  FROM failures f
  SEMI JOIN tried t ON t.server = f.server AND t.user_name IS NOT DISTINCT FROM f.user_name
  WHERE NOT is_brute_force AND event_time > $since - 2 * $window
  WINDOW recent AS (
    PARTITION BY server, user_name ORDER BY event_time RANGE BETWEEN $window PRECEDING AND CURRENT ROW
  )
), peaks AS (
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application,
    '*' AS entity,
    'medium' AS severity,
    concat(failed, ' sign-ins refused from ', networks, ' public networks') AS summary,
    networks AS observed,
    $min_networks AS threshold,
    max(networks) OVER (
      PARTITION BY server ORDER BY event_time RANGE BETWEEN CURRENT ROW AND $window FOLLOWING
    ) AS peak
  FROM spread
  UNION ALL
  SELECT
    record_id, event_time, server, session_id, user_name, client, database_name, application,
    coalesce(user_name, 'unknown') AS entity,
    CASE WHEN from_outside = 0 OR reason = 'no_such_role' THEN 'low' ELSE 'medium' END AS severity,
    concat(
      failed, ' sign-ins as ', coalesce(user_name, 'unknown user'), ' refused, too slowly for brute force',
      CASE reason WHEN 'no_such_role' THEN ' (the role does not exist)' ELSE '' END
    ) AS summary,
    failed AS observed,
    $min_slow AS threshold,
    max(failed) OVER (
      PARTITION BY server, user_name ORDER BY event_time RANGE BETWEEN CURRENT ROW AND $window FOLLOWING
    ) AS peak
  FROM slow
)
SELECT * EXCLUDE (peak)
FROM peaks
WHERE peak >= threshold
