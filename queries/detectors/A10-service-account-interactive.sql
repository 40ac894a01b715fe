/*---
id: A10
name: auth.service_account_interactive
title: Service account used from an interactive or new client program
why: The password of a service account is meant for one program; whoever uses it by hand or with another program knows it from where that keeps it, and has its rights without the checks that it makes.
severity: high
risk: 65
tactic: initial-access
attack: [T1078]
quiet: 1d
requires:
  - log_connections = on
parameters:
  min_days: { type: number, default: 7, min: 1, max: 60, help: Days on which the account was seen before; of a newer one nothing is usual yet. }
  tools: { type: strings, default: [psql, pgadmin, pgcli, dbeaver, datagrip, intellij, azure data studio, azuredatastudio, vscode, navicat, heidisql, tableplus, beekeeper, postico, dbvisualizer, toad, sql workbench, sqlworkbench, omnidb, adminer, phppgadmin, microsoft excel, powershell], help: "Beginnings of the application names of programs that people use, in lower case. An account that is known with one of them is not a service account." }
  max_programs: { type: number, default: 10, min: 1, max: 2000, help: "An account with more names of programs than these, such as one a pod, is judged by tools only." }
  exempt: { type: strings, default: [], help: Service accounts that people use as well. }
false_positives:
  - Staff on call who look for a fault with the account of the application. Allow it for user and client, with an expiry.
  - An application that gets another name. From a network of the account it is low, and known the next day; otherwise it is medium until somebody allows it. Numbers in names do not count.
  - Who knows the name of the application can write it. See A06 for where he comes from.
runbook:
  - Ask the owner of the application whether somebody works with its account, and from where.
  - See what is usual - pgvigil query "SELECT dimension, value, count(*) AS days FROM known_values WHERE entity = '<user>' AND dimension IN ('user_application', 'user_client') GROUP BY ALL".
  - Read what the session did - pgvigil query "SELECT event_time, command, normalized FROM activity WHERE session_id = '<session>'".
  - If nobody knows it, end the sessions with pg_terminate_backend and change the password, where the application keeps it too.
---*/
WITH arrivals AS (
  SELECT
    record_id, event_time, event_time::DATE AS day, server, session_id, user_name, client, database_name, application,
    masked_name(coalesce(application, '')) AS program,
    coalesce(network, '') AS network,
    len(list_filter($tools, lambda t: starts_with(masked_name(coalesce(application, '')), masked_name(t)))) > 0 AS by_hand
  FROM sign_ins
  WHERE outcome = 'success'
    AND NOT is_platform
    -- PgBouncer's own log does not name the program.
    AND NOT is_pooler
    AND user_name IS NOT NULL
    AND event_time > $since
    AND event_time <= $until
    AND NOT list_contains($exempt, user_name)
), strangers AS (
  SELECT a.*
  FROM arrivals a
  JOIN learning l ON l.server = a.server AND a.day >= l.complete_from
  ANTI JOIN known_values k
    ON k.server = a.server AND k.dimension = 'user_application' AND k.entity = a.user_name AND k.value = a.program
      AND a.day BETWEEN k.known_from AND k.known_until
), questions AS (
  SELECT DISTINCT server, user_name, day FROM strangers
), accounts AS (
  SELECT q.server, q.user_name, q.day, count(*) AS days
  FROM questions q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user' AND k.value = q.user_name
      AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
  HAVING count(*) >= $min_days
), programs AS (
  SELECT
    q.server, q.user_name, q.day,
    list_sort(list(DISTINCT CASE k.value WHEN '' THEN 'a program without a name' ELSE k.value END)) AS names
  FROM questions q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user_application' AND k.entity = q.user_name
      AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
  HAVING NOT bool_or(len(list_filter($tools, lambda t: starts_with(k.value, masked_name(t)))) > 0)
), networks AS (
  SELECT q.server, q.user_name, q.day, k.value AS network
  FROM questions q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user_client' AND k.entity = q.user_name
      AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
), many AS (
  SELECT DISTINCT q.server, q.user_name, q.day
  FROM questions q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'open_ended' AND k.entity = q.user_name AND k.value = 'user_application'
      AND q.day BETWEEN k.known_from AND k.known_until
)
SELECT
  s.record_id, s.event_time, s.server, s.session_id, s.user_name, s.client, s.database_name, s.application,
  concat(s.user_name, '@', coalesce(s.client, 'unknown')) AS entity,
  CASE WHEN s.by_hand THEN 'high' WHEN n.network IS NULL THEN 'medium' ELSE 'low' END AS severity,
  concat(
    s.user_name, ' signed in from ', coalesce(s.client, 'an unknown address'), ' with ',
    CASE WHEN s.program = '' THEN 'a program without a name' ELSE concat('"', left(s.application, 60), '"') END,
    CASE WHEN s.by_hand THEN ', a program that people use' ELSE ', which it never used' END,
    '; on ', a.days, ' days it used ', array_to_string(p.names[1:3], ', '),
    CASE WHEN len(p.names) > 3 THEN concat(' and ', len(p.names) - 3, ' more') ELSE '' END,
    CASE WHEN n.network IS NULL THEN ', and never that network' ELSE '' END
  ) AS summary,
  0 AS observed,
  1 AS threshold
FROM strangers s
JOIN accounts a ON a.server = s.server AND a.user_name = s.user_name AND a.day = s.day
JOIN programs p ON p.server = s.server AND p.user_name = s.user_name AND p.day = s.day
LEFT JOIN networks n ON n.server = s.server AND n.user_name = s.user_name AND n.day = s.day AND n.network = s.network
LEFT JOIN many m ON m.server = s.server AND m.user_name = s.user_name AND m.day = s.day
WHERE s.by_hand OR (m.server IS NULL AND len(p.names) <= $max_programs)
