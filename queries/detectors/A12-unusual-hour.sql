/*---
id: A12
name: auth.unusual_hour
title: Sign-in at an hour at which the user never works
why: People and jobs keep their hours; a sign-in outside of them may be somebody in another time zone with a stolen password, or somebody who waits until nobody watches, and it lends weight to other findings.
severity: low
risk: 25
tactic: initial-access
attack: [T1078]
quiet: 12h
requires:
  - log_connections = on
parameters:
  min_days: { type: number, default: 10, min: 5, max: 60, help: Days on which the user was seen before; of a newer one no hour is unusual yet. }
  width: { type: number, default: 1, min: 0, max: 6, help: Hours before and after that count as the same hour. }
  known_days: { type: number, default: 2, min: 1, max: 30, help: "An hour is usual when the user was seen around it on this many days of the same kind: Monday to Friday, or weekend." }
  exempt: { type: strings, default: [], help: "Users whose hours mean nothing, such as those of people on call." }
false_positives:
  - On-call duty, releases, travel and the change to summer time. It is low and meant for C01, which adds it to other signals.
  - Hours and weekends are those of UTC.
  - A job that is started by hand. One that runs around the clock has no unusual hour.
runbook:
  - Ask the person whether they worked at that time.
  - See when the user works - pgvigil query "SELECT value::INTEGER // 24 AS day, value::INTEGER % 24 AS hour, count(*) AS weeks FROM known_values WHERE dimension = 'user_hour' AND entity = '<user>' GROUP BY ALL ORDER BY ALL".
  - Read what the session did - pgvigil query "SELECT event_time, command, normalized FROM activity WHERE session_id = '<session>'".
  - If it was not the person, end the sessions with pg_terminate_backend and change the password.
---*/
WITH arrivals AS (
  SELECT
    record_id, event_time, event_time::DATE AS day, server, session_id, user_name, client, database_name, application,
    hour_of_week(event_time)::INTEGER AS moment
  FROM sign_ins
  WHERE outcome = 'success'
    AND NOT is_platform
    -- A client of PgBouncer is known when it leaves, not when it comes.
    AND NOT is_pooler
    AND user_name IS NOT NULL
    AND event_time > $since
    AND event_time <= $until
    AND NOT list_contains($exempt, user_name)
), questions AS (
  SELECT DISTINCT a.server, a.user_name, a.day, a.moment
  FROM arrivals a
  JOIN learning l ON l.server = a.server AND a.day >= l.complete_from
), accounts AS (
  SELECT q.server, q.user_name, q.day, count(DISTINCT k.day) AS days
  FROM questions q
  JOIN known_values k
    ON k.server = q.server AND k.dimension = 'user' AND k.value = q.user_name
      AND q.day BETWEEN k.known_from AND k.known_until
  GROUP BY ALL
  HAVING count(DISTINCT k.day) >= $min_days
), slots AS (
  -- The hour and those around it: of which kind of day, and which of its hours. Friday's last is next to Saturday's first.
  SELECT
    q.server, q.user_name, q.day, q.moment,
    (q.moment + 168 + d.distance) % 168 // 120 AS weekend,
    (q.moment + 168 + d.distance) % 24 AS hour
  FROM questions q
  JOIN (SELECT unnest([-6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6]) AS distance) d ON abs(d.distance) <= $width
  SEMI JOIN accounts a ON a.server = q.server AND a.user_name = q.user_name AND a.day = q.day
), seen AS (
  SELECT a.server, a.user_name, a.day, k.day AS earlier, k.value::INTEGER // 120 AS weekend, k.value::INTEGER % 24 AS hour
  FROM accounts a
  JOIN known_values k
    ON k.server = a.server AND k.dimension = 'user_hour' AND k.entity = a.user_name
      AND a.day BETWEEN k.known_from AND k.known_until
), usual AS (
  SELECT s.server, s.user_name, s.day, s.moment, count(DISTINCT e.earlier) AS days
  FROM slots s
  LEFT JOIN seen e
    ON e.server = s.server AND e.user_name = s.user_name AND e.day = s.day AND e.weekend = s.weekend AND e.hour = s.hour
  GROUP BY ALL
), hours AS (
  SELECT server, user_name, day, weekend, list_sort(list(hour)) AS hours
  FROM (
    SELECT server, user_name, day, weekend, hour FROM seen GROUP BY ALL HAVING count(DISTINCT earlier) >= $known_days
  )
  GROUP BY ALL
)
SELECT
  a.record_id, a.event_time, a.server, a.session_id, a.user_name, a.client, a.database_name, a.application,
  a.user_name AS entity,
  concat(
    a.user_name, ' signed in from ', coalesce(a.client, 'an unknown address'), ' on a ', dayname(a.event_time), ' at ',
    strftime(a.event_time, '%H:%M'), ' UTC; of ', c.days, ' days that are known it was seen around then on ', u.days, ', and ',
    CASE WHEN a.moment < 120 THEN 'from Monday to Friday' ELSE 'on weekends' END, ' works ',
    CASE
      WHEN h.hours IS NULL THEN 'at no hour regularly'
      ELSE concat('at ', array_to_string(list_transform(h.hours, lambda o: right(concat('0', o), 2)), ', '))
    END
  ) AS summary,
  u.days AS observed,
  $known_days AS threshold
FROM arrivals a
JOIN accounts c ON c.server = a.server AND c.user_name = a.user_name AND c.day = a.day
JOIN usual u ON u.server = a.server AND u.user_name = a.user_name AND u.day = a.day AND u.moment = a.moment
LEFT JOIN hours h
  ON h.server = a.server AND h.user_name = a.user_name AND h.day = a.day AND h.weekend = a.moment // 120
WHERE u.days < $known_days
