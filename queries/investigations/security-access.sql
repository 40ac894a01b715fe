/*---
name: security-access
title: "Security layer 3: access management"
topic: posture
question: Who gets in how, and who was given power?
how_to_read: "One row for each check, those that need work first. verdict: weak should be mended, look is for a person to judge, good is as it should be, unknown could not be seen. role-changes, identity-sign-ins, dormant-accounts and shared-accounts show what is behind a row."
parameters:
  server: { type: text, default: null, help: "Server; all unless given." }
  since: { type: time, default: 30d, help: "First moment (UTC), or so long before the newest event." }
  until: { type: time, default: 0s, help: "First moment (UTC) that is left out; past the newest event unless given." }
---*/
WITH ins AS (
  SELECT server, user_name, client, network, outcome, method
  FROM sign_ins
  WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND NOT is_platform
), servers AS (
  SELECT
    server,
    count(DISTINCT user_name) FILTER (outcome = 'success') AS users,
    list_sort(list(DISTINCT user_name) FILTER (outcome = 'success' AND method = 'trust')) AS trusted,
    list_sort(list(DISTINCT user_name) FILTER (outcome = 'success' AND method IN ('md5', 'password'))) AS weak,
    list_sort(list(DISTINCT user_name) FILTER (outcome = 'success' AND method IN ('scram-sha-256', 'md5', 'password'))) AS passwords,
    count(*) FILTER (outcome = 'failed') AS refused,
    list_sort(list(DISTINCT user_name) FILTER (outcome = 'failed')) AS refused_users
  FROM ins
  GROUP BY server
), shared AS (
  SELECT server, list_sort(list(user_name)) AS names
  FROM (SELECT server, user_name FROM ins WHERE outcome = 'success' GROUP BY server, user_name HAVING count(DISTINCT network) >= 3)
  GROUP BY server
), acts AS (
  SELECT server, user_name, ok, sqlstate, message, flags, roles_granted, grantees, role_options, target
  FROM activity
  WHERE event_time >= $since::TIMESTAMP AND event_time < $until::TIMESTAMP
    AND ($server::VARCHAR IS NULL OR server = lower($server))
    AND (NOT ok OR class NOT IN ('READ', 'WRITE'))
    AND NOT is_platform
), powers AS (
  SELECT
    server,
    list_sort(list(DISTINCT concat(array_to_string(roles_granted, '+'), ' to ', array_to_string(grantees, '+'))) FILTER (
      ok AND NOT list_contains(flags, 'revoke')
        AND len(list_filter(roles_granted, lambda r: r = 'azure_pg_admin' OR r = 'replication' OR starts_with(r, 'pg_'))) > 0
    )) AS granted,
    list_sort(list(DISTINCT concat(target, ' ', array_to_string(list_intersect(role_options, ['superuser', 'createrole', 'createdb', 'isreplication', 'bypassrls']), '+'))) FILTER (
      ok AND list_has_any(role_options, ['superuser', 'createrole', 'createdb', 'isreplication', 'bypassrls'])
    )) AS attributes,
    list_sort(list(DISTINCT target) FILTER (ok AND list_contains(flags, 'to_public'))) AS public_grants,
    list_sort(list(DISTINCT target) FILTER (ok AND list_contains(flags, 'rls_off'))) AS unprotected,
    list_sort(list(DISTINCT target) FILTER (ok AND list_contains(flags, 'security_definer') AND list_has_any(flags, ['no_search_path', 'search_path_unsafe']))) AS definers,
    count(*) FILTER (sqlstate = '42501') AS denied,
    list_sort(list(DISTINCT user_name) FILTER (sqlstate = '42501')) AS denied_users
  FROM acts
  GROUP BY server
), checks AS (
  SELECT
    1 AS place, server, 'sign-ins without any proof (trust)' AS "check", CASE WHEN len(trusted) > 0 THEN 'weak' ELSE 'good' END AS verdict,
    concat(coalesce(len(trusted), 0), ' of ', users, ' users') AS finding, trusted AS names, 'Behind the built-in PgBouncer trust is its own way; elsewhere it is open to all.' AS remedy
  FROM servers
  UNION ALL
  SELECT
    2, server, 'md5 and clear passwords', CASE WHEN len(weak) > 0 THEN 'weak' ELSE 'good' END,
    concat(coalesce(len(weak), 0), ' of ', users, ' users'), weak, 'password_encryption=scram-sha-256, then set the passwords anew.'
  FROM servers
  UNION ALL
  SELECT
    3, server, 'users with passwords', CASE WHEN len(passwords) > 0 THEN 'look' ELSE 'good' END,
    concat(coalesce(len(passwords), 0), ' of ', users, ' users'), passwords, 'Entra identities have no password that can be guessed or leaked.'
  FROM servers
  UNION ALL
  SELECT 4, server, 'refused credentials', CASE WHEN refused > 0 THEN 'look' ELSE 'good' END, refused::VARCHAR, refused_users, 'See failed-sign-ins.'
  FROM servers
  UNION ALL
  SELECT
    5, s.server, 'accounts used from three networks and more', CASE WHEN len(h.names) > 0 THEN 'look' ELSE 'good' END,
    coalesce(len(h.names), 0)::VARCHAR, h.names, 'An account for each person and service.'
  FROM servers s
  LEFT JOIN shared h ON h.server = s.server
  UNION ALL
  SELECT
    6, s.server, 'powerful roles granted', CASE WHEN len(p.granted) > 0 THEN 'look' ELSE 'good' END,
    coalesce(len(p.granted), 0)::VARCHAR, p.granted, 'REVOKE what was not meant; see role-changes.'
  FROM servers s
  LEFT JOIN powers p ON p.server = s.server
  UNION ALL
  SELECT
    7, s.server, 'powerful attributes given', CASE WHEN len(p.attributes) > 0 THEN 'look' ELSE 'good' END,
    coalesce(len(p.attributes), 0)::VARCHAR, p.attributes, 'ALTER ROLE … NOCREATEROLE where it was not meant.'
  FROM servers s
  LEFT JOIN powers p ON p.server = s.server
  UNION ALL
  SELECT
    8, s.server, 'grants to PUBLIC', CASE WHEN len(p.public_grants) > 0 THEN 'look' ELSE 'good' END,
    coalesce(len(p.public_grants), 0)::VARCHAR, p.public_grants, 'Every account of the server has what PUBLIC has.'
  FROM servers s
  LEFT JOIN powers p ON p.server = s.server
  UNION ALL
  SELECT
    9, s.server, 'row-level security weakened', CASE WHEN len(p.unprotected) > 0 THEN 'weak' ELSE 'good' END,
    coalesce(len(p.unprotected), 0)::VARCHAR, p.unprotected, 'ALTER TABLE … ENABLE ROW LEVEL SECURITY, and look at its policies.'
  FROM servers s
  LEFT JOIN powers p ON p.server = s.server
  UNION ALL
  SELECT
    10, s.server, 'SECURITY DEFINER without a safe search_path', CASE WHEN len(p.definers) > 0 THEN 'weak' ELSE 'good' END,
    coalesce(len(p.definers), 0)::VARCHAR, p.definers, 'ALTER FUNCTION … SET search_path = pg_catalog, pg_temp.'
  FROM servers s
  LEFT JOIN powers p ON p.server = s.server
  UNION ALL
  SELECT
    11, s.server, 'permission denied', CASE WHEN p.denied > 0 THEN 'look' ELSE 'good' END,
    coalesce(p.denied, 0)::VARCHAR, p.denied_users, 'See permission-denied.'
  FROM servers s
  LEFT JOIN powers p ON p.server = s.server
)
SELECT
  server, "check", verdict, finding, coalesce(names[1:20], []) AS names, CASE WHEN verdict <> 'good' THEN remedy END AS remedy
FROM checks
ORDER BY server, CASE verdict WHEN 'weak' THEN 1 WHEN 'look' THEN 2 WHEN 'unknown' THEN 3 ELSE 4 END, place
