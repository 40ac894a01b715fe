/*---
id: D03
name: audit.detector_blind
title: A server stopped sending lines that detectors need
why: Lines of a kind that was there do not stop by themselves; until they are back, detectors that need them find nothing on this server, and whoever stopped them works unseen.
severity: high
risk: 70
tactic: defense-impairment
attack: [T1685.002]
attack_v18: [T1562.008]
quiet: 1d
window: 6 * $silence
requires:
  - pgaudit.log with read
  - log_connections = on
parameters:
  silence: { type: duration, default: 10m, help: "How long no AUDIT line comes while users sign in whose sessions had some. What comes before is looked at for three times as long." }
  min_sessions: { type: number, default: 5, min: 2, max: 1000, help: Sessions without the lines that sessions had before. }
false_positives:
  - A change of parameters that was meant. D01 reports those that hide more.
  - A pool of an application that opens connections and leaves them idle from one moment on.
runbook:
  - See what is blind now and what brings it back - pgvigil detectors status --server <server>.
  - Find out who changed it - az monitor activity-log list --resource-id <id of the server> --offset 1d. A major version upgrade does not keep the parameters of pgaudit.
  - Set it back with the command that detectors status shows; shared_preload_libraries needs a restart.
  - Take the time since as not watched, and look at what other lines say of it.
---*/
WITH changes AS (
  SELECT
    record_id, event_time, server, parameter, lower(coalesce(value, '')) AS value,
    string_split(regexp_replace(lower(coalesce(value, '')), '[\s"]', '', 'g'), ',') AS words
  FROM setting_changes
  WHERE event_time > $since
    AND event_time <= $until
    AND parameter IN (
      'pgaudit.log', 'pgaudit.log_rows', 'pgaudit.log_relation', 'log_replication_commands', 'log_hostname'
    )
), audits AS MATERIALIZED (
  SELECT
    server, session_id, user_name, client, lower(class) AS class, first_record_id AS record_id, first_event, last_event
  FROM activity_minutes
  WHERE minute > $since - 6 * $silence
    AND first_event <= $until
    AND audited > 0
), lost AS (
  -- Of pgaudit.log its old value is not told: what it logged shortly before is.
  SELECT
    c.record_id, c.event_time, c.server, c.value,
    list_sort(list_filter(
      list_distinct(list(a.class)),
      lambda class: list_contains(c.words, '-' || class) OR NOT (list_contains(c.words, class) OR list_contains(c.words, 'all'))
    )) AS classes
  FROM changes c
  JOIN audits a ON a.server = c.server AND a.first_event <= c.event_time AND a.first_event > c.event_time - 3 * $silence
  WHERE c.parameter = 'pgaudit.log'
  GROUP BY c.record_id, c.event_time, c.server, c.value, c.words
), unknown AS MATERIALIZED (
  -- Sessions without a connection line; the id tells when they began.
  SELECT
    a.server, a.session_id, a.user_name, a.client, a.record_id, a.first_event AS event_time,
    make_timestamp(try_cast('0x' || regexp_extract(a.session_id, '^([0-9a-f]{1,12})\.', 1) AS BIGINT) * 1000000) AS started
  FROM audits a
  ANTI JOIN (SELECT server, session_id FROM sessions WHERE tls IS NOT NULL) s
    ON s.server = a.server AND s.session_id = a.session_id
  QUALIFY row_number() OVER (PARTITION BY a.server, a.session_id ORDER BY a.first_event, a.record_id) = 1
), unannounced AS (
  -- Those that began after the last connection line, although such lines came before.
  SELECT a.*, l.event_time AS last_line
  FROM unknown a
  -- Sign-ins are remembered for longer than a day, whatever the window.
  ASOF JOIN (
    SELECT server, event_time
    FROM sign_ins
    SEMI JOIN unknown USING (server)
    WHERE event_time > $since - INTERVAL 1 DAY AND event_time <= $until
  ) l ON l.server = a.server AND a.event_time >= l.event_time
  WHERE a.started > l.event_time AND a.started > a.event_time - 3 * $silence AND a.started <= a.event_time
), counted AS (
  SELECT
    *,
    count(*) OVER (
      PARTITION BY server, last_line ORDER BY event_time RANGE BETWEEN 3 * $silence PRECEDING AND CURRENT ROW
    ) AS n
  FROM unannounced
), audible AS (
  -- Servers that had an AUDIT line so lately that they cannot be silent by $until. Those left are few, and cost more.
  SELECT server FROM audits WHERE last_event <= $since GROUP BY server HAVING max(last_event) > $until - $silence
), signed AS MATERIALIZED (
  SELECT record_id, event_time, server, session_id, user_name, client, database_name, application
  FROM sign_ins
  ANTI JOIN audible USING (server)
  WHERE event_time > $since - 3 * $silence
    AND event_time <= $until
    AND outcome = 'success'
    AND NOT is_platform AND NOT is_pooler
), quiet AS (
  -- Sign-ins since the last AUDIT line of the server, where it is a while ago.
  SELECT s.*, a.event_time AS last_audit
  FROM signed s
  ASOF JOIN (
    SELECT server, first_event AS event_time FROM audits SEMI JOIN signed USING (server)
    UNION
    SELECT server, last_event FROM audits SEMI JOIN signed USING (server)
  ) a ON a.server = s.server AND s.event_time >= a.event_time
  WHERE s.event_time > a.event_time AND s.event_time - a.event_time <= 2 * $silence
  QUALIFY max(s.event_time) OVER (PARTITION BY s.server, a.event_time) - a.event_time >= $silence
), before AS (
  -- Whose sessions had AUDIT lines before it: who never had any proves nothing.
  SELECT q.server, q.last_audit, s.user_name
  FROM (SELECT DISTINCT server, last_audit FROM quiet) q
  JOIN signed s
    ON s.server = q.server AND s.event_time <= q.last_audit AND s.event_time > q.last_audit - $silence
  LEFT JOIN (SELECT server, session_id, min(first_event) AS first_event FROM audits GROUP BY server, session_id) a
    ON a.server = s.server AND a.session_id = s.session_id AND a.first_event <= q.last_audit
  GROUP BY q.server, q.last_audit, s.user_name
  HAVING count(*) >= 2 AND count(a.session_id) >= 0.8 * count(*)
), silent AS (
  SELECT q.*, count(*) OVER (PARTITION BY q.server, q.last_audit ORDER BY q.event_time, q.record_id) AS n
  FROM quiet q
  SEMI JOIN before b ON b.server = q.server AND b.last_audit = q.last_audit AND b.user_name = q.user_name
)
SELECT
  record_id, event_time, server, NULL AS session_id, NULL AS user_name, NULL AS client, NULL AS database_name,
  NULL AS application, parameter AS entity,
  concat(
    parameter, ' changed to "', left(value, 60), '": ',
    CASE parameter
      WHEN 'pgaudit.log_rows' THEN 'how many rows statements read or change is not told any more'
      WHEN 'pgaudit.log_relation' THEN 'tables behind views are not told any more'
      WHEN 'log_replication_commands' THEN 'commands of the replication protocol are not logged any more'
      ELSE 'clients are logged by host names, which their owner chooses, and not by addresses'
    END
  ) AS summary,
  NULL AS observed, NULL AS threshold
FROM changes
-- The server tells of a change only: it was otherwise before.
WHERE (parameter = 'log_hostname' AND value IN ('on', 'true', 'yes', '1'))
  OR (parameter NOT IN ('pgaudit.log', 'log_hostname') AND value IN ('off', 'false', 'no', '0'))
UNION ALL
SELECT
  record_id, event_time, server, NULL, NULL, NULL, NULL, NULL, 'pgaudit.log',
  concat('pgaudit.log changed to "', left(value, 60), '": statements of class ', array_to_string(classes, ', '), ' are not audited any more'),
  NULL, NULL
FROM lost
WHERE len(classes) > 0
UNION ALL
SELECT
  record_id, event_time, server, session_id, user_name, client, NULL, NULL, 'connection lines',
  concat(n, ' sessions began without a connection line, the last of which came at ', strftime(last_line, '%H:%M')),
  n, $min_sessions
FROM counted
WHERE event_time > $since AND n >= $min_sessions
UNION ALL
SELECT
  record_id, event_time, server, session_id, user_name, client, database_name, application, 'audit lines',
  concat(n, ' sign-ins without an AUDIT line of the server since ', strftime(last_audit, '%H:%M'), ', of users whose sessions had some'),
  n, $min_sessions
FROM silent
WHERE event_time > $since AND n >= $min_sessions AND event_time - last_audit >= $silence
